"""Where a point may be proposed: a domain of which some columns are given, less what is taken."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.quasirandom import halton
from optuna_metabo.shapes import Bool, Float

# Points that agree in so many digits are the same.
_DIGITS = 9
# Random points that are looked at before all points of a space are listed to find one left.
_N_TRIES = 8192
# In a larger space a random point is left for certain.
_MAX_LISTED = 131_072


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

    @cached_property
    def free(self) -> Bool[Array, " d"]:
        """The axes that are not given."""
        return np.array([not self.fixed[part].any() for part in self.domain.slices], dtype=bool)

    @property
    def size(self) -> float:
        """An upper bound of the number of points, infinite beyond the floats."""
        axes = zip(self.domain.dimensions, self.free, strict=True)
        return math.prod(float(axis.size) for axis, is_free in axes if is_free)

    def project(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """The points of the subspace nearest to ``X``."""
        X = np.where(self.fixed, self.values, self.domain.snap_axes(X))
        return np.where(self.fixed, self.values, self.domain.tidy(X))

    def sample(self, n: int, *, generator: np.random.Generator) -> Float[Array, "n p"]:
        """Quasi-random points, spread over the axes that are not given (scrambled Halton)."""
        d, n_free = len(self.free), int(self.free.sum())
        U = np.full((n, d), 0.5)
        if n_free:
            U[:, self.free] = halton(n, n_free, generator=generator)
        return self.project(self.domain.from_unit(U))

    def points(self) -> Float[Array, "n p"]:
        """Every point of a small discrete subspace, each once."""
        return np.unique(self.project(self.domain.enumerate(self.free)), axis=0)

    def left(self, *, generator: np.random.Generator) -> Float[Array, "n p"]:
        """Points that are not taken: random ones, and where these all are, every one there is."""
        X = self.without_taken(self.sample(_N_TRIES, generator=generator))
        return X if len(X) or self.size > _MAX_LISTED else self.without_taken(self.points())

    @cached_property
    def _taken_keys(self) -> set[bytes]:
        return {row.tobytes() for row in np.round(self.taken, _DIGITS) + 0.0}

    def is_taken(self, X: Float[Array, "n p"]) -> Bool[Array, " n"]:
        """Which rows are taken; what comes back from a storage differs in its last digits."""
        if not len(self.taken):
            return np.zeros(len(X), dtype=bool)
        keys = np.round(X, _DIGITS) + 0.0
        return np.array([row.tobytes() in self._taken_keys for row in keys], dtype=bool)

    def without_taken(self, X: Float[Array, "n p"]) -> Float[Array, "m p"]:
        """Leaves out the rows that are taken."""
        return X[~self.is_taken(X)]
