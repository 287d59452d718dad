"""Past studies into a sqlite file, then a new task tuned by several samplers."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import optuna
from numpy import ndarray as Array
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, RDBStorage

from optuna_metabo.demo.tasks import GRID, MISLEADING, NEW, PAST
from optuna_metabo.experimental import gp_sampler
from optuna_metabo.explanation import Explanation
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.shapes import Float

CHECKPOINTS = (1, 3, 5, 10, 20)
METAGP, TPE, GP = "MetaGPSampler", "TPESampler", "GPSampler"
NOT_MISLED = f"{METAGP}, related studies only"

Makers = dict[str, Callable[[int], BaseSampler]]


@dataclass(frozen=True)
class Plan:
    """How much to run.

    Args:
        past_trials: Trials of each past study.
        trials: Trials of each run on the new task.
        seeds: Runs of each sampler. The samplers have seeds of their own, since several draw their
            first trials at random: with one seed these would be the same.
    """

    past_trials: int = 40
    trials: int = 20
    seeds: int = 8

    def seeds_of(self, i: int) -> range:
        """Those of the i-th sampler."""
        return range(100 * i, 100 * i + self.seeds)

    @property
    def n_trials(self) -> int:
        """Trials of everything."""
        n_past, n_samplers = len(PAST) + 1, len(samplers(())) - len(skipped())
        return n_past * self.past_trials + n_samplers * self.seeds * self.trials


@dataclass(frozen=True)
class Result:
    """What came out.

    Args:
        best: Best values so far of each sampler, shape [seeds trials].
        explanation: Of the first run of MetaGPSampler.
        skipped: Samplers that took no part, and why.
    """

    best: dict[str, Float[Array, "seeds trials"]]
    explanation: Explanation
    skipped: Mapping[str, str] = field(default_factory=dict)

    def trials_to(self, name: str, value: float) -> int | None:
        """The first trial at which a sampler's mean reaches ``value``, or ``None``."""
        reached = np.flatnonzero(self.best[name].mean(axis=0) >= value - 1e-12)
        return int(reached[0]) + 1 if len(reached) else None


def samplers(past: Sequence[optuna.Study]) -> Makers:
    """The compared samplers, each made from a seed; the last of ``past`` misleads."""
    return {
        METAGP: lambda seed: MetaGPSampler(past, seed=seed),
        NOT_MISLED: lambda seed: MetaGPSampler(past[:-1], seed=seed),
        f"{METAGP}, no past studies": lambda seed: MetaGPSampler(seed=seed),
        TPE: lambda seed: TPESampler(seed=seed),
        "RandomSampler": lambda seed: RandomSampler(seed=seed),
        "GridSampler": lambda seed: GridSampler(GRID, seed=seed),
        GP: gp_sampler,
    }


def skipped() -> dict[str, str]:
    """The samplers that cannot take part here, and why."""
    if importlib.util.find_spec("torch") is None:
        return {GP: "it needs torch, which is not installed (pip install torch)"}
    return {}


def run_demo(database: Path, plan: Plan, report: Callable[[str], None]) -> Result:
    """Tunes the past tasks, then the new one with every sampler.

    Args:
        database: A sqlite file that does not exist yet; it keeps the past studies and the first
            run of each sampler.
        plan: How much to run.
        report: Called before each trial with what it is a trial of.
    """
    storage = RDBStorage(f"sqlite:///{database}")
    try:
        past = _past_studies(storage, plan, report)
        left_out = skipped()
        best = {
            name: _runs(name, make, plan.seeds_of(i), storage, plan, report)
            for i, (name, make) in enumerate(samplers(past).items())
            if name not in left_out
        }
        first = optuna.load_study(study_name=_name(METAGP), storage=storage)
        explanation = MetaGPSampler(past, seed=0).explain(first)
    finally:
        storage.remove_session()
        storage.engine.dispose()
    return Result(best, explanation, left_out)


def _past_studies(
    storage: BaseStorage, plan: Plan, report: Callable[[str], None]
) -> list[optuna.Study]:
    """Half of them made by random search, half by TPE."""
    studies = []
    for i, task in enumerate((*PAST, MISLEADING)):
        sampler = TPESampler(seed=i) if i % 2 else RandomSampler(seed=i)
        study = _study(task.name, sampler, storage)
        _optimize(study, task.objective(), plan.past_trials, f"past study {task.name}", report)
        studies.append(study)
    return studies


def _runs(
    name: str,
    make: Callable[[int], BaseSampler],
    seeds: range,
    storage: BaseStorage,
    plan: Plan,
    report: Callable[[str], None],
) -> Float[Array, "seeds trials"]:
    """Best values so far of one sampler on the new task."""
    runs, objective = [], NEW.objective()
    for run, seed in enumerate(seeds):
        study = _study(_name(name), make(seed), storage if run == 0 else None)
        stage = f"new task, {name}, run {run + 1} of {len(seeds)}"
        _optimize(study, objective, plan.trials, stage, report)
        runs.append(np.maximum.accumulate([trial.values[0] for trial in study.trials]))
    return np.array(runs)


def _optimize(
    study: optuna.Study,
    objective: Callable[[optuna.Trial], float],
    n_trials: int,
    stage: str,
    report: Callable[[str], None],
) -> None:
    def reporting(trial: optuna.Trial) -> float:
        """The objective, with its progress told."""
        try:
            report(stage)
            return objective(trial)
        except KeyboardInterrupt:
            # Optuna logs the traceback of a trial that is interrupted.
            optuna.logging.set_verbosity(optuna.logging.ERROR)
            raise

    study.optimize(reporting, n_trials=n_trials)


def _name(sampler: str) -> str:
    return f"{NEW.name}, {sampler}"


def _study(name: str, sampler: BaseSampler, storage: BaseStorage | None) -> optuna.Study:
    return optuna.create_study(
        study_name=name, sampler=sampler, storage=storage, direction="maximize"
    )


def table(result: Result) -> list[list[str]]:
    """Rows of cells, the first the head: mean best values, and trials to reach TPE's last."""
    n = next(iter(result.best.values())).shape[1]
    points = [point for point in CHECKPOINTS if point <= n]
    goal = float(result.best[TPE][:, -1].mean())
    rows = [["sampler", *[f"trial {point}" for point in points], f"trials to {goal:.4f}"]]
    for name, runs in result.best.items():
        mean = runs.mean(axis=0)
        reached = result.trials_to(name, goal)
        last = f"> {n}" if reached is None else str(reached)
        rows.append([name, *[f"{mean[point - 1]:.4f}" for point in points], last])
    return rows
