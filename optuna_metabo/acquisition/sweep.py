"""Coordinate search along axes that have no slope: categories, grids, the branches of a tree.

A sweep looks at the neighbours of every point along every discrete axis in one call of the
function: at all values of a short axis, at growing distances along a long one. Then the moves
that help are tried together, the best two, four, ... of them, so that a point far from its optimum
does not need one sweep for each axis.
"""

from __future__ import annotations

import math

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition.ascent import Acquisition
from optuna_metabo.acquisition.subspace import Subspace
from optuna_metabo.domain import Dimension
from optuna_metabo.shapes import Float, Int

# All values of a numeric axis with so many are looked at.
_MAX_SHORT = 16
# The most choices and the most neighbours that are looked at; drawn where there are more.
_MAX_CHOICES, _MAX_NEIGHBOURS = 64, 256
# How much farther each neighbour along a long axis is than the one before.
_FARTHER = 4.0


def sweep(
    f: Acquisition,
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
        singles = _helpful(f, X[moving], values[moving], subspace, generator)
        joint = [_together(x, Z) for x, Z in zip(X[moving], singles, strict=True)]
        tried = [np.concatenate(pair) for pair in zip(singles, joint, strict=True)]
        row = np.repeat(moving, [len(Z) for Z in tried])
        if not len(row):
            break
        Z = _tidied(np.concatenate(tried), subspace)
        z_values, moving = f(Z), np.unique(row)
        for i in moving:
            best = np.flatnonzero(row == i)[z_values[row == i].argmax()]
            X[i], values[i] = Z[best], z_values[best]
    return X, values


def _tidied(X: Float[Array, "m p"], subspace: Subspace) -> Float[Array, "m p"]:
    """Points that hold values of the axes, after some of them changed."""
    return subspace.project(X) if subspace.domain.conditions else X


def _helpful(
    f: Acquisition,
    X: Float[Array, "k p"],
    values: Float[Array, " k"],
    subspace: Subspace,
    generator: np.random.Generator,
) -> list[Float[Array, "h p"]]:
    """For each row its neighbours that are better, the best along each axis, best first."""
    row, axis, Z = _neighbours(X, subspace, generator)
    z_values = f(Z) if len(Z) else np.zeros(0)
    order = np.argsort(-z_values, kind="stable")
    order = order[z_values[order] > values[row[order]]]
    _, first = np.unique(np.stack([row, axis])[:, order], axis=1, return_index=True)
    order = order[np.sort(first)]
    return [Z[order[row[order] == i]] for i in range(len(X))]


def _neighbours(
    X: Float[Array, "k p"], subspace: Subspace, generator: np.random.Generator
) -> tuple[Int[Array, " m"], Int[Array, " m"], Float[Array, "m p"]]:
    """Points that differ from a row along one discrete axis, with the row and the axis of each."""
    domain = subspace.domain
    present = domain.present(X)
    rows, axes, indices = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
    for j in np.flatnonzero(subspace.free):
        axis = domain.dimensions[j]
        if math.isfinite(axis.size):
            row, index = _others(axis, axis.nearest(X[:, domain.slices[j]]), generator)
            exists = present[row, j]
            rows.append(row[exists])
            indices.append(index[exists])
            axes.append(np.full(len(rows[-1]), j))
    n = sum(map(len, rows))
    chosen = _drawn(n, len(X) * _MAX_NEIGHBOURS, generator)
    row, moved, index = (np.concatenate(part)[chosen] for part in (rows, axes, indices))
    Z = X[row]
    for j in np.unique(moved):
        Z[moved == j, domain.slices[j]] = domain.dimensions[j].at(index[moved == j])
    return row, moved, _tidied(Z, subspace)


def _others(
    axis: Dimension, here: Float[Array, " k"], generator: np.random.Generator
) -> tuple[Int[Array, " m"], Float[Array, " m"]]:
    """For each value of an axis the others to be looked at: its number and their indices."""
    if axis.n_choices or axis.size <= _MAX_SHORT:
        index = np.tile(
            _drawn(int(axis.size), _MAX_CHOICES, generator).astype(float), (len(here), 1)
        )
    else:
        far = _FARTHER ** np.arange(math.ceil(math.log(axis.size, _FARTHER)))
        index = here[:, None] + np.concatenate([-far, far])
    wanted = (index != here[:, None]) & (index >= 0.0) & (index < axis.size)
    return np.nonzero(wanted)[0], index[wanted]


def _drawn(n: int, most: int, generator: np.random.Generator) -> Int[Array, " m"]:
    """All numbers below ``n``, or so many of them."""
    return np.arange(n) if n <= most else generator.choice(n, most, replace=False)


def _together(x: Float[Array, " p"], Z: Float[Array, "h p"]) -> Float[Array, "j p"]:
    """The first two moves from ``x`` at once, the first four, and so on, and all."""
    joint, moved = [], x
    for i, z in enumerate(Z, start=1):
        moved = np.where(z == x, moved, z)
        if i > 1 and (i == len(Z) or i & (i - 1) == 0):
            joint.append(moved)
    return np.array(joint).reshape(len(joint), len(x))
