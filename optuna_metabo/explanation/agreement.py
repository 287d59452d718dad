"""Whether a past study and the new one order points alike: Kendall's tau, its interval, a word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.shapes import Float

Word = Literal["agrees", "says nothing", "untested", "opposed"]

# The variance of atanh(tau) over n points is 0.437 / (n - 4).
_VARIANCE, _LOST = 0.437, 4
# Of so many points and fewer what chance does is counted: the tails of a normal distribution are
# too thin for intervals of .05 / 20. Of twenty unrelated past studies one seemed to agree or to be
# opposed in .09 of the reports after 6 trials, .08 after 20.
_COUNTED = 60
# How far rounding moves tau, counted in pairs, at most.
_ROUNDING = 1e-9
# How often the interval of one study may miss.
ERROR = 0.05
# The part of what a past study expects of its own points that others are to span. Thirty past
# studies of twenty parameters, with a tau of .35 and more over the whole space: after 20 trials 26
# of 90 seemed opposed, and none was spanned by more than .29; thirty of them with their values
# negated were, after 10 trials, by .39 to 1.11.
_SPANNED = 0.5


def tau(predicted: Float[Array, " n"], y: Float[Array, " n"]) -> float | None:
    """Kendall's tau-a: the pairs in one order less those in the other, of all pairs.

    Tied pairs are in neither, so that ties make no word more likely, which they do with tau-b:
    with values out of three one of twenty unrelated past studies seemed to agree or to be opposed
    in .15 to .36 of the reports. ``None`` of fewer than two points.
    """
    if len(y) < 2:
        return None
    found = float(scipy.stats.kendalltau(predicted, y).statistic)
    return found * math.sqrt(_untied(predicted) * _untied(y)) if math.isfinite(found) else 0.0


def _untied(values: Float[Array, " n"]) -> float:
    """Of all pairs the part that differs."""
    n, counts = len(values), np.unique(values, return_counts=True)[1]
    return 1.0 - float(np.sum(counts * (counts - 1.0))) / (n * (n - 1))


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
    p = np.sort([_chance(one, n) for one in taus])
    allowed = ERROR * np.arange(1, k + 1) / k
    kept = np.flatnonzero(p <= allowed)
    return float(allowed[kept[-1] if len(kept) else 0])


def interval(tau: float, n: int, error: float = ERROR) -> tuple[float, float]:
    """A confidence interval for Kendall's tau over ``n`` points that misses so often.

    On the scale of ``atanh`` (Fieller, Hartley & Pearson 1957, "Tests for rank correlation
    coefficients I"), and so wide that it holds 0 where a tau as large is found so often by chance.
    Of four points and fewer anything is possible. It holds tau itself.
    """
    bound = _found_by_chance(error, n)
    if n <= _LOST or bound >= 1.0:
        return -1.0, 1.0
    z, usual = math.atanh(_proved(tau, n)), -float(scipy.special.ndtri(0.5 * error))
    half = max(usual * math.sqrt(_VARIANCE / (n - _LOST)), math.atanh(bound))
    return min(tau, float(np.tanh(z - half))), max(tau, float(np.tanh(z + half)))


def word(tau: float | None, n: int, error: float = ERROR, *, is_spread: bool = True) -> Word:
    """Whether they agree or are opposed: where the interval leaves 0 out, else neither.

    One whose points do not tell is not opposed but untested.
    """
    low, high = (-1.0, 1.0) if tau is None else interval(tau, n, error)
    if low > 0.0:
        return "agrees"
    if high >= 0.0:
        return "says nothing"
    return "opposed" if is_spread else "untested"


def _proved(tau: float, n: int) -> float:
    """Tau, but of 1 one with half a pair the other way round: a perfect order of few points proves
    no perfect one.
    """
    most = 1.0 - 2.0 / (n * (n - 1))
    return min(max(tau, -most), most)


def _chance(tau: float, n: int) -> float:
    """How often chance finds a tau as far from 0."""
    found = abs(_proved(tau, n))
    if n > _COUNTED:
        return 2.0 * float(scipy.special.ndtr(-found / _deviation(n)))
    other_way = math.ceil(0.25 * n * (n - 1) * (1.0 - found) - _ROUNDING)
    return 2.0 * float(_orders(n)[other_way])


def _found_by_chance(error: float, n: int) -> float:
    """The tau that chance exceeds, to either side, no more often; 1 where it may find any."""
    if n > _COUNTED:
        return -float(scipy.special.ndtri(0.5 * error)) * _deviation(n)
    n_rare = int(np.sum(2.0 * _orders(n) <= error))
    return 1.0 - (4.0 * n_rare - 3.0) / (n * (n - 1)) if n_rare else 1.0


def _deviation(n: int) -> float:
    """That of tau by chance."""
    return math.sqrt(2.0 * (2 * n + 5) / (9.0 * n * (n - 1)))


@lru_cache(maxsize=8)
def _orders(n: int) -> Float[Array, " m"]:
    """Of all orders of ``n`` points the part that has 0, 1, … pairs and fewer the other way round.

    The k-th point has between 0 and k - 1 of those before it behind it (Kendall 1938, "A new
    measure of rank correlation").
    """
    found = np.ones(1)
    for k in range(2, n + 1):
        found = np.convolve(found, np.full(k, 1.0 / k))
    return np.cumsum(found)
