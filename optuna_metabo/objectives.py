"""The objectives of a trial as numbers to be maximised, and which trials say something by them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy import ndarray as Array
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.pruned import by_peers, by_progress
from optuna_metabo.shapes import Float

# Trials that may have values, a pruned one by its last report.
TELLING = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True)
class Objective:
    """One objective of a study."""

    index: int
    direction: StudyDirection
    name: str | None = None

    @property
    def sign(self) -> float:
        """1 of an objective that is maximised, else -1."""
        return 1.0 if self.direction == StudyDirection.MAXIMIZE else -1.0

    def is_worst(self, trial: FrozenTrial) -> bool:
        """Whether a completed trial's value is as bad as can be."""
        is_completed = trial.state == TrialState.COMPLETE and trial.values is not None
        return is_completed and self.sign * trial.values[self.index] == -math.inf

    def values(self, trials: Sequence[FrozenTrial]) -> Float[Array, " n"]:
        """To be maximised, shape [n]; NaN for trials that say nothing of it.

        A pruned trial has the value that :func:`.read_off` gives its last report, beside those of
        the completed trials that reported at the same step; as long as no trial is completed, its
        place among the pruned ones. Of which neither can be told is as bad as can be, minus
        infinity: it was not worth going on with.
        """
        found = np.full(len(trials), np.nan)
        for i, trial in enumerate(trials):
            if trial.state == TrialState.COMPLETE and trial.values is not None:
                found[i] = self.sign * trial.values[self.index]
        if np.isnan(found).all():
            found = by_progress(trials, self.sign)
        else:
            for rows, values in by_peers(trials, found, self.sign):
                found[rows] = values
        found[_untold(trials, found)] = -np.inf
        return found


def divided(
    trials: Iterable[FrozenTrial], objectives: Sequence[Objective]
) -> tuple[list[FrozenTrial], list[FrozenTrial]]:
    """The trials that say something by their values, and those that failed.

    A completed one whose value is as bad as can be failed, too, as a training that diverged: how
    bad it is nobody knows, and beside what stands for that all other values would look the same.
    One that was pruned without a report is as bad as the worst value, as most are stopped for
    being worse than others. But where the first one was before there was another to be compared
    with, what the study prunes so is not allowed, and failed.
    """
    trials = list(trials)
    telling = [
        trial
        for trial in trials
        if trial.state in TELLING and not any(one.is_worst(trial) for one in objectives)
    ]
    if telling and _is_silent(min(telling, key=_end)):
        telling = [one for one in telling if not _is_silent(one)]
    told = {trial.number for trial in telling}
    failed = [one for one in trials if one.state.is_finished() and one.number not in told]
    return telling, failed


def _is_silent(trial: FrozenTrial) -> bool:
    """Whether a trial was pruned without a report."""
    return trial.state == TrialState.PRUNED and not trial.intermediate_values


def _end(trial: FrozenTrial) -> tuple[datetime, int]:
    """When a trial ended, of several at one time by number."""
    return trial.datetime_complete or datetime.max, trial.number


def _untold(trials: Sequence[FrozenTrial], values: Float[Array, " n"]) -> list[int]:
    """The pruned trials without a value, but for copies of trials that have one.

    Of these a function may say no more than that they would be asked again.
    """
    none = np.isnan(values)
    silent = [i for i in np.flatnonzero(none).tolist() if trials[i].state == TrialState.PRUNED]
    told = {point(trials[i]) for i in np.flatnonzero(~none).tolist()} if silent else set()
    return [i for i in silent if point(trials[i]) not in told]


def point(trial: FrozenTrial) -> frozenset[tuple[str, str]]:
    """The parameters, so that equal ones have equal hashes whatever the choices are."""
    return frozenset((name, repr(value)) for name, value in trial.params.items())


def objectives_of(study: Study) -> tuple[Objective, ...]:
    """The objectives of a study, with their names where it gives any."""
    # The study that a bracket of Hyperband hands in has no such attribute.
    given: Sequence[str] | None = getattr(study, "metric_names", None)
    names: Sequence[str | None] = given or [None] * len(study.directions)
    return tuple(
        Objective(i, direction, name)
        for i, (direction, name) in enumerate(zip(study.directions, names, strict=True))
    )


def matching(objective: Objective, among: Sequence[Objective], count: int) -> Objective | None:
    """The objective of another study that is the same as ``objective`` of a study of ``count``.

    One alone matches one alone. Else they match by name, and by position where the number of
    objectives is the same and one of the studies gives no names.
    """
    if len(among) == count == 1:
        return among[0]
    if objective.name is not None:
        for other in among:
            if other.name == objective.name:
                return other
    if len(among) != count:
        return None
    other = among[objective.index]
    return other if objective.name is None or other.name is None else None


def shares_objective(study: Study, other: Study) -> bool:
    """Whether another study has an objective of this one."""
    own, others = objectives_of(study), objectives_of(other)
    return any(matching(one, others, len(own)) for one in own)
