"""Coordinate search along axes that have no slope: categories, grids, the branches of a tree.

A sweep looks at the neighbours of every point along every discrete axis in one call of the
function: at all values of a short axis, at growing distances along a long one. Then the moves
that help are tried together, the best two, four, ... of them, so that a point far from its optimum
does not need one sweep for each axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray as Array

from optuna_metabo.acquisition.subspace import Subspace
from optuna_metabo.domain import Dimension

Function = Callable[[Float[Array, "m p"]], Float[Array, " m"]]

# All values of a numeric axis with so many are looked at.
_MAX_SHORT = 16
# The most values of one categorical axis, and neighbours of one point; drawn where there are more.
_MAX_CHOICES, _MAX_NEIGHBOURS = 64, 256
# How much farther each neighbour along a long axis is than the one before.
_FARTHER = 4.0


def sweep(
    f: Function,
    X: Float[Array, "k p"],
    values: Float[Array, " k"],
    subspace: Subspace,
    *,
    n_sweeps: int,
    generator: np.random.Generator,
) -> tuple[Float[Array, "k p"], Float[Array, " k"]]:
    """Improves every row along the discrete axes until no single move helps.

    Args:
        f: To be maximised; minus infinity where no row may go.
        X: Points of the subspace.
        values: The function there.
        subspace: Where they may move.
        n_sweeps: The most sweeps.
        generator: Draws among very many neighbours.
    """
    X, values = X.copy(), values.copy()
    moving = np.arange(len(X))
    for _ in range(n_sweeps):
        around = [_neighbours(x, subspace, generator) for x in X[moving]]
        found = _looks(f, [Z for _, Z in around])
        singles = [
            _helpful(axis, Z, seen, values[row])
            for row, (axis, Z), seen in zip(moving, around, found, strict=True)
        ]
        joint = [
            subspace.project(_together(x, Z)) for x, Z in zip(X[moving], singles, strict=True)
        ]
        tried = [np.concatenate(pair) for pair in zip(singles, joint, strict=True)]
        before = values.copy()
        for row, Z, seen in zip(moving, tried, _looks(f, tried), strict=True):
            if len(Z):
                X[row], values[row] = Z[seen.argmax()], seen.max()
        moving = np.flatnonzero(values > before)
    return X, values


def _looks(f: Function, parts: Sequence[Float[Array, "m p"]]) -> list[Float[Array, " m"]]:
    """The function at several sets of points in one call."""
    if not sum(len(part) for part in parts):
        return [np.zeros(0)] * len(parts)
    ends = np.cumsum([len(part) for part in parts])
    return np.split(f(np.concatenate(parts)), ends[:-1])


def _neighbours(
    x: Float[Array, " p"], subspace: Subspace, generator: np.random.Generator
) -> tuple[Int[Array, " m"], Float[Array, "m p"]]:
    """Points that differ from ``x`` along one discrete axis, and the numbers of these axes."""
    domain = subspace.domain
    movable = subspace.free & domain.present(x[None])[0]
    axes, Z = [np.zeros(0, dtype=int)], [np.zeros((0, len(x)))]
    for j in np.flatnonzero(movable):
        axis, part = domain.dimensions[j], domain.slices[j]
        if math.isfinite(axis.size):
            places = axis.at(_indices(axis, x[part], generator))
            Z.append(np.tile(x, (len(places), 1)))
            Z[-1][:, part] = places
            axes.append(np.full(len(places), j))
    chosen = _drawn(sum(map(len, axes)), _MAX_NEIGHBOURS, generator)
    return np.concatenate(axes)[chosen], subspace.project(np.concatenate(Z)[chosen])


def _indices(
    axis: Dimension, columns: Float[Array, " c"], generator: np.random.Generator
) -> Float[Array, " m"]:
    """The other values of an axis that are near enough to be looked at."""
    here = axis.nearest(columns[None])[0]
    if axis.n_choices:
        others = np.arange(axis.n_choices, dtype=float)
    elif axis.size <= _MAX_SHORT:
        others = np.arange(axis.size)
    else:
        far = _FARTHER ** np.arange(math.ceil(math.log(axis.size, _FARTHER)))
        others = np.unique(np.clip(here + np.concatenate([-far, far]), 0.0, axis.size - 1.0))
    others = others[others != here]
    return others[_drawn(len(others), _MAX_CHOICES, generator)]


def _drawn(n: int, most: int, generator: np.random.Generator) -> Int[Array, " m"]:
    """All indices below ``n``, or so many of them."""
    return np.arange(n) if n <= most else generator.choice(n, most, replace=False)


def _helpful(
    axis: Int[Array, " m"], Z: Float[Array, "m p"], seen: Float[Array, " m"], value: float
) -> Float[Array, "h p"]:
    """Of the neighbours that are better than ``value`` the best along each axis, best first."""
    order = np.argsort(-seen, kind="stable")
    order = order[seen[order] > value]
    _, first = np.unique(axis[order], return_index=True)
    return Z[order[np.sort(first)]]


def _together(x: Float[Array, " p"], Z: Float[Array, "h p"]) -> Float[Array, "j p"]:
    """The first two moves from ``x`` at once, the first four, and so on, and all."""
    joint, moved = [], x.copy()
    for i, z in enumerate(Z, start=1):
        moved = np.where(z == x, moved, z)
        if i > 1 and (i == len(Z) or i & (i - 1) == 0):
            joint.append(moved)
    return np.array(joint).reshape(len(joint), len(x))
