"""Values on a scale on which tasks can be compared."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array
from scipy.special import ndtri
from scipy.stats import rankdata

# Values further below the median than the best is above it, times this, are drawn up to there:
# a diverged training says "bad", and how bad must not set the scale.
_WINSOR = 2.0


def winsorise(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Draws very low values up; the order of all others stays, and so does the best."""
    median = np.median(y)
    return np.asarray(np.maximum(y, median - _WINSOR * (y.max() - median)))


def normal_scores(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Ranks as quantiles of the standard normal; ties get their mean rank.

    The Gaussian copula of Salinas, Shen & Perrone 2020: invariant to any increasing transform of
    the values.
    """
    return np.asarray(ndtri((rankdata(y) - 0.5) / len(y)))


def tempered_scores(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Half standardised winsorised values, half standardised normal scores.

    Ranks alone forget how much better the best is, values alone hang on their units. Their mean
    led to less regret than either on each family of tasks in docs/results.
    """
    return 0.5 * (_standardise(winsorise(y)) + _standardise(normal_scores(y)))


def _standardise(y: Float[Array, " n"]) -> Float[Array, " n"]:
    scale = y.std()
    return np.asarray((y - y.mean()) / (scale if scale > 0.0 else 1.0))
