"""Maximises an acquisition over a mixed domain: many candidates, then local search.

A small discrete domain is enumerated. Elsewhere quasi-random points and the given starts compete,
and the best few climb by random moves whose length shrinks: no gradient is needed, so that every
kind of axis and every surrogate is served alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray as Array

from optuna_metabo.domain import ONE_HOT, Dimension, Domain

Acquisition = Callable[[Float[Array, "m p"]], Float[Array, " m"]]

# Up to this many points, all of them are looked at: as many as the sampled candidates cost.
_MAX_ENUMERATED = 2048
# Quasi-random candidates, the same at every ask, so that what is known of them can be kept; and
# fresh ones.
_N_CANDIDATES, _N_FRESH = 512, 128
_N_CLIMBERS = 4
# Points that agree in so many digits are the same.
_DIGITS = 9
_N_MOVES = 16
# Standard deviations of the moves along a numeric axis.
_STEPS = (0.1, 0.025, 0.006)


@dataclass(frozen=True)
class Subspace:
    """The points of a domain that hold given values in some columns, less some points.

    Args:
        domain: The space.
        fixed: The columns that are given, shape [p].
        values: Their values, shape [p]; the others are not looked at.
        taken: Points not to be proposed while others are left, shape [f p].
    """

    domain: Domain
    fixed: Bool[Array, " p"]
    values: Float[Array, " p"]
    taken: Float[Array, "f p"]

    @classmethod
    def whole(cls, domain: Domain, taken: Float[Array, "f p"]) -> Subspace:
        """Nothing is given."""
        p = len(domain.groups)
        return cls(domain, np.zeros(p, dtype=bool), np.zeros(p), taken)

    @property
    def size(self) -> float:
        """An upper bound of the number of points."""
        free = [not self.fixed[part].any() for part in self.domain.slices]
        axes = zip(self.domain.dimensions, free, strict=True)
        return float(np.prod([axis.size if is_free else 1 for axis, is_free in axes]))

    def project(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """The points of the subspace nearest to ``X``."""
        X = np.where(self.fixed, self.values, self.domain.snap(X))
        return np.where(self.fixed, self.values, self.domain.tidy(X))

    def points(self) -> Float[Array, "n p"]:
        """Every point of a small discrete subspace."""
        axes = zip(self.domain.dimensions, self.domain.slices, strict=True)
        one = Dimension(levels=(0.5,))
        free = [one if self.fixed[part].any() else axis for axis, part in axes]
        index = np.indices([int(axis.size) for axis in free]).reshape(len(free), -1)
        X = np.tile(self.values, (index.shape[1], 1))
        for j, part in enumerate(self.domain.slices):
            if not self.fixed[part].any():
                X[:, part] = self.domain.dimensions[j].grid[index[j]]
        return np.unique(self.project(X), axis=0)

    @cached_property
    def _taken_keys(self) -> set[bytes]:
        return {row.tobytes() for row in np.round(self.taken, _DIGITS) + 0.0}

    def is_taken(self, X: Float[Array, "n p"]) -> Bool[Array, " n"]:
        """Which rows are taken; what comes back from a storage differs in its last digits."""
        if not len(self.taken):
            return np.zeros(len(X), dtype=bool)
        keys = np.round(X, _DIGITS) + 0.0
        return np.array([row.tobytes() in self._taken_keys for row in keys], dtype=bool)

    def without_taken(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """Leaves out the rows that are taken."""
        return X[~self.is_taken(X)]


def maximise(
    acquisition: Acquisition,
    subspace: Subspace,
    starts: Float[Array, "q p"],
    *,
    generator: np.random.Generator,
) -> Float[Array, " p"]:
    """A point of ``subspace`` with a high value of ``acquisition``, not a taken one if possible.

    Args:
        acquisition: Maps points [m p] to values [m], batched.
        subspace: Where to look.
        starts: Promising points: incumbents and the optima of sources.
        generator: Breaks ties and moves the climbers.
    """
    if subspace.size <= _MAX_ENUMERATED:
        X = subspace.points()
        values, taken = acquisition(X), subspace.is_taken(X)
        values = values if taken.all() else np.where(taken, -np.inf, values)
        return X[generator.choice(np.flatnonzero(values == values.max()))]
    domain = subspace.domain
    fixed_seed = np.random.default_rng(0)
    X = subspace.project(domain.sample(_N_CANDIDATES, generator=fixed_seed))
    values = np.where(subspace.is_taken(X), -np.inf, acquisition(X))
    others = domain.from_unit(generator.random((_N_FRESH, len(domain.dimensions))))
    near = _fresh(np.concatenate([others, starts]), subspace, generator)
    climbers, values = _merge(X, values, near, acquisition(near))
    for step in _STEPS:
        moves = _moves(climbers, step, domain, generator)
        fresh = subspace.without_taken(subspace.project(moves))
        if len(fresh):
            climbers, values = _merge(climbers, values, fresh, acquisition(fresh))
    return climbers[0]


def _fresh(
    X: Float[Array, "n p"], subspace: Subspace, generator: np.random.Generator
) -> Float[Array, "m p"]:
    """The projected rows that are not taken; looks further when there are none."""
    X = subspace.project(X)
    for _ in range(16):
        fresh = subspace.without_taken(X)
        if len(fresh):
            return fresh
        n = 4 * _N_CANDIDATES
        X = subspace.project(
            subspace.domain.from_unit(generator.random((n, len(subspace.domain.dimensions))))
        )
    return X


def _merge(
    X: Float[Array, "k p"],
    values: Float[Array, " k"],
    others: Float[Array, "m p"],
    other_values: Float[Array, " m"],
) -> tuple[Float[Array, "k p"], Float[Array, " k"]]:
    X, values = np.concatenate([X, others]), np.concatenate([values, other_values])
    best = np.argsort(-values, kind="stable")[: 10 * _N_CLIMBERS]
    _, first = np.unique(X[best], axis=0, return_index=True)
    order = best[np.sort(first)[:_N_CLIMBERS]]
    return X[order], values[order]


def _moves(
    X: Float[Array, "k p"], step: float, domain: Domain, generator: np.random.Generator
) -> Float[Array, "m p"]:
    """Random surroundings: each move changes one axis at least, about a third of them else."""
    X = np.repeat(X, _N_MOVES, axis=0)
    d = len(domain.dimensions)
    changed = generator.random((len(X), d)) < min(1.0, 1.5 / d)
    changed[np.arange(len(X)), generator.integers(d, size=len(X))] = True
    for j, (axis, part) in enumerate(zip(domain.dimensions, domain.slices, strict=True)):
        rows = changed[:, j]
        X[rows, part] = _move(axis, X[rows, part], step, generator)
    return X


def _move(
    axis: Dimension, columns: Float[Array, "n c"], step: float, generator: np.random.Generator
) -> Float[Array, "n c"]:
    n = len(columns)
    if axis.n_choices:
        return ONE_HOT * np.eye(axis.n_choices)[generator.integers(axis.n_choices, size=n)]
    length = step * generator.standard_normal(n)
    if np.isinf(axis.size):
        return np.clip(columns + length[:, None], 0.0, 1.0)
    levels = np.rint(length * axis.size).astype(int)
    levels = np.where(levels == 0, np.where(length < 0.0, -1, 1), levels)
    return axis.grid[np.clip(axis.nearest(columns) + levels, 0, int(axis.size) - 1)]
