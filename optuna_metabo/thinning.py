"""Which points of a long task are kept, by what the task is for.

Each rule takes the values ``y``, shape [n], and returns the rows to keep, ascending: all of them
if there are at most ``most``, else exactly so many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Float, Int

Rule = Callable[[Float[Array, " n"], int], Int[Array, " k"]]

# What is kept for lying near a border; the rest says what is far from it. With 128 of 1000 points
# in 2 and 5 dimensions the log loss of what is feasible elsewhere was .003 and .09 with a half,
# .12 and .10 with three quarters, .08 and .71 with the nearest alone, .04 and .23 by rank.
_NEAR_SHARE = 0.5
# Of what happens often at least an eighth is kept, so that it does not look like the exception.
_COMMON_SHARE = 0.125


def by_rank(y: Float[Array, " n"], most: int) -> Int[Array, " k"]:
    """Half the best, half an even spread of the other ranks: for a task with a best."""
    order = np.argsort(-y, kind="stable")
    best, rest = np.split(order, [most // 2])
    return np.sort(np.concatenate([best, evenly(rest, most - len(best))]))


def by_even_ranks(y: Float[Array, " n"], most: int) -> Int[Array, " k"]:
    """An even spread of all ranks: for what holds of good and bad values alike."""
    return np.sort(evenly(np.argsort(y, kind="stable"), most))


def near_zero(y: Float[Array, " n"], most: int) -> Int[Array, " k"]:
    """Half the smallest absolute values, half an even spread of the others: for a constraint."""
    order = np.argsort(np.abs(y), kind="stable")
    near, far = np.split(order, [int(most * _NEAR_SHARE)])
    by_value = far[np.argsort(y[far], kind="stable")]
    return np.sort(np.concatenate([near, evenly(by_value, most - len(near))]))


def rare_first(y: Float[Array, " n"], most: int) -> Int[Array, " k"]:
    """All of the rarer value, and an even spread of the other rows: for success and failure.

    The spread is even in the order given. Where the rarer value would leave less than an eighth
    to the other rows, each gets half.
    """
    if not len(y):
        return np.arange(0)
    values, counts = np.unique(y, return_counts=True)
    is_rare = y == values[counts.argmin()]
    rare, common = np.flatnonzero(is_rare), np.flatnonzero(~is_rare)
    if len(rare) > most * (1.0 - _COMMON_SHARE):
        rare = evenly(rare, max(most // 2, most - len(common)))
    return np.sort(np.concatenate([rare, evenly(common, most - len(rare))]))


def of_several(outputs: Sequence[tuple[Float[Array, " n"], Rule]], most: int) -> Int[Array, " k"]:
    """At most so many of points with several outputs: an equal number for each, by its rule.

    Where an output is NaN it says nothing, and no point is kept for its sake.
    """
    n = len(outputs[0][0])
    if n <= most:
        return np.arange(n)
    told = [np.flatnonzero(~np.isnan(y)) for y, _ in outputs]
    share = most // len(outputs)
    parts = [rows[rule(y[rows], share)] for rows, (y, rule) in zip(told, outputs, strict=True)]
    return np.unique(np.concatenate(parts))


def evenly(rows: Int[Array, " n"], count: int) -> Int[Array, " k"]:
    """So many of the rows, the first and of two and more the last among them; all if there are not
    more.
    """
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]
