"""The numbers of a trial that are modelled: objectives, constraints, and whether it failed.

Inside, every one of them is to be maximised: objectives by the sign of their direction, and a
constraint by what it leaves, ``slack = -value``, so that a trial is feasible at 0 and above.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array
from optuna.exceptions import ExperimentalWarning
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.shapes import Bool, Float
from optuna_metabo.thinning import evenly

# Reports beyond this are as good as infinite: differences of two must stay floats.
_HUGE = 1e300
# A constraint's values beyond so many units are all the same.
_FAR = 1e100
# Trials that may have values, a pruned one by its last report.
TELLING = (TrialState.COMPLETE, TrialState.PRUNED)
# So many completed trials tell where a pruned one stands.
_MAX_PEERS = 300

ConstraintsFunc = Callable[[FrozenTrial], Sequence[float]]


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

        A pruned trial has the value that :func:`read_off` gives its last report, beside those of
        the completed trials that reported at the same step; as long as no trial is completed, its
        place among the pruned ones. Of which neither can be told is as bad as can be, minus
        infinity: it was not worth going on with.
        """
        found = np.full(len(trials), np.nan)
        for i, trial in enumerate(trials):
            if trial.state == TrialState.COMPLETE and trial.values is not None:
                found[i] = self.sign * trial.values[self.index]
        if np.isnan(found).all():
            found = _places_of_pruned(trials, self.sign)
        else:
            for rows, values in _of_pruned(trials, found, self.sign):
                found[rows] = values
        found[_untold(trials, found)] = -np.inf
        return found


def divided(
    trials: Iterable[FrozenTrial], objectives: Sequence[Objective]
) -> tuple[list[FrozenTrial], list[FrozenTrial]]:
    """The trials that say something by their values, and those that failed.

    A completed one whose value is as bad as can be failed, too, as a training that diverged: how
    bad it is nobody knows, and beside what stands for that all other values would look the same.
    So did pruned ones of which nothing is known as long as no trial is known to be better; later
    they are as bad as the worst value, as most were stopped for being worse than others.
    """
    trials = list(trials)
    telling = [
        trial
        for trial in trials
        if trial.state in TELLING and not any(one.is_worst(trial) for one in objectives)
    ]
    if not any(trial.state == TrialState.COMPLETE for trial in telling) and any(
        np.isneginf(one.values(telling)).all() for one in objectives
    ):
        telling = []
    told = {trial.number for trial in telling}
    failed = [one for one in trials if one.state.is_finished() and one.number not in told]
    return telling, failed


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


def _places_of_pruned(trials: Sequence[FrozenTrial], sign: float) -> Float[Array, " n"]:
    """From 0 for the worst pruned trial; NaN for trials without a report.

    One that came further is better, and of those that came as far the one with the better report:
    the order in which Optuna's TPESampler has them. It is no scale, and is given up for one as
    soon as a trial is completed.
    """
    found = np.full(len(trials), np.nan)
    ended = {
        i: (step := max(trial.intermediate_values), sign * trial.intermediate_values[step])
        for i, trial in enumerate(trials)
        if trial.state == TrialState.PRUNED and trial.intermediate_values
    }
    if ended:
        steps, reports = np.array(list(ended.values()), dtype=float).T
        order = np.stack([steps, np.where(np.isnan(reports), -np.inf, reports)], axis=1)
        found[list(ended)] = np.unique(order, axis=0, return_inverse=True)[1].reshape(-1)
    return found


def _of_pruned(
    trials: Sequence[FrozenTrial], completed: Float[Array, " n"], sign: float
) -> list[tuple[list[int], Float[Array, " r"]]]:
    """Rows and values of the pruned trials, those that ended at one step together."""
    stopped: dict[int, list[int]] = {}
    for i, trial in enumerate(trials):
        if trial.state == TrialState.PRUNED and trial.intermediate_values:
            stopped.setdefault(max(trial.intermediate_values), []).append(i)
    rows = np.flatnonzero(~np.isnan(completed))
    known = completed[np.isfinite(completed)]
    if not stopped or not len(known):
        return []
    finals = np.clip(completed[rows], max(known.min(), -_HUGE), min(known.max(), _HUGE))
    span = float(np.ptp(finals))

    def values(step: int, reports: list[float], peers: list[int]) -> Float[Array, " r"]:
        """Of the trials that stopped at a step, by what their peers reported there."""
        last = np.array([trials[i].intermediate_values[step] for i in stopped[step]])
        return read_off(sign * last, sign * np.array(reports), finals[peers], span)

    told = _reports([trials[i] for i in rows.tolist()], finals, stopped.keys())
    return [(stopped[step], values(step, *peers)) for step, peers in told.items()]


def _reports(
    trials: Sequence[FrozenTrial], finals: Float[Array, " c"], steps: Set[int]
) -> dict[int, tuple[list[float], list[int]]]:
    """What completed trials reported at each of the steps, and which of them.

    One pass over their reports; of many trials an even spread of their ranks. NaN is no report.
    """
    found: dict[int, tuple[list[float], list[int]]] = {}
    for row in evenly(np.argsort(finals, kind="stable"), _MAX_PEERS).tolist():
        reported = trials[row].intermediate_values
        for step in reported.keys() & steps:
            if not math.isnan(reported[step]):
                reports, rows = found.setdefault(step, ([], []))
                reports.append(reported[step])
                rows.append(row)
    return found


def read_off(
    stopped: Float[Array, " r"],
    reports: Float[Array, " c"],
    finals: Float[Array, " c"],
    span: float,
) -> Float[Array, " r"]:
    """The values of pruned trials by their last report, all made at one step.

    Where a report stands among those of completed trials, there stands its value among theirs: no
    scale of early and late values has to be known. The order of the reports is kept, and NaN is
    the worst of them. One better than all counts as the best value and no more: it is a guess,
    and a guess must not be the one to beat.

    Args:
        stopped: Reports of pruned trials, to be maximised like all that follow.
        reports: Those of completed trials, at least one, none NaN.
        finals: The values of these, finite.
        span: The range of all values, for where ``finals`` are all the same.
    """
    stopped = np.clip(np.where(np.isnan(stopped), -_HUGE, stopped), -_HUGE, _HUGE)
    reports, finals = np.clip(np.sort(reports), -_HUGE, _HUGE), np.sort(finals)
    found = np.interp(stopped, reports, finals)
    first, last = (np.searchsorted(reports, stopped, side) for side in ("left", "right"))
    for i in np.flatnonzero(last > first):  # made before, by several perhaps
        found[i] = finals[first[i] : last[i]].mean()
    below = np.maximum(reports[0] - stopped, 0.0)
    if not below.any():
        return found
    width = reports[-1] - reports[0] or below.max()
    height = finals[-1] - finals[0] or span or width
    return np.where(below > 0.0, finals[0] - height * _saturated(below, width), found)


def _saturated(x: Float[Array, " n"], unit: float) -> Float[Array, " n"]:
    """``x / (unit + x)``: in proportion where x is small, ascending to 1.

    So that a value below all others keeps its order, and how far below does not set the scale.
    """
    return x / (unit + x)


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
    unnamed = objective.name is None or among[objective.index % len(among)].name is None
    return among[objective.index] if len(among) == count and unnamed else None


def name_metrics(study: Study, names: Sequence[str]) -> None:
    """Names the objectives of a study, without the warning that this is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(list(names))


def constraints_of(trial: FrozenTrial, function: ConstraintsFunc | None) -> dict[str, float]:
    """The constraints of a finished trial by key, as Optuna counts them: feasible at most at 0.

    Those that the trial itself holds come first; else ``function`` is asked. A constraint that
    was to be measured and is not a number (NaN, or nothing at all in a stored list) is infinite:
    broken, nobody knows how badly. Optuna's samplers raise a ``ValueError`` there, which ends the
    run after the trial's work is done; Optuna 5 then keeps the trial without constraints. A key
    that a trial lacks is another thing: it has not been measured, and breaks nothing.
    """
    if hasattr(trial, "constraints"):  # Optuna 5
        held = dict(trial.constraints)
    else:
        held = {str(i): v for i, v in enumerate(trial.system_attrs.get("constraints") or ())}
    if not held and function is not None and trial.state != TrialState.FAIL:
        held = {str(i): float(value) for i, value in enumerate(function(trial))}
    return {key: _measured(value) for key, value in held.items()}


def _measured(value: float | None) -> float:
    return math.inf if value is None or math.isnan(value) else float(value)


def keys(held: Iterable[dict[str, float]]) -> list[str]:
    """Every constraint that any trial has."""
    return sorted({key for one in held for key in one})


def slacks(held: Sequence[dict[str, float]], key: str) -> Float[Array, " n"]:
    """What a constraint leaves, shape [n]; NaN for trials without it."""
    return -np.array([one.get(key, np.nan) for one in held], dtype=float)


def feasible(held: Sequence[dict[str, float]]) -> Bool[Array, " n"]:
    """Which trials break no constraint; one without any is feasible."""
    return np.array([all(value <= 0.0 for value in one.values()) for one in held], dtype=bool)


def bilog(slack: Float[Array, " n"], unit: float) -> Float[Array, " n"]:
    """sign(s) log(1 + |s|): fine near the border only (Eriksson & Poloczek 2021).

    What is infinite is drawn to the farthest finite value on its side of the border, at least one
    unit away from it; NaN stays.
    """
    finite = np.isfinite(slack)
    with np.errstate(over="ignore"):
        scaled = np.clip(slack / unit, -_FAR, _FAR)
    low, high = scaled.min(where=finite, initial=-1.0), scaled.max(where=finite, initial=1.0)
    scaled = np.clip(scaled, low, high)
    return np.sign(scaled) * np.log1p(np.abs(scaled))


def usual_size(slack: Float[Array, " n"]) -> float:
    """The usual size of a constraint's values: the median of those that are neither 0 nor inf."""
    sizes = np.abs(slack)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0.0)]
    return float(np.median(np.minimum(sizes, _HUGE))) if len(sizes) else 1.0


@dataclass(frozen=True)
class Slack:
    """What a constraint leaves in the trials of a study.

    Args:
        values: Feasible at 0 and above, shape [n]; NaN where it was not measured.
        unit: Their usual size.
    """

    values: Float[Array, " n"]
    unit: float

    @property
    def is_told(self) -> bool:
        """Whether any value is finite, so that the unit means something."""
        return bool(np.isfinite(self.values).any())


def slacks_of(trials: Sequence[FrozenTrial]) -> dict[str, Slack]:
    """What each constraint that any of the trials has leaves in them."""
    held = [constraints_of(trial, None) for trial in trials]
    found = {key: slacks(held, key) for key in keys(held)}
    return {key: Slack(values, usual_size(values)) for key, values in found.items()}
