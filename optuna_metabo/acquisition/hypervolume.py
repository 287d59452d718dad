"""The logarithm of expected hypervolume improvement, for independent objectives.

The region that no point of the front dominates is cut into boxes (l, u]; then, exactly,

    EHVI(x) = sum over boxes of prod_i (E[(f_i - l_i)⁺] - E[(f_i - u_i)⁺])

(Yang et al. 2019, "Efficient computation of expected hypervolume improvement"). Everything is
maximised.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.acquisition.logei import log_expected_improvement
from optuna_metabo.shapes import Bool, Float
from optuna_metabo.surrogate import Posterior

# The lower and the upper ones of boxes.
Corners = tuple[Float[Array, "b m"], Float[Array, "b m"]]

# Fronts are thinned until they cut space into at most about so many boxes.
_MAX_BOXES = 512


def nondominated(Y: Float[Array, "n m"]) -> Bool[Array, " n"]:
    """Which rows no other row dominates; of equal rows one."""
    front = np.zeros(len(Y), dtype=bool)
    # In descending lexicographic order a row comes after all that dominate it.
    for i in np.lexsort(-Y.T[::-1]):
        front[i] = not (Y[front] >= Y[i]).all(axis=1).any()
    return front


def thin(front: Float[Array, "k m"]) -> Float[Array, "j m"]:
    """The front, or so many of its points, each far from the others, as can be cut into boxes."""
    k, m = front.shape
    side = _MAX_BOXES ** (1.0 / max(m - 1, 1))
    most = max(int(round(side, 9)) - 1, 2)  # of 512 the third root is 7.999... in floats
    if k <= most:
        return front
    scaled = (front - front.min(axis=0)) / np.maximum(np.ptp(front, axis=0), 1e-300)
    chosen = [int(front[:, 0].argmax())]
    distance = np.full(k, np.inf)
    while len(chosen) < most:
        distance = np.minimum(distance, np.sum((scaled - scaled[chosen[-1]]) ** 2, axis=1))
        chosen.append(int(distance.argmax()))
    return front[chosen]


def boxes(front: Float[Array, "k m"], reference: Float[Array, " m"]) -> Corners:
    """Lower and upper corners of boxes that tile what is above the reference and not dominated.

    Space is cut into slabs along the last axis; within one, the points that reach above it
    dominate as they do in the space of the other axes.
    """
    if front.shape[1] == 1:
        low = max(float(front.max(initial=-np.inf)), float(reference[0]))
        return np.array([[low]]), np.array([[np.inf]])
    front = front[(front > reference).all(axis=1)]
    levels = np.unique(np.r_[reference[-1], front[:, -1]])
    lower, upper = [], []
    for low, high in zip(levels, np.r_[levels[1:], np.inf], strict=True):
        part = boxes(front[front[:, -1] >= high, :-1], reference[:-1])
        lower.append(np.column_stack([part[0], np.full(len(part[0]), low)]))
        upper.append(np.column_stack([part[1], np.full(len(part[1]), high)]))
    return np.concatenate(lower), np.concatenate(upper)


def log_expected_hypervolume_improvement(
    posteriors: Sequence[Posterior], corners: Corners
) -> Float[Array, " n"]:
    """Log EHVI of independent objectives.

    Args:
        posteriors: One for each of the m objectives, at n points.
        corners: The lower and upper corners of :func:`boxes`.
    """
    total: Float[Array, "b n"] | float = 0.0
    for i, posterior in enumerate(posteriors):
        levels, index = np.unique(np.r_[corners[0][:, i], corners[1][:, i]], return_inverse=True)
        gains = np.stack([_log_gain(posterior, level) for level in levels])
        above, beyond = gains[index[: len(index) // 2]], gains[index[len(index) // 2 :]]
        total = total + above + np.log(-np.expm1(np.minimum(beyond - above, -1e-300)))
    return np.asarray(scipy.special.logsumexp(total, axis=0))


def _log_gain(posterior: Posterior, level: float) -> Float[Array, " n"]:
    """Log E[(f - level)⁺] of the mixture."""
    if np.isposinf(level):
        return np.full(posterior.means.shape[1], -np.inf)
    return log_expected_improvement(posterior, np.full(len(posterior.weights), level))
