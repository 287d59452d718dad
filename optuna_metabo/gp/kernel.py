"""The Matérn-5/2 kernel with one lengthscale a column (Rasmussen & Williams 2006, eq. 4.17).

k(x, x') = outputscale (1 + sqrt(5) r + 5/3 r²) exp(-sqrt(5) r),
r²       = sum_j (x_j - x'_j)² / lengthscale_j²
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Float

_SQRT5 = np.sqrt(5.0)


@dataclass(frozen=True)
class Hyperparameters:
    """Of one GP or, with leading batch dimensions, of several.

    Args:
        lengthscale: Shape [*batch d], one an axis; infinite switches an axis off.
        outputscale: Shape [*batch], the variance of the function.
        noise: Shape [*batch], the variance of an observation.
    """

    lengthscale: Float[Array, "*batch d"]
    outputscale: Float[Array, "*batch"]
    noise: Float[Array, "*batch"]


def squared_distance(
    X: Float[Array, "*batch n p"],
    Z: Float[Array, "*batch m p"],
    lengthscale: Float[Array, "*batch p"],
) -> Float[Array, "*batch n m"]:
    """r² between all rows, by the binomial formula, so that a matrix product does the work."""
    X = X / lengthscale[..., None, :]
    Z = Z / lengthscale[..., None, :]
    r2 = X @ np.swapaxes(Z, -1, -2)
    r2 *= -2.0
    r2 += (X**2).sum(-1)[..., :, None]
    r2 += (Z**2).sum(-1)[..., None, :]
    return np.maximum(r2, 0.0, out=r2)


def correlation(
    X: Float[Array, "*batch n p"],
    Z: Float[Array, "*batch m p"],
    lengthscale: Float[Array, "*batch p"],
) -> Float[Array, "*batch n m"]:
    """k(x, z) between all rows, with an outputscale of 1."""
    return matern52(squared_distance(X, Z, lengthscale))


def matern52(r2: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The correlation at squared distance ``r2``."""
    scaled = 5.0 * r2
    return matern52_from_scaled(scaled, np.empty_like(scaled))


def matern52_from_scaled(
    r2: Float[Array, "*shape"], r: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """As :func:`matern52` in the memory of ``r2``, which holds 5 r² and is overwritten.

    Args:
        r2: Five times the squared distance; below 0 only by rounding.
        r: Memory to work in.
    """
    # (1 + r + r² / 3) exp(-r) step by step: memory is what takes time.
    np.maximum(r2, 0.0, out=r2)
    np.sqrt(r2, out=r)
    r2 *= 1.0 / 3.0
    r2 += r
    r2 += 1.0
    np.negative(r, out=r)
    np.exp(r, out=r)
    r2 *= r
    return r2


def matern52_slope(r2: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The derivative of :func:`matern52` by ``r2``."""
    r = _SQRT5 * np.sqrt(r2)
    return -5.0 / 6.0 * (1.0 + r) * np.exp(-r)
