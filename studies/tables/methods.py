"""The compared samplers, by name. Each is made from the source studies and a seed."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import optuna
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler

from optuna_metabo import MetaGPSampler, Surrogate
from studies.families import TuningTask
from studies.tables.ablation import VARIANTS
from studies.tables.filling import RankedTPE

Sources = Sequence[optuna.Study]
Method = Callable[[optuna.Study, Sources, TuningTask, int], None]


def _best_points(sources: Sources) -> list[optuna.trial.FrozenTrial]:
    return [source.best_trial for source in sources]


def _random(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    study.sampler = RandomSampler(seed=seed)


def _grid(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    if task.grid is None:
        raise NotImplementedError("a space of continuous or conditional parameters is no grid")
    study.sampler = GridSampler(task.grid, seed=seed)


def _tpe(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    study.sampler = TPESampler(seed=seed)


def _gp(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    study.sampler = _quietly(lambda: optuna.samplers.GPSampler(seed=seed))


def _quietly(make: Callable[[], BaseSampler]) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return make()


def _gp_enqueued(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    """What users do today: the best point of each source first."""
    _gp(study, sources, task, seed)
    for trial in _best_points(sources)[:10]:
        study.enqueue_trial(trial.params, skip_if_exists=True)


def _tpe_filled(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    """What users do today: all trials of the sources, values standardised for each source."""
    _tpe(study, sources, task, seed)
    for source in sources:
        values = np.array([trial.values[0] for trial in source.trials])
        scale = values.std() or 1.0
        for trial, value in zip(source.trials, (values - values.mean()) / scale, strict=True):
            study.add_trial(
                optuna.create_trial(
                    params=trial.params, distributions=trial.distributions, value=float(value)
                )
            )


def _tpe_ranked(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    """All trials of the sources and of the study, by ranks within each."""
    study.sampler = RankedTPE(sources, seed)


def _cmaes(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    """Warm-started CMA-ES from the source trials; for grids of numbers."""
    if task.grid is None or any(isinstance(c[0], str) for c in task.grid.values()):
        raise NotImplementedError("CMA-ES is run on grids of numbers only")
    trials = [trial for source in sources for trial in source.trials]
    study.sampler = _quietly(
        lambda: optuna.samplers.CmaEsSampler(seed=seed, source_trials=trials, n_startup_trials=1)
    )


def _metagp(
    study: optuna.Study,
    sources: Sources,
    task: TuningTask,
    seed: int,
    surrogate: str | Surrogate = "auto",
) -> None:
    study.sampler = MetaGPSampler(list(sources), surrogate=surrogate, seed=seed)


def _metagp_cold(study: optuna.Study, sources: Sources, task: TuningTask, seed: int) -> None:
    study.sampler = MetaGPSampler(seed=seed)


def _with_features(
    study: optuna.Study, sources: Sources, task: TuningTask, seed: int, permuted: bool = False
) -> None:
    """The features of the tasks are told, or each task has those of another one."""
    if not task.features:
        raise NotImplementedError("nothing is known of the tasks but their values")
    studies = [*sources, study]
    order = (
        np.random.default_rng(seed).permutation(len(studies)) if permuted else range(len(studies))
    )
    told = [{name: studies[i].user_attrs[name] for name in task.features} for i in order]
    features = {one.study_name: numbers for one, numbers in zip(studies, told, strict=True)}
    study.sampler = MetaGPSampler(sources, features=features, seed=seed)


METHODS: dict[str, Method] = {
    "random": _random,
    "grid": _grid,
    "tpe": _tpe,
    "gp": _gp,
    "gp+enqueued": _gp_enqueued,
    "tpe+filled": _tpe_filled,
    "tpe+ranked": _tpe_ranked,
    "warm-cmaes": _cmaes,
    "metagp": _metagp,
    "metagp-cold": _metagp_cold,
    "metagp-features": _with_features,
    "metagp-features-permuted": functools.partial(_with_features, permuted=True),
    **{
        f"metagp-{name}": functools.partial(_metagp, surrogate=name)
        for name in ("rgpe", "tst", "stacking", "ranknet")
    },
    **{
        f"metagp-{name}": functools.partial(_metagp, surrogate=surrogate)
        for name, surrogate in VARIANTS.items()
    },
}
