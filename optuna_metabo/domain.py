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
from numpy import ndarray as Array

from optuna_metabo.quasirandom import halton
from optuna_metabo.shapes import Bool, Float, Int

ONE_HOT = math.sqrt(0.5)
ABSENT = 0.5


def extent(X: Float[Array, "n p"], told: Bool[Array, "n p"]) -> Float[Array, " p"]:
    """The part of each column's range that values span; 0 of a column that holds none.

    Args:
        X: Points.
        told: Which of their values count; what stands for an absent parameter is no value.
    """
    low, high = (
        X.min(axis=0, where=told, initial=np.inf),
        X.max(axis=0, where=told, initial=-np.inf),
    )
    return np.where(told.any(axis=0), high - low, 0.0)


@dataclass(frozen=True)
class Lattice:
    """A grid too long to be listed: the integers from ``low`` to ``high``, encoded in [0, 1].

    Args:
        low: The first integer, which is encoded as 0.
        high: The last one, encoded as 1, larger than ``low``.
        log: Whether their logarithms are evenly spaced in the encoding, not they themselves;
            needs ``low >= 1``.
    """

    low: int
    high: int
    log: bool = False

    @property
    def size(self) -> float:
        """The number of integers."""
        return float(self.high) - float(self.low) + 1.0

    def places(self, index: Float[Array, " n"]) -> Float[Array, " n"]:
        """The encoded values of the integers at some indices, 0 for ``low``."""
        if not self.log:
            return index / (self.size - 1.0)
        return np.log1p(index / float(self.low)) / math.log(self.high / self.low)

    def nearest(self, places: Float[Array, " n"]) -> Float[Array, " n"]:
        """The index of the integer nearest to each place, on the scale of the integers."""
        places = np.clip(places, 0.0, 1.0)
        if not self.log:
            return np.rint(places * (self.size - 1.0))
        index = np.rint(float(self.low) * np.expm1(places * math.log(self.high / self.low)))
        return np.clip(index, 0.0, self.size - 1.0)

    def from_unit(self, u: Float[Array, " n"]) -> Float[Array, " n"]:
        """Integers as likely as the cells [i - 1/2, i + 1/2] around them are long, encoded."""
        if not self.log:
            return self.places(np.minimum(np.floor(u * self.size), self.size - 1.0))
        low, high = self.low - 0.5, self.high + 0.5
        index = np.rint(low * np.exp(u * math.log(high / low)) - float(self.low))
        return self.places(np.clip(index, 0.0, self.size - 1.0))


@dataclass(frozen=True)
class Dimension:
    """One axis.

    Args:
        levels: The encoded values of a grid, ascending, or ``None`` for an axis without one.
        n_choices: The number of choices of a categorical axis, 0 for a numeric one.
        lattice: A grid that is too long for ``levels``.
    """

    levels: tuple[float, ...] | None = None
    n_choices: int = 0
    lattice: Lattice | None = None

    @property
    def n_columns(self) -> int:
        """The number of columns of the encoding."""
        return max(self.n_choices, 1)

    @property
    def size(self) -> float:
        """The number of different values; infinite for a continuous axis."""
        if self.n_choices:
            return self.n_choices
        if self.lattice is not None:
            return self.lattice.size
        return math.inf if self.levels is None else len(self.levels)

    @cached_property
    def _grid(self) -> Float[Array, "size columns"]:
        """Every value of a discrete axis that is not a lattice."""
        if self.n_choices:
            return ONE_HOT * np.eye(self.n_choices)
        return np.asarray(self.levels)[:, None]

    @cached_property
    def _edges(self) -> Float[Array, " edges"]:
        """Where the cells of the levels meet, in (0, 1); a cell is as long as it is likely.

        The cells of the first and the last level reach as far outwards as inwards.
        """
        levels = self._grid[:, 0]
        if self.n_choices or len(levels) < 2:
            return np.arange(1, len(levels)) / len(levels)
        middles = (levels[1:] + levels[:-1]) / 2
        low, high = 2 * levels[0] - middles[0], 2 * levels[-1] - middles[-1]
        return (middles - low) / (high - low)

    @property
    def absent(self) -> float:
        """What the columns hold in a point that lacks this parameter."""
        return 0.0 if self.n_choices else ABSENT

    def at(self, index: Float[Array, " n"]) -> Float[Array, "n columns"]:
        """The values of a discrete axis at some indices, encoded."""
        if self.lattice is not None:
            return self.lattice.places(index)[:, None]
        return self._grid[index.astype(int)]

    def nearest(self, columns: Float[Array, "n columns"]) -> Float[Array, " n"]:
        """The index of the nearest value of a discrete axis; those of a lattice may be huge."""
        if self.lattice is not None:
            return self.lattice.nearest(columns[:, 0])
        if self.n_choices:
            return columns.argmax(axis=1).astype(float)
        levels = self._grid[:, 0]
        return np.searchsorted((levels[1:] + levels[:-1]) / 2, columns[:, 0]).astype(float)

    def from_unit(self, u: Float[Array, " n"]) -> Float[Array, "n columns"]:
        """Maps uniform numbers in [0, 1) to values.

        Choices are equally likely, and numbers as their scale has it: those of a regular grid
        equally likely, those of a logarithmic one by their logarithm.
        """
        if self.lattice is not None:
            return self.lattice.from_unit(u)[:, None]
        if math.isinf(self.size):
            return u[:, None]
        return self._grid[np.searchsorted(self._edges, u, side="right")]

    def snap(self, columns: Float[Array, "n columns"]) -> Float[Array, "n columns"]:
        """The nearest admissible values."""
        if math.isinf(self.size):
            return np.clip(columns, 0.0, 1.0)
        return self.at(self.nearest(columns))


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
    """A product of axes, with the conditions under which some of them exist.

    Example:
        >>> from optuna_metabo import Domain
        >>> from optuna_metabo.domain import Dimension
        >>> Domain((Dimension(n_choices=3), Dimension(n_choices=2))).size
        6.0
    """

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

    @cached_property
    def absent(self) -> Float[Array, " p"]:
        """What the columns hold in a point that has no parameter at all."""
        return np.array([self.dimensions[j].absent for j in self.groups])

    @property
    def size(self) -> float:
        """The number of different points, without conditions; infinite with a continuous axis."""
        return math.prod(float(dimension.size) for dimension in self.dimensions)

    def from_unit(self, U: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Maps points of the unit cube to points of the domain."""
        columns = [axis.from_unit(U[:, j]) for j, axis in enumerate(self.dimensions)]
        return self.tidy(np.concatenate(columns, axis=1))

    def snap(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """The nearest points of the domain."""
        return self.tidy(self.snap_axes(X))

    def snap_axes(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """The nearest points of the product of the axes, whatever the conditions say."""
        parts = zip(self.dimensions, self.slices, strict=True)
        return np.concatenate([axis.snap(X[:, part]) for axis, part in parts], axis=1)

    def present(self, X: Float[Array, "n p"]) -> Bool[Array, "n d"]:
        """Which parameters exist at each point."""
        present = np.ones((len(X), len(self.dimensions)), dtype=bool)
        for condition in self._downwards:
            holds = present[:, condition.parent] & self._allows(condition, X)
            present[:, condition.child] &= holds
        return present

    def tidy(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """Puts every parameter that does not exist at a point to its absent value."""
        if not self.conditions:
            return X
        return np.where(self.present(X)[:, self.groups], X, self.absent)

    @cached_property
    def _downwards(self) -> tuple[Condition, ...]:
        """The conditions, that of a parent before those of its children."""
        left, ordered = list(self.conditions), []
        while left:
            children = {condition.child for condition in left}
            ready = [condition for condition in left if condition.parent not in children]
            if not ready:
                raise ValueError(f"no parameter can exist before itself, got {left}")
            ordered += ready
            left = [condition for condition in left if condition.parent in children]
        return tuple(ordered)

    def _allows(self, condition: Condition, X: Float[Array, "n p"]) -> Bool[Array, " n"]:
        """Whether the value of the parent is one under which the child exists."""
        columns = X[:, self.slices[condition.parent]]
        if self.dimensions[condition.parent].n_choices:
            allowed = np.zeros(columns.shape[1], dtype=bool)
            allowed[np.array(condition.allowed, dtype=int)] = True
            return columns.any(axis=1) & allowed[columns.argmax(axis=1)]
        low, high = condition.allowed
        return (columns[:, 0] >= low) & (columns[:, 0] <= high)

    def sample(self, n: int, *, generator: np.random.Generator) -> Float[Array, "n p"]:
        """Quasi-random points (scrambled Halton)."""
        return self.from_unit(halton(n, len(self.dimensions), generator=generator))

    def spread(
        self,
        X: Float[Array, "n p"],
        unknown: Bool[Array, "n p"],
        times: Int[Array, " n"],
        *,
        generator: np.random.Generator,
    ) -> Float[Array, "m p"]:
        """Points so many times each, spread along the columns in which they are unknown."""
        X, unknown = np.repeat(X, times, axis=0), np.repeat(unknown, times, axis=0)
        return np.where(unknown, self.sample(len(X), generator=generator), X) if len(X) else X

    def enumerate(self, free: Bool[Array, " d"] | None = None) -> Float[Array, "size p"]:
        """Every point of a discrete domain, each once.

        Args:
            free: The axes that vary, all if not given; the others stand in their middle.
        """
        sizes = [axis.size for axis in self.dimensions]
        varied = [j for j, n in enumerate(sizes) if n > 1 and (free is None or free[j])]
        # Axes of one value are left out, because an array has 32 axes at most.
        counts = [int(sizes[j]) for j in varied]
        index = np.indices(counts).reshape(len(varied), math.prod(counts))
        X = self.snap(np.zeros((index.shape[1], len(self.groups))) + self.absent)
        for j, i in zip(varied, index, strict=True):
            X[:, self.slices[j]] = self.dimensions[j].at(i.astype(float))
        return np.unique(self.tidy(X), axis=0)
