"""The encoded search space: the unit cube with some axes on a grid and some categorical.

A numeric parameter is one column in ``[0, 1]``. A parameter of c choices is c columns, of which
the chosen one holds ``1/sqrt(2)``, so that two different choices lie at distance 1 like the two
ends of a numeric axis. A parameter that a point does not have (a conditional one) stands in the
middle: 0.5, or zero in all its columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray as Array
from scipy.stats import qmc

ONE_HOT = math.sqrt(0.5)
ABSENT = 0.5


@dataclass(frozen=True)
class Dimension:
    """One axis.

    Args:
        levels: The encoded values of a grid, ascending, or ``None`` for an axis without one.
        n_choices: The number of choices of a categorical axis, 0 for a numeric one.
    """

    levels: tuple[float, ...] | None = None
    n_choices: int = 0

    @property
    def n_columns(self) -> int:
        """The number of columns of the encoding."""
        return max(self.n_choices, 1)

    @property
    def size(self) -> float:
        """The number of different values; infinite for a continuous axis."""
        if self.n_choices:
            return self.n_choices
        return math.inf if self.levels is None else len(self.levels)

    @cached_property
    def grid(self) -> Float[Array, "size columns"]:
        """Every value of a discrete axis, encoded."""
        if self.n_choices:
            return ONE_HOT * np.eye(self.n_choices)
        return np.asarray(self.levels)[:, None]

    @property
    def absent(self) -> float:
        """What the columns hold in a point that lacks this parameter."""
        return 0.0 if self.n_choices else ABSENT

    def nearest(self, columns: Float[Array, "n columns"]) -> Int[Array, " n"]:
        """The index of the nearest value of a discrete axis."""
        if self.n_choices:
            return columns.argmax(axis=1)
        levels = self.grid[:, 0]
        return np.searchsorted((levels[1:] + levels[:-1]) / 2, columns[:, 0])

    def from_unit(self, u: Float[Array, " n"]) -> Float[Array, "n columns"]:
        """Maps uniform numbers in [0, 1) to values, all equally likely on a discrete axis."""
        if math.isinf(self.size):
            return u[:, None]
        index = np.minimum((u * self.size).astype(int), int(self.size) - 1)
        return self.grid[index]

    def snap(self, columns: Float[Array, "n columns"]) -> Float[Array, "n columns"]:
        """The nearest admissible values."""
        if math.isinf(self.size):
            return np.clip(columns, 0.0, 1.0)
        return self.grid[self.nearest(columns)]


@dataclass(frozen=True)
class Condition:
    """``child`` exists only where the value of ``parent`` is one of ``allowed``.

    ``allowed`` holds indices of choices for a categorical parent, and the interval of encoded
    values for a numeric one. Where the parent itself is absent, so is the child.
    """

    child: int
    parent: int
    allowed: tuple[float, ...]


@dataclass(frozen=True)
class Domain:
    """A product of axes, with the conditions under which some of them exist."""

    dimensions: tuple[Dimension, ...]
    conditions: tuple[Condition, ...] = ()

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """The columns of each axis."""
        ends = np.cumsum([dimension.n_columns for dimension in self.dimensions])
        starts = [0, *ends[:-1]]
        return tuple(slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True))

    @cached_property
    def groups(self) -> Int[Array, " p"]:
        """The axis that each column belongs to."""
        counts = [dimension.n_columns for dimension in self.dimensions]
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def size(self) -> float:
        """The number of different points; infinite as soon as one axis is continuous."""
        return math.prod(dimension.size for dimension in self.dimensions)

    def from_unit(self, U: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Maps points of the unit cube to points of the domain."""
        columns = [axis.from_unit(U[:, j]) for j, axis in enumerate(self.dimensions)]
        return self.tidy(np.concatenate(columns, axis=1))

    def snap(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """The nearest points of the domain."""
        parts = zip(self.dimensions, self.slices, strict=True)
        return self.tidy(np.concatenate([axis.snap(X[:, part]) for axis, part in parts], axis=1))

    def present(self, X: Float[Array, "n p"]) -> Bool[Array, "n d"]:
        """Which parameters exist at each point."""
        present = np.ones((len(X), len(self.dimensions)), dtype=bool)
        for condition in self.conditions:
            present[:, condition.child] = self._holds(condition, X)
        return present

    def tidy(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """Puts every parameter that does not exist at a point to its absent value."""
        if not self.conditions:
            return X
        X, present = X.copy(), self.present(X)
        for condition in self.conditions:
            gone = ~present[:, condition.child]
            X[gone, self.slices[condition.child]] = self.dimensions[condition.child].absent
        return X

    def _holds(self, condition: Condition, X: Float[Array, "n p"]) -> Bool[Array, " n"]:
        present = np.ones(len(X), dtype=bool)
        for other in self.conditions:
            if other.child == condition.parent:
                present &= self._holds(other, X)
        columns = X[:, self.slices[condition.parent]]
        if self.dimensions[condition.parent].n_choices:
            chosen = np.where(columns.any(axis=1), columns.argmax(axis=1), -1)
            return present & np.isin(chosen, condition.allowed)
        low, high = condition.allowed
        return present & (columns[:, 0] >= low) & (columns[:, 0] <= high)

    def sample(self, n: int, *, generator: np.random.Generator) -> Float[Array, "n p"]:
        """Quasi-random points (scrambled Sobol')."""
        sobol = qmc.Sobol(len(self.dimensions), rng=generator)
        return self.from_unit(sobol.random_base2(math.ceil(math.log2(max(n, 1))))[:n])

    def enumerate(self) -> Float[Array, "size p"]:
        """Every point of a discrete domain, each once."""
        index = np.indices([int(axis.size) for axis in self.dimensions])
        index = index.reshape(len(self.dimensions), -1)
        columns = [axis.grid[i] for axis, i in zip(self.dimensions, index, strict=True)]
        X = self.tidy(np.concatenate(columns, axis=1))
        return np.unique(X, axis=0) if self.conditions else X
