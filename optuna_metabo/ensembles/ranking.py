"""How well predictions order observations."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array


def ranking_loss(f: Float[Array, "*batch n"], y: Float[Array, " n"]) -> Float[Array, "*batch"]:
    """The share of pairs, among those whose observations differ, that ``f`` orders wrongly.

        mean over y_i < y_j of [f_i > f_j] + [f_i = f_j] / 2

    A pair of equal observations says nothing and is left out; a pair of equal predictions counts
    half, so that a constant prediction scores 1/2 like a random one. Without any pair it is 1/2.
    """
    i, j = np.nonzero(y[:, None] < y[None, :])
    if not len(i):
        return np.full(f.shape[:-1], 0.5)
    difference = f[..., i] - f[..., j]
    return np.asarray(((difference > 0) + 0.5 * (difference == 0)).mean(axis=-1))


def held_out_ranking_loss(
    f: Float[Array, "*batch n"], y: Float[Array, " n"]
) -> Float[Array, "*batch"]:
    """As :func:`ranking_loss`, for leave-one-out predictions (Feurer et al. 2018, section 3.2).

    Each prediction is compared with the *observations* of all other points, since predictions
    that were made without different points are not comparable with each other.
    """
    i, j = np.nonzero(y[:, None] < y[None, :])
    if not len(i):
        return np.full(f.shape[:-1], 0.5)
    low, high = f[..., i] - y[j], y[i] - f[..., j]
    wrong = (low > 0) + 0.5 * (low == 0) + (high > 0) + 0.5 * (high == 0)
    return np.asarray(wrong.mean(axis=-1) / 2)
