"""What is to be expected of a point that a past study never came near.

Scores of trials have mean 0. Where trials are spread evenly, that is what a point is worth on
average. A search is crowded around what it found: its middling trial is nearly its best, and
places where it never was would be thought nearly as good, better than all that it left for worse.
The mean by generalised least squares counts a crowd of trials about once,

    mu = 1ᵀ K⁻¹ y / 1ᵀ K⁻¹ 1

(Rasmussen & Williams 2006, eq. 2.42, with one constant basis function and a vague prior); here
1ᵀ K⁻¹ 1 is how many independent values the trials amount to. It is believed where they amount to
half of what as many points do that are spread evenly, and in part up to three quarters.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.gp.exact import GP, Batch, lower_solve, transposed_solve
from optuna_metabo.gp.kernel import Hyperparameters
from optuna_metabo.shapes import Float, Int

# Random points amount to a few fewer, and they are not crowded; those that amount to so few are.
_BY_CHANCE, _CROWDED = 0.75, 0.5


def levels(
    data: Batch, theta: Hyperparameters, groups: Int[Array, " p"], even: Float[Array, "n p"]
) -> Float[Array, " k"]:
    """Of each of k sources.

    Args:
        data: Their scores.
        theta: Their hyperparameters.
        groups: The axis of each column.
        even: Points spread evenly, as many as the longest source has.
    """
    shape = (*data.y.shape, even.shape[1])
    spread = replace(data, X=np.broadcast_to(even, shape), counts=np.ones_like(data.counts))
    weights, most = (_weights(one, theta, groups) for one in (data, spread))
    part = weights.sum(axis=1) / most.sum(axis=1)
    crowded = (_BY_CHANCE - part) / (_BY_CHANCE - _CROWDED)
    mean = np.sum(weights * data.y, axis=1) / weights.sum(axis=1)
    return np.clip(crowded, 0.0, 1.0) * mean


def _weights(data: Batch, theta: Hyperparameters, groups: Int[Array, " p"]) -> Float[Array, "k n"]:
    """K⁻¹ 1 of each source, 0 where padded."""
    L = GP.condition(data, theta, groups).L
    ones = data.mask.astype(float)[..., None]
    return np.asarray(transposed_solve(L, lower_solve(L, ones))[..., 0])
