"""One finished study, and what it says of each output of another."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.columns import Columns, outcomes
from optuna_metabo.constraints import Slack, bilog, slacks_of
from optuna_metabo.domain import extent
from optuna_metabo.encoding import Encoded, Encoding
from optuna_metabo.ensembles.scores import is_flat
from optuna_metabo.objectives import Objective, divided, matching
from optuna_metabo.ranges import Ranges, Space
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.tasks import Task, finite
from optuna_metabo.thinning import Rule, by_rank, evenly, near_zero, of_several, rare_first

# A longer study is thinned to so many points, by what they are for: the cost of an exact GP grows
# with their square, and what they add does not.
MAX_TRIALS = 128
# Trials of a study that are kept when it is read, from which a task takes its own: enough that
# merging points which a target cannot tell apart leaves as many as it takes.
MAX_KEPT = 1024
# A parameter of which a study tried a smaller part of the target's range is as one that it lacks:
# what the rest is worth it does not know. Six past studies of a function of four parameters that
# had one at a constant: regret after 5 trials 1.69, so .07, and without a past .47; that had a
# fifth of its range, not the best part: .94, .05; that had it: .01, .03. Fewer trials than the
# latter may lie close together by chance: then only a constant tells.
_VARIED, _FEW = 0.25, 6
UNFINISHED = "has no completed trials"


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


class Identity(NamedTuple):
    """Tells a study from others, also from another of its name.

    Args:
        name: Of the study.
        number: Of the first of its trials that had ended when it was read first.
        start: When that trial started.
    """

    name: str
    number: int
    start: datetime | None

    @classmethod
    def of(cls, name: str, trial: FrozenTrial) -> Identity:
        """By the first trial of a study."""
        return cls(name, trial.number, trial.datetime_start)


@dataclass(frozen=True)
class SourceStudy:
    """The finished trials of a study, of which there is one at least, column by column.

    Args:
        identity: Its name, and what tells it from others of that name.
        n_trials: How many trials it had when it was read, those that were running included.
        n_finished: How many of them were finished.
        objectives: Its objectives.
        search_space: Every parameter with a distribution that holds all that it had.
        is_completed: Whether any trial has a value of its own.
        telling: The completed and the pruned trials that say something by their values.
        values: Of each objective, to be maximised, shape [n]; NaN where nothing is known.
        slacks: Of each constraint that any of these trials has.
        failed: Those that failed or have the worst value there is, with the parameters that they
            had until then.
        attributes: Its user attributes that are numbers.
    """

    identity: Identity
    n_trials: int
    n_finished: int
    objectives: tuple[Objective, ...]
    search_space: Mapping[str, BaseDistribution]
    is_completed: bool
    telling: Columns
    values: tuple[Float[Array, " n"], ...]
    slacks: Mapping[str, Slack]
    failed: Columns
    attributes: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        objectives: tuple[Objective, ...],
        trials: Sequence[FrozenTrial],
        known: Collection[Identity] = (),
    ) -> SourceStudy | LeftOut:
        """From all trials of a study, which are not needed any more afterwards.

        If the study was read before, which ``known`` identities tell, it keeps its own: which of
        its trials has ended first depends on when it is read.
        """
        telling, failed = divided(trials, objectives)
        if not telling and not failed:
            return LeftOut(name, UNFINISHED)
        finished = sorted((*telling, *failed), key=lambda trial: trial.number)
        values = tuple(one.values(telling) for one in objectives)
        slacks = slacks_of(telling)
        objective_rules = [(y, by_rank) for y in values]
        slack_rules = [(one.values, near_zero) for one in slacks.values()]
        rows = of_several([*objective_rules, *slack_rules], MAX_KEPT)
        return cls(
            identity=next(
                (one for one in known if is_of(one, name, trials)), Identity.of(name, finished[0])
            ),
            n_trials=len(trials),
            n_finished=len(finished),
            objectives=objectives,
            search_space=Ranges.of(_different(trial.distributions for trial in finished)).space,
            is_completed=any(trial.state == TrialState.COMPLETE for trial in finished),
            telling=Columns.of([telling[i] for i in rows]),
            values=tuple(one[rows] for one in values),
            slacks={key: replace(one, values=one.values[rows]) for key, one in slacks.items()},
            failed=Columns.of([failed[i] for i in evenly(np.arange(len(failed)), MAX_KEPT)]),
        )

    @property
    def name(self) -> str:
        """Of the study."""
        return self.identity.name

    @property
    def key(self) -> tuple[Identity, int]:
        """Tells it from others, and from itself at another time."""
        return self.identity, self.n_finished

    @property
    def state(self) -> Hashable:
        """Differs once it has grown or the numbers among its attributes have changed."""
        return self.key, tuple(self.attributes.items())

    def is_study(self, study: Snapshot) -> bool:
        """Whether this is ``study`` itself, read earlier."""
        return is_of(self.identity, study.name, study.trials)

    def task_for(
        self, encoding: Encoding, objective: Objective, count: int, telling: Encoded | None = None
    ) -> SourceTask | LeftOut:
        """What this study says about an objective of ``count``, or why it says nothing.

        Args:
            encoding: Of the target.
            objective: That of the target.
            count: How many the target has.
            telling: The trials that say something on the target's axes, if that is known.
        """
        own = matching(objective, self.objectives, count)
        if own is None:
            wanted = f"objective {objective.name or objective.index + 1!r} of {count}"
            return LeftOut(self.name, f"none of its {len(self.objectives)} objectives is {wanted}")
        return self._task(encoding, self.values[own.index], by_rank, telling)

    def slack_task_for(
        self, encoding: Encoding, key: str, telling: Encoded | None = None
    ) -> SourceTask | LeftOut:
        """What this study says about a constraint, or why it says nothing."""
        slack = self.slacks.get(key)
        if slack is None or np.isnan(slack.values).all():
            return LeftOut(self.name, f"has no constraint {key!r}")
        return self._task(encoding, bilog(slack.values, slack.unit), near_zero, telling)

    def success_task_for(
        self, encoding: Encoding, telling: Encoded | None = None
    ) -> SourceTask | LeftOut:
        """Where trials of this study ended well (1) and where they failed (-1), or why unknown.

        Only parameters that a failed trial had got to are shared: what comes after cannot have
        made it fail. One that failed before its first one that the target shares is left out.
        """
        if not self.failed:
            return LeftOut(self.name, "none of its trials failed")
        failed, telling = self.failed.encoded(encoding), telling or self.telling.encoded(encoding)
        shared = failed.shared
        if not shared.any():
            return LeftOut(self.name, "no trial failed after a parameter that is shared")
        succeeded = telling.X[_having(telling, shared)]
        task = outcomes(encoding, succeeded, failed, _having(failed, shared))
        kept = task.thinned(MAX_TRIALS, rare_first)
        return SourceTask(self, kept, _names(encoding, shared))

    def _task(
        self, encoding: Encoding, y: Float[Array, " n"], rule: Rule, telling: Encoded | None
    ) -> SourceTask | LeftOut:
        if nothing := _says_nothing(y):
            return LeftOut(self.name, nothing)
        points = telling or self.telling.encoded(encoding)
        if not points.shared.any():
            unlike = self.telling.unlike(encoding.search_space)
            return LeftOut(self.name, unlike, of_space=True)
        shared = points.shared & _varied(encoding, points)
        if not shared.any():
            return LeftOut(self.name, "varied no parameter that is shared", of_space=True)
        rows = _having(points, shared)
        task = Task.observed(points.X[rows], y[rows], shared[encoding.domain.groups])
        if nothing := _says_nothing(y[rows]) or _does_not_vary(task.y):
            return LeftOut(
                self.name, f"of trials with a shared parameter {nothing}", of_space=True
            )
        return SourceTask(self, task.thinned(MAX_TRIALS, rule), _names(encoding, shared))


def is_of(identity: Identity, name: str, trials: Iterable[FrozenTrial]) -> bool:
    """Whether it is that of the study of this name and these trials."""
    return identity.name == name and any(identity == Identity.of(name, one) for one in trials)


def _different(spaces: Iterable[Space]) -> Iterator[Space]:
    """Each parameter's distributions without those that were there before.

    A storage in memory has an object for each trial; most of them are equal to the last one.
    """
    last: dict[str, BaseDistribution] = {}
    for space in spaces:
        new = {name: one for name, one in space.items() if last.get(name) != one}
        last.update(new)
        if new:
            yield new


def _says_nothing(y: Float[Array, " n"]) -> str | None:
    """Why values say nothing, if so; NaN is no value."""
    told = y[~np.isnan(y)]
    if np.isinf(told).all():
        return "no trial has a finite value"
    if len(told) == 1:
        return "only one trial has a value"
    return _does_not_vary(finite(told))


def _does_not_vary(y: Float[Array, " n"]) -> str | None:
    return "all its values are the same" if is_flat(y) else None


def _names(encoding: Encoding, shared: Bool[Array, " d"]) -> tuple[str, ...]:
    return tuple(name for name, one in zip(encoding.names, shared, strict=True) if one)


def _varied(encoding: Encoding, points: Encoded) -> Bool[Array, " d"]:
    """The parameters of which so much of the range was tried that the rest is not unknown."""
    within = np.clip(points.X, 0.0, 1.0)
    tried = extent(within, points.present[:, encoding.domain.groups])
    widest = np.array([tried[axis].max() for axis in encoding.domain.slices])
    has_few = points.present.sum(axis=0) < _FEW
    return np.where(has_few, widest > 0.0, widest >= _VARIED)


def _having(points: Encoded, shared: Bool[Array, " d"]) -> Int[Array, " r"]:
    """The trials that have one of some parameters at least."""
    return np.flatnonzero(points.present[:, shared].any(axis=1))
