"""In which order samplers would have run what an owner ran.

A sampler is asked by its public interface, as Optuna would ask it, and may propose what it likes.
The configuration of the pool that is nearest to the proposal is taken, and that one, as its owner
found it, is the next trial of the study that the sampler sees: it is never told an invented value,
and never about a configuration that nobody ran. ``MetaGPSampler`` can also say how much each
configuration of the pool promises; then the most promising one is taken.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

from optuna_metabo.encoding import as_choice, fits
from optuna_metabo.replay.pool import Pool
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.surrogate import Surrogate

# The best trials of so many sources are enqueued, as people do it today.
_MAX_ENQUEUED = 10


@dataclass(frozen=True)
class Target:
    """A study to be replayed.

    Args:
        pool: What its owner ran.
        sources: The studies that are its past.
        key: Changes with whatever is in any of these.
    """

    pool: Pool
    sources: tuple[Study, ...]
    key: str = ""


Rows = Iterator[int]
Order = Callable[[Target, int], Rows]


def owner(target: Target, seed: int) -> Rows:
    """What was run first comes first."""
    yield from range(len(target.pool))


def shuffled(target: Target, seed: int) -> Rows:
    """At random."""
    yield from np.random.default_rng(seed).permutation(len(target.pool)).tolist()


def by_proposals(
    target: Target, seed: int, sampler: BaseSampler, queue: Sequence[Mapping[str, Any]] = ()
) -> Rows:
    """What is nearest to the sampler's proposals.

    Args:
        target: The study.
        seed: Breaks ties.
        sampler: Asked for each trial.
        queue: Parameters of the first trials, as those of ``Study.enqueue_trial``: what they lack,
            or what is not legal here, is left to the sampler.
    """
    pool, study, generator = target.pool, _empty(target.pool, sampler), np.random.default_rng(seed)
    left = np.ones(len(pool), dtype=bool)
    while left.any():
        trial = _next(study)
        sampler.before_trial(study, trial)
        fixed = queue[trial.number] if trial.number < len(queue) else {}
        _propose(trial, study, pool, fixed)
        row = pool.nearest(trial.params, left, generator=generator)
        yield row
        left[row] = False
        served = pool.trials[row]
        sampler.after_trial(study, trial, served.state, served.values)
        study.add_trial(served)


def by_scores(target: Target, seed: int, sampler: MetaGPSampler) -> Rows:
    """What promises most of the pool; as long as nothing is known, what is nearest to a proposal.

    Args:
        target: The study.
        seed: Breaks ties.
        sampler: Scores the pool before each trial.
    """
    pool, study, generator = target.pool, _empty(target.pool, sampler), np.random.default_rng(seed)
    left = np.ones(len(pool), dtype=bool)
    while left.any():
        rows = np.flatnonzero(left)
        scores = sampler.score(study, [pool.trials[row].params for row in rows])
        row = int(generator.choice(rows[scores == scores.max()]))
        if len(rows) > 1 and not np.ptp(scores):
            trial = _next(study)
            _propose(trial, study, pool, {})
            row = pool.nearest(trial.params, left, generator=generator)
        yield row
        left[row] = False
        study.add_trial(pool.trials[row])


def _empty(pool: Pool, sampler: BaseSampler) -> Study:
    directions = [objective.direction for objective in pool.objectives]
    study = optuna.create_study(study_name=pool.name, directions=directions, sampler=sampler)
    names = [objective.name for objective in pool.objectives]
    if all(names):
        study.set_metric_names([str(name) for name in names])
    return study


def _next(study: Study) -> FrozenTrial:
    """A trial that is about to run; the study does not know of it yet."""
    trial = create_trial(state=TrialState.RUNNING)
    trial.number = len(study.get_trials(deepcopy=False))
    return trial


def _propose(trial: FrozenTrial, study: Study, pool: Pool, fixed: Mapping[str, Any]) -> None:
    """Gives the trial its parameters, one after the other, as ``Trial.suggest_*`` does."""
    sampler = study.sampler
    space = sampler.infer_relative_search_space(study, trial)
    relative = sampler.sample_relative(study, trial, space)
    for name, distribution in pool.space.items():
        if not pool.exists(name, trial.params):
            continue
        if name in fixed and fits(as_choice(fixed[name], distribution), distribution):
            value = as_choice(fixed[name], distribution)
        elif name in relative:
            value, distribution = relative[name], space[name]
        else:
            value = sampler.sample_independent(study, trial, name, distribution)
        trial.params = {**trial.params, name: value}
        trial.distributions = {**trial.distributions, name: distribution}


def _tpe(target: Target, seed: int) -> Rows:
    return by_proposals(target, seed, TPESampler(seed=seed))


def _gp_sampler(seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.GPSampler(seed=seed)


def _gp(target: Target, seed: int) -> Rows:
    return by_proposals(target, seed, _gp_sampler(seed))


def _gp_enqueued(target: Target, seed: int) -> Rows:
    best = [trial.params for source in target.sources for trial in _best(source, target.pool)]
    return by_proposals(target, seed, _gp_sampler(seed), best[:_MAX_ENQUEUED])


def _best(source: Study, pool: Pool) -> list[FrozenTrial]:
    """The best trial of a source that shares a parameter, one of the front of several."""
    best = source.best_trials[:1]
    return [trial for trial in best if not pool.space.keys().isdisjoint(trial.params)]


def _warm(target: Target, seed: int, surrogate: str | Surrogate) -> Rows:
    sampler = MetaGPSampler(target.sources, surrogate=surrogate, seed=seed)
    return by_proposals(target, seed, sampler)


def _warm_scored(target: Target, seed: int, surrogate: str | Surrogate) -> Rows:
    return by_scores(target, seed, MetaGPSampler(target.sources, surrogate=surrogate, seed=seed))


def _cold(target: Target, seed: int) -> Rows:
    return by_proposals(target, seed, MetaGPSampler(seed=seed))


def _cold_scored(target: Target, seed: int) -> Rows:
    return by_scores(target, seed, MetaGPSampler(seed=seed))


# Orders without a sampler, which cost nothing: so many of the random ones are drawn.
FREE: dict[str, tuple[Order, int]] = {"owner": (owner, 1), "random": (shuffled, 30)}
_SURROGATES = ("rgpe", "tst", "stacking", "ranknet")
ORDERS: dict[str, Order] = {
    "tpe": _tpe,
    "gp": _gp,
    "gp+enqueued": _gp_enqueued,
    "metagp": partial(_warm_scored, surrogate="auto"),
    "metagp-cold": _cold_scored,
    "metagp-nearest": partial(_warm, surrogate="auto"),
    "metagp-cold-nearest": _cold,
    **{f"metagp-{name}": partial(_warm_scored, surrogate=name) for name in _SURROGATES},
    **{f"metagp-{name}-nearest": partial(_warm, surrogate=name) for name in _SURROGATES},
}
_NEAREST = "-nearest"
_NEED_TORCH = ("gp", "gp+enqueued")


def cold_of(name: str) -> str:
    """What a sampler is compared with, to tell whether past studies helped it."""
    return "metagp-cold" + _NEAREST * name.endswith(_NEAREST)


def default_orders() -> tuple[str, ...]:
    """The samplers that are compared if none are named; Optuna's GPSampler where torch is."""
    has_torch = importlib.util.find_spec("torch") is not None
    ours = ("metagp-cold", "metagp", f"metagp-cold{_NEAREST}", f"metagp{_NEAREST}")
    return ("tpe", *(_NEED_TORCH if has_torch else ()), *ours)
