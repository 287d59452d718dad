"""How well predictions order observations; the memory is that of the predictions."""

from __future__ import annotations

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.shapes import Float, Int


def ranking_loss(f: Float[Array, "*batch n"], y: Float[Array, " n"]) -> Float[Array, "*batch"]:
    """The share of pairs, among those whose observations differ, that ``f`` orders wrongly.

        mean over y_i < y_j of [f_i > f_j] + [f_i = f_j] / 2

    A pair of equal observations says nothing and is left out; a pair of equal predictions counts
    half, so that a constant prediction scores 1/2 like a random one. Without any pair it is 1/2.
    """
    order = np.argsort(y, kind="stable")
    n_lower = np.searchsorted(y[order], y[order], side="left")
    if not n_lower.any():
        return np.full(f.shape[:-1], 0.5)
    # Places in the order of the predictions, one row an observation: small numbers, for speed.
    ranks = scipy.stats.rankdata(f[..., order].reshape(-1, len(y)), method="dense", axis=1).T
    ranks = np.ascontiguousarray(ranks, dtype=np.min_scalar_type(len(y)))
    twice_wrong = np.zeros(ranks.shape[1], dtype=np.int64)
    for rank, n in zip(ranks, n_lower.tolist(), strict=True):
        twice_wrong += _count(ranks[:n] > rank) + _count(ranks[:n] >= rank)
    return np.asarray(twice_wrong.reshape(f.shape[:-1]) / 2 / n_lower.sum())


def _count(holds: Array) -> Int[Array, " m"]:
    """The number of true entries of each column; 65535 at most."""
    return np.add.reduce(holds.view(np.uint8), axis=0, dtype=np.uint16).astype(np.int64)


def held_out_ranking_loss(
    f: Float[Array, "*batch n"], y: Float[Array, " n"]
) -> Float[Array, "*batch"]:
    """As :func:`ranking_loss`, for leave-one-out predictions (Feurer et al. 2018, section 3.2).

        mean over y_i < y_j of the mean of [f_i > y_j] and [y_i > f_j], ties counting half

    Each prediction is compared with the *observations* of all other points, since predictions
    that were made without different points are not comparable with each other.
    """
    values = np.sort(y)
    n_lower, n_not_higher = (np.searchsorted(values, y, side) for side in ("left", "right"))
    if not n_lower.any():
        return np.full(f.shape[:-1], 0.5)
    twice_wrong = np.zeros(f.shape[:-1], dtype=np.int64)
    for side in ("left", "right"):  # observations below a prediction, without those equal and with
        place = np.searchsorted(values, f, side)
        twice_wrong += np.maximum(place - n_not_higher, 0).sum(axis=-1)
        twice_wrong += np.maximum(n_lower - place, 0).sum(axis=-1)
    return np.asarray(twice_wrong / 4 / n_lower.sum())
