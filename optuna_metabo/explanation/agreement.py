"""Whether a past study and the new one order points alike: Kendall's tau, its interval, a word."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.shapes import Float

Word = Literal["agrees", "says nothing", "opposed"]

# The variance of atanh(tau) over n points is 0.437 / (n - 4).
_VARIANCE, _LOST = 0.437, 4
# Of a standard normal: the half width of its central interval of 95 %.
_HALF_WIDTH = 1.96


def tau(predicted: Float[Array, " n"], y: Float[Array, " n"]) -> float | None:
    """Kendall's tau-b; 0 where one of them is constant, ``None`` of fewer than two points."""
    if len(y) < 2:
        return None
    found = float(scipy.stats.kendalltau(predicted, y).statistic)
    return found if math.isfinite(found) else 0.0


def interval(tau: float, n: int) -> tuple[float, float]:
    """A confidence interval of 95 % for Kendall's tau over ``n`` points.

    On the scale of ``atanh`` (Fieller, Hartley & Pearson 1957, "Tests for rank correlation
    coefficients I"). Of four points and fewer anything is possible. A tau of 1 is taken for one
    with half a pair the other way round: a perfect order of few points proves no perfect one. It
    holds tau itself.
    """
    if n <= _LOST:
        return -1.0, 1.0
    most = 1.0 - 2.0 / (n * (n - 1))
    z = math.atanh(min(max(tau, -most), most))
    half = _HALF_WIDTH * math.sqrt(_VARIANCE / (n - _LOST))
    return min(tau, float(np.tanh(z - half))), max(tau, float(np.tanh(z + half)))


def word(tau: float | None, n: int) -> Word:
    """Whether they agree or are opposed: where the interval leaves 0 out, else neither."""
    low, high = (-1.0, 1.0) if tau is None else interval(tau, n)
    if low > 0.0:
        return "agrees"
    return "opposed" if high < 0.0 else "says nothing"
