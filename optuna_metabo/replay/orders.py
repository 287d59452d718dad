"""In which order samplers would have run what an owner ran.

A sampler is asked as Optuna asks it, and may propose what it likes. The configuration of the pool
that is nearest to the proposal is taken, and that one, as its owner found it, is the next trial of
the study that the sampler sees: it is never told an invented value, and never about a
configuration that nobody ran. ``MetaGPSampler`` can also say how much each
configuration of the pool promises; then the most promising one is taken.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, TPESampler
from optuna.search_space import intersection_search_space
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from optuna_metabo.encoding import as_choice, fits
from optuna_metabo.experimental import gp_sampler, name_metrics
from optuna_metabo.ranges import holds
from optuna_metabo.replay.pool import Pool
from optuna_metabo.replay.yardstick import Yardstick
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
        chronological: Whether the past is only what had ended when the study began.
    """

    pool: Pool
    sources: tuple[Study, ...]
    key: str = ""
    chronological: bool = False

    @cached_property
    def yardstick(self) -> Yardstick:
        """Measures what was found."""
        return Yardstick.of(self.pool)


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
        queue: Parameters of the first trials, given to ``Study.enqueue_trial``: what they lack, or
            what is not legal here, is left to the sampler.
    """
    pool, generator = target.pool, np.random.default_rng(seed)
    left, told = np.ones(len(pool), dtype=bool), list[FrozenTrial]()
    while left.any():
        fixed = queue[len(told)] if len(told) < len(queue) else {}
        params = _proposal(pool, told, sampler, fixed)
        row = pool.nearest(params, left, generator=generator)
        yield row
        left[row] = False
        told.append(pool.trials[row])


def by_scores(target: Target, seed: int, sampler: MetaGPSampler) -> Rows:
    """What promises most of the pool; as long as nothing is known, what is nearest to a proposal.

    Args:
        target: The study.
        seed: Breaks ties.
        sampler: Scores the pool before each trial.
    """
    pool, generator = target.pool, np.random.default_rng(seed)
    left, told = np.ones(len(pool), dtype=bool), list[FrozenTrial]()
    candidates = [trial.params for trial in pool.trials]
    while left.any():
        rows = np.flatnonzero(left)
        scores = sampler.score(_study(pool, told, sampler), candidates)[rows]
        if len(rows) > 1 and (scores == scores[0]).all():
            row = pool.nearest(_proposal(pool, told, sampler, {}), left, generator=generator)
        else:
            row = int(generator.choice(rows[scores == scores.max()]))
        yield row
        left[row] = False
        told.append(pool.trials[row])


def _study(pool: Pool, told: Sequence[FrozenTrial], sampler: BaseSampler) -> Study:
    """A study of which some trials have been run, as their owner found them."""
    directions = [objective.direction for objective in pool.objectives]
    study = optuna.create_study(study_name=pool.name, directions=directions, sampler=sampler)
    names = [objective.name for objective in pool.objectives if objective.name]
    if len(names) == len(directions):
        name_metrics(study, names)
    study.add_trials(told)
    return study


def _proposal(
    pool: Pool, told: list[FrozenTrial], sampler: BaseSampler, fixed: Mapping[str, Any]
) -> dict[str, Any]:
    """What the sampler asks for after some trials.

    It is asked in a study of its own, since what is served, told and goes on is another trial.
    Each parameter that exists beside those before it is asked for, in the owner's order.
    """
    study, space = _study(pool, told, sampler), pool.space
    legal = {name: as_choice(fixed[name], space[name]) for name in space if name in fixed}
    legal = {name: value for name, value in legal.items() if fits(value, space[name])}
    if legal:
        study.enqueue_trial(legal)
    trial, so_far = study.ask(), intersection_search_space(told)
    for name, distribution in space.items():
        if pool.exists(name, trial.params):
            _suggest(trial, name, _compatible(distribution, so_far.get(name)))
    params = trial.params
    study.tell(trial, state=TrialState.FAIL)
    return params


def _compatible(whole: BaseDistribution, so_far: BaseDistribution | None) -> BaseDistribution:
    """The whole range; where kind, scale or choices are other ones so far, Optuna wants these."""
    if so_far is None or (type(so_far) is type(whole) and holds(whole, so_far)):
        return whole
    return so_far


def _suggest(trial: Trial, name: str, distribution: BaseDistribution) -> None:
    if isinstance(distribution, CategoricalDistribution):
        trial.suggest_categorical(name, distribution.choices)
    elif isinstance(distribution, IntDistribution):
        trial.suggest_int(
            name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    elif isinstance(distribution, FloatDistribution):
        trial.suggest_float(
            name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )


def _tpe(target: Target, seed: int) -> Rows:
    return by_proposals(target, seed, TPESampler(seed=seed))


def _gp(target: Target, seed: int) -> Rows:
    return by_proposals(target, seed, gp_sampler(seed))


def _gp_enqueued(target: Target, seed: int) -> Rows:
    best = [trial.params for source in target.sources for trial in _best(source, target.pool)]
    return by_proposals(target, seed, gp_sampler(seed), best[:_MAX_ENQUEUED])


def _best(source: Study, pool: Pool) -> list[FrozenTrial]:
    """The best trial of a source that shares a parameter, one of the front of several."""
    best = source.best_trials[:1]
    return [trial for trial in best if not pool.space.keys().isdisjoint(trial.params)]


def _ours(
    target: Target,
    seed: int,
    surrogate: str | Surrogate = "auto",
    *,
    is_cold: bool = False,
    is_nearest: bool = False,
) -> Rows:
    """Those of ``MetaGPSampler``: by its scores or as others are served, with its past or not."""
    sources = None if is_cold else target.sources
    serve = by_proposals if is_nearest else by_scores
    return serve(target, seed, MetaGPSampler(sources, surrogate=surrogate, seed=seed))


# Orders without a sampler, which cost nothing: so many of the random ones are drawn.
FREE: dict[str, tuple[Order, int]] = {"owner": (owner, 1), "random": (shuffled, 30)}
_SURROGATES = ("rgpe", "tst", "stacking", "ranknet")
ORDERS: dict[str, Order] = {
    "tpe": _tpe,
    "gp": _gp,
    "gp+enqueued": _gp_enqueued,
    "metagp": _ours,
    "metagp-cold": partial(_ours, is_cold=True),
    "metagp-nearest": partial(_ours, is_nearest=True),
    "metagp-cold-nearest": partial(_ours, is_cold=True, is_nearest=True),
    **{f"metagp-{name}": partial(_ours, surrogate=name) for name in _SURROGATES},
    **{
        f"metagp-{name}-nearest": partial(_ours, surrogate=name, is_nearest=True)
        for name in _SURROGATES
    },
}
_NEAREST = "-nearest"
_NEED_TORCH = ("gp", "gp+enqueued")


def cold_of(name: str) -> str | None:
    """What a sampler is compared with, to tell whether past studies helped it; ours alone are."""
    cold = "metagp-cold" + _NEAREST * name.endswith(_NEAREST)
    return cold if name.startswith("metagp") and name != cold else None


def with_cold(names: Sequence[str]) -> tuple[str, ...]:
    """Some samplers, and before each what it is compared with unless that is among them.

    Example:
        >>> from optuna_metabo.replay.orders import with_cold
        >>> with_cold(["tpe", "metagp"])
        ('tpe', 'metagp-cold', 'metagp')
    """
    found: list[str] = []
    for name in names:
        cold = cold_of(name)
        found += [name] if cold is None or cold in names else [cold, name]
    return tuple(dict.fromkeys(found))


def default_orders() -> tuple[str, ...]:
    """The samplers that are compared if none are named; Optuna's GPSampler where torch is."""
    has_torch = importlib.util.find_spec("torch") is not None
    ours = ("metagp-cold", "metagp", f"metagp-cold{_NEAREST}", f"metagp{_NEAREST}")
    return ("tpe", *(_NEED_TORCH if has_torch else ()), *ours)
