"""Whether a past study and the new one order points alike: Kendall's tau, its interval, a word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.shapes import Float

Word = Literal["agrees", "says nothing", "opposed"]

# The variance of atanh(tau) over n points is 0.437 / (n - 4).
_VARIANCE, _LOST = 0.437, 4
# How often the interval of one study may miss.
ERROR = 0.05
# The part of what a past study expects of its own points that others are to span. Thirty past
# studies of twenty parameters, with a tau of .35 and more over the whole space: after 20 trials 26
# of 90 seemed opposed, and none was spanned by more than .29; thirty of them with their values
# negated were, after 10 trials, by .39 to 1.11.
_SPANNED = 0.5


def tau(predicted: Float[Array, " n"], y: Float[Array, " n"]) -> float | None:
    """Kendall's tau-b; 0 where one of them is constant, ``None`` of fewer than two points."""
    if len(y) < 2:
        return None
    found = float(scipy.stats.kendalltau(predicted, y).statistic)
    return found if math.isfinite(found) else 0.0


def is_spread(predicted: Float[Array, " n"], own: Float[Array, " m"]) -> bool:
    """Whether points are also such of which a past study expects little, as it does of its own.

    A trial lies where much is expected, or where other values were good: among such trials the
    one stands in for the other, and what agrees everywhere else seems opposed (Berkson 1946,
    "Limitations of the application of fourfold table analysis to hospital data").
    """
    return bool(np.ptp(predicted) >= _SPANNED * np.ptp(own))


def error_of_each(taus: Sequence[float], n: int) -> float:
    """How often each interval may miss so that of those that leave 0 out one in twenty does.

    The more are looked at the less, the more of them leave 0 out the more: .05 R / k where R of k
    do (Benjamini & Yekutieli 2005, "False discovery rate-adjusted multiple confidence intervals
    for selected parameters").
    """
    k = len(taus)
    if n <= _LOST or not k:
        return ERROR
    z = np.array([_z(one, n) for one in taus])
    p = np.sort(2.0 * scipy.special.ndtr(-np.abs(z) / _deviation(n)))
    allowed = ERROR * np.arange(1, k + 1) / k
    kept = np.flatnonzero(p <= allowed)
    return float(allowed[kept[-1] if len(kept) else 0])


def interval(tau: float, n: int, error: float = ERROR) -> tuple[float, float]:
    """A confidence interval for Kendall's tau over ``n`` points that misses so often.

    On the scale of ``atanh`` (Fieller, Hartley & Pearson 1957, "Tests for rank correlation
    coefficients I"). Of four points and fewer anything is possible. It holds tau itself.
    """
    if n <= _LOST:
        return -1.0, 1.0
    z, half = _z(tau, n), -float(scipy.special.ndtri(0.5 * error)) * _deviation(n)
    return min(tau, float(np.tanh(z - half))), max(tau, float(np.tanh(z + half)))


def word(tau: float | None, n: int, error: float = ERROR, *, is_spread: bool = True) -> Word:
    """Whether they agree or are opposed: where the interval leaves 0 out, else neither.

    Opposed is none whose points do not tell.
    """
    low, high = (-1.0, 1.0) if tau is None else interval(tau, n, error)
    if low > 0.0:
        return "agrees"
    return "opposed" if high < 0.0 and is_spread else "says nothing"


def _z(tau: float, n: int) -> float:
    """``atanh`` of tau. One of 1 is taken for one with half a pair the other way round: a perfect
    order of few points proves no perfect one.
    """
    most = 1.0 - 2.0 / (n * (n - 1))
    return math.atanh(min(max(tau, -most), most))


def _deviation(n: int) -> float:
    return math.sqrt(_VARIANCE / (n - _LOST))
