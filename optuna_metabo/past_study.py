"""One finished study, and what it says of each output of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.encoding import Encoding, says_something
from optuna_metabo.ensembles.scores import is_flat
from optuna_metabo.outputs import (
    Objective,
    bilog,
    constraints_of,
    matching,
    slacks,
    unit_of,
)
from optuna_metabo.ranges import joint
from optuna_metabo.shapes import Bool, Float
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.surrogate import Task, finite
from optuna_metabo.thinning import Rule, by_rank, near_zero, rare_first

# A longer study is thinned to so many points, by what they are for: the cost of an exact GP grows
# with the square of its points, and what they add does not.
MAX_TRIALS = 128
# Places along the axes of what an early failure did not get to.
_N_PLACES = 4


@dataclass(frozen=True)
class LeftOut:
    """A source that cannot help, and why.

    Args:
        name: Of the study, or what else was asked for.
        reason: In words.
        may_return: Whether it is worth trying again: it could not be read this time.
        of_space: Whether it could help a study of other parameters.
        told: Whether the user has been warned of it already.
    """

    name: str
    reason: str
    may_return: bool = False
    of_space: bool = False
    told: bool = False


@dataclass(frozen=True)
class SourceTask:
    """A source read with the target's search space."""

    study: SourceStudy
    task: Task
    shared: tuple[str, ...]


@dataclass(frozen=True)
class SourceStudy:
    """The finished trials of a study, of which there is one at least.

    Args:
        name: Of the study.
        objectives: Its objectives.
        trials: The completed and the pruned ones.
        failed: Those that failed, with the parameters that they had until then.
    """

    name: str
    objectives: tuple[Objective, ...]
    trials: tuple[FrozenTrial, ...]
    failed: tuple[FrozenTrial, ...] = ()

    @property
    def is_completed(self) -> bool:
        """Whether any trial has a value of its own."""
        return any(trial.state == TrialState.COMPLETE for trial in self.trials)

    @cached_property
    def search_space(self) -> dict[str, BaseDistribution]:
        """Every parameter with a distribution that holds all that it had."""
        trials = sorted((*self.trials, *self.failed), key=lambda trial: trial.number)
        return joint(trial.distributions for trial in trials)

    @cached_property
    def constraints(self) -> list[dict[str, float]]:
        """The constraints of each trial by key."""
        return [constraints_of(trial, None) for trial in self.trials]

    @property
    def key(self) -> tuple[object, ...]:
        """Tells it from others, also from another of its name."""
        first = (*self.trials, *self.failed)[0]
        return (self.name, first.number, first.datetime_start)

    def is_study(self, study: Snapshot) -> bool:
        """Whether this is ``study`` itself, read earlier."""
        return self.name == study.name and any(
            (self.name, t.number, t.datetime_start) == self.key for t in study.trials
        )

    def task_for(
        self, encoding: Encoding, objective: Objective, count: int
    ) -> SourceTask | LeftOut:
        """What this study says about an objective of ``count``, or why it says nothing."""
        own = matching(objective, self.objectives, count)
        if own is None:
            wanted = f"objective {objective.name or objective.index!r} of {count}"
            return LeftOut(self.name, f"none of its {len(self.objectives)} objectives is {wanted}")
        return self._task(encoding, own.values(self.trials), by_rank)

    def slack_task_for(self, encoding: Encoding, key: str) -> SourceTask | LeftOut:
        """What this study says about a constraint, or why it says nothing."""
        slack = slacks(self.constraints, key)
        if np.isnan(slack).all():
            return LeftOut(self.name, f"has no constraint {key!r}")
        return self._task(encoding, bilog(slack, unit_of(slack)), near_zero)

    def success_task_for(self, encoding: Encoding) -> SourceTask | LeftOut:
        """Where trials of this study ended well (1) and where they failed (-1), or why unknown.

        Only parameters that a failed trial had got to are shared: what comes after cannot have
        made it fail. One that failed before its first one that the target shares has no place and
        is left out. Points that failed again are not merged: each failure makes the next less
        likely.
        """
        if not self.failed:
            return LeftOut(self.name, "none of its trials failed")
        shared = _shared(encoding, self.failed)
        if not shared:
            return LeftOut(self.name, "no trial failed after a parameter that is shared")
        ended, failed = (
            [trials[i] for i in _having(trials, shared)] for trials in (self.trials, self.failed)
        )
        X, known = failures(encoding, failed)
        outcome = np.r_[np.ones(len(ended)), -np.ones(len(X))]
        kept = rare_first(outcome, MAX_TRIALS)
        X = np.concatenate([encoding.encode_many([t.params for t in ended]), X])[kept]
        return SourceTask(self, Task(X, outcome[kept], known), shared)

    def _task(self, encoding: Encoding, y: Float[Array, " n"], rule: Rule) -> SourceTask | LeftOut:
        if nothing := _says_nothing(y):
            return LeftOut(self.name, nothing)
        shared = _shared(encoding, self.trials)
        if not shared:
            return LeftOut(self.name, "shares no parameter", of_space=True)
        rows = _having(self.trials, shared)
        points = [self.trials[i].params for i in rows]
        task = encoding.task(points, y[rows], encoding.columns(shared))
        if nothing := _says_nothing(y[rows]) or _says_nothing(task.y):
            return LeftOut(
                self.name, f"of trials with a shared parameter {nothing}", of_space=True
            )
        kept = rule(task.y, MAX_TRIALS)
        return SourceTask(self, Task(task.X[kept], task.y[kept], task.known), shared)


def _says_nothing(y: Float[Array, " n"]) -> str | None:
    """Why values say nothing, if so; NaN is no value."""
    told = y[~np.isnan(y)]
    if not len(told):
        return "no trial has a value"
    if np.isinf(told).all():
        return "all its values are infinite"
    return "all its values are the same" if is_flat(finite(told)) else None


def _shared(encoding: Encoding, trials: Sequence[FrozenTrial]) -> tuple[str, ...]:
    """The target's parameters of which a trial has a value that can be read."""
    return tuple(
        name
        for name, distribution in encoding.search_space.items()
        if says_something((t.params[name] for t in trials if name in t.params), distribution)
    )


def _having(trials: Sequence[FrozenTrial], names: Sequence[str]) -> list[int]:
    """The trials that have one of these parameters at least."""
    return [i for i, trial in enumerate(trials) if not trial.params.keys().isdisjoint(names)]


def failures(
    encoding: Encoding, failed: Sequence[FrozenTrial]
) -> tuple[Float[Array, "m p"], Bool[Array, " p"]]:
    """Where trials failed, and the columns of which any of them got to a value.

    A trial would have failed whatever came next: what it did not get to may have any value, and
    where others did, the trial stands at several places.
    """
    X = encoding.encode_many([trial.params for trial in failed])
    reached = encoding.columns({name for trial in failed for name in trial.params})
    missing = [~encoding.columns(trial.params.keys()) for trial in failed]
    unknown = np.array(missing, dtype=bool).reshape(X.shape)
    times = np.where((unknown & reached).any(axis=1), _N_PLACES, 1)
    generator = np.random.default_rng(0)
    return encoding.domain.spread(X, unknown, times, generator=generator), reached
