"""Values on a scale on which tasks can be compared."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Float

# Values further below the median than the best is above it, times this, are drawn up to there:
# a diverged training says "bad", and how bad must not set the scale.
_WINSOR = 2.0
# Differences below this share of the largest value are rounding: of a mean of equal values, say.
_ROUNDING = 64 * float(np.finfo(float).eps)


def is_flat(y: Float[Array, " n"]) -> bool:
    """Whether the values, one at least, are all the same but for rounding."""
    return bool(np.ptp(y) <= _ROUNDING * np.abs(y).max())


def winsorise(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Draws very low values up; the order of all others stays, and so does the best.

    Where more than half of the values are as good as the best, the median says nothing of the
    scale: the median of the values that differ from the best takes its place.
    """
    best, middle = y.max(), np.median(y)
    rounding = _ROUNDING * np.abs(y).max()
    less_good = y[best - y > rounding]
    if not len(less_good):
        return y.copy()
    if best - middle <= rounding:
        middle = np.median(less_good)
    return np.asarray(np.maximum(y, middle - _WINSOR * (best - middle)))


def normal_scores(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Ranks as quantiles of the standard normal.

    The Gaussian copula of Salinas, Shen & Perrone 2020, "A quantile-based approach for
    hyperparameter transfer learning": invariant to any increasing transform of the values.
    """
    from scipy.special import ndtri  # here: importing the package does not wait for SciPy

    return np.asarray(ndtri((mid_ranks(y) - 0.5) / len(y)))


def mid_ranks(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """From 1 for the lowest value to n; ties get their mean rank."""
    _, group, counts = np.unique(y, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - 0.5 * (counts - 1))[group])


def tempered_scores(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Half standardised winsorised values, half standardised normal scores.

    Ranks alone forget how much better the best is, values alone hang on their units. Their mean
    led to less regret than either on each family of tasks in docs/results.
    """
    return 0.5 * (_standardise(winsorise(y)) + _standardise(normal_scores(y)))


def _standardise(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Mean 0 and deviation 1; values that are all the same become 0."""
    return np.zeros_like(y) if is_flat(y) else np.asarray((y - y.mean()) / y.std())
