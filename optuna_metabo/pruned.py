"""What pruned trials are worth, by their last reports: a number to be maximised for each."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set

import numpy as np
from numpy import ndarray as Array
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.shapes import Float
from optuna_metabo.thinning import evenly

# Reports beyond this are as good as infinite: differences of two must stay floats.
_HUGE = 1e300
# So many completed trials tell where a pruned one stands.
_MAX_PEERS = 300


def by_progress(trials: Sequence[FrozenTrial], sign: float) -> Float[Array, " n"]:
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


def by_peers(
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
