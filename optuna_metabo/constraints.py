"""The constraints of a trial as numbers, and which trials are feasible.

Inside, a constraint is to be maximised by what it leaves, ``slack = -value``, so that a trial is
feasible at 0 and above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.shapes import Bool, Float

# Sizes beyond this are as good as infinite.
_HUGE = 1e300
# A constraint's values beyond so many units are all the same.
_FAR = 1e100

ConstraintsFunc = Callable[[FrozenTrial], Sequence[float]]


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
