"""One finished study, and what it says of each output of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
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
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.surrogate import Task
from optuna_metabo.thinning import by_rank, near_zero, rare_first

# A longer study is thinned to so many points, by what they are for: the cost of an exact GP grows
# with the square of its points, and what they add does not.
MAX_TRIALS = 128

Rule = Callable[[Float[Array, " n"], int], Int[Array, " k"]]


@dataclass(frozen=True)
class LeftOut:
    """A source that cannot help, and why.

    Args:
        name: Of the study, or what else was asked for.
        reason: In words.
        may_return: Whether it is worth trying again: it could not be read this time.
        told: Whether the user has been warned of it already.
    """

    name: str
    reason: str
    may_return: bool = False
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
        """Every parameter with its last distribution."""
        space: dict[str, BaseDistribution] = {}
        for trial in self.trials:
            space.update(trial.distributions)
        return space

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

        A trial that failed before its last parameter stands where absent parameters stand (see
        :mod:`optuna_metabo.domain`); one that failed before its first one that the target shares
        has no place and is left out. Points that failed again are not merged: each failure makes
        the next less likely.
        """
        trials = sorted((*self.trials, *self.failed), key=lambda trial: trial.number)
        outcome = np.array([-1.0 if t.state == TrialState.FAIL else 1.0 for t in trials])
        if not self.failed:
            return LeftOut(self.name, "none of its trials failed")
        shared = _shared(encoding, trials)
        rows = _having(trials, shared)
        if not (outcome[rows] < 0.0).any():
            return LeftOut(self.name, "no trial failed after a parameter that is shared")
        kept = [rows[i] for i in rare_first(outcome[rows], MAX_TRIALS)]
        X = encoding.encode_many([trials[i].params for i in kept])
        return SourceTask(self, Task(X, outcome[kept], _columns(encoding, shared)), shared)

    def _task(self, encoding: Encoding, y: Float[Array, " n"], rule: Rule) -> SourceTask | LeftOut:
        shared = _shared(encoding, self.trials)
        if not shared:
            return LeftOut(self.name, "shares no parameter")
        rows = _having(self.trials, shared)
        if np.isnan(y[rows]).all():
            return LeftOut(self.name, "no trial with a shared parameter has a value")
        points = [self.trials[i].params for i in rows]
        task = encoding.task(points, y[rows], _columns(encoding, shared))
        if not len(task):
            return LeftOut(self.name, "all its values are infinite")
        if is_flat(task.y):
            return LeftOut(self.name, "all its values are the same")
        kept = rule(task.y, MAX_TRIALS)
        return SourceTask(self, Task(task.X[kept], task.y[kept], task.known), shared)


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


def _columns(encoding: Encoding, names: Sequence[str]) -> Bool[Array, " p"]:
    return np.isin(encoding.domain.groups, [encoding.names.index(name) for name in names])
