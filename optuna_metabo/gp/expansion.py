"""Sums of Matérn functions, evaluated where most of an ask's time is spent.

A posterior mean is such a sum (Rasmussen & Williams 2006, eq. 2.27). One matrix product gives the
squared distances with all their terms, and the kernel is worked out in place, for so few points at
a time that the numbers stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.gp.kernel import matern52_from_scaled
from optuna_metabo.shapes import Bool, Float, Int

# Numbers of an array that is worked on at a time, and about how many are of one point.
_MAX_NUMBERS, _MAX_OF_ONE = 2**15, 2**10


@dataclass(frozen=True)
class Correlations:
    """Those of n given points with any others.

    Args:
        factors: Of each given x the factors of 5 r²: 5 |x|², -10 x and, for each column of z², 5
            where this point knows that column; all in lengthscales, shape [c n].
        inverse_lengthscale: One a column, 0 for one that does not count, shape [p].
    """

    factors: Float[Array, "c n"]
    inverse_lengthscale: Float[Array, " p"]

    @classmethod
    def of(
        cls,
        X: Float[Array, "n p"],
        inverse_lengthscale: Float[Array, " p"],
        known: Bool[Array, "n p"] | None = None,
    ) -> Correlations:
        """Of points that know some columns, or all of them."""
        S = X * inverse_lengthscale
        S = S if known is None else S * known
        norm = 5.0 * np.einsum("np,np->n", S, S)
        # Where all know all, one number holds the sum of z².
        squares = np.full((1, len(X)), 5.0) if known is None else 5.0 * known.T
        return cls(np.concatenate([norm[None], -10.0 * S.T, squares]), inverse_lengthscale)

    def __getitem__(self, points: slice | Bool[Array, " n"]) -> Correlations:
        return Correlations(self.factors[:, points], self.inverse_lengthscale)

    def __call__(self, Z: Float[Array, "m p"]) -> Float[Array, "m n"]:
        """With each z; how |z|² is summed up follows from the factors."""
        S = Z * self.inverse_lengthscale
        squares = S**2
        if len(self.factors) == S.shape[1] + 2:
            squares = squares.sum(axis=1, keepdims=True)
        r2 = np.concatenate([np.ones((len(Z), 1)), S, squares], axis=1) @ self.factors
        return matern52_from_scaled(r2, np.empty_like(r2))


@dataclass(frozen=True)
class Terms:
    """The terms of ``k`` functions, those of each after those of the one before.

    Args:
        X: Shape [n p].
        weights: Shape [n].
        sizes: How many terms each function has, one at least, shape [k].
        known: The columns that each function knows, shape [k p].
    """

    X: Float[Array, "n p"]
    weights: Float[Array, " n"]
    sizes: Int[Array, " k"]
    known: Bool[Array, "k p"]

    def __post_init__(self) -> None:
        """A term without a weight would be noticed only where some of the functions are asked."""
        if not len(self.X) == len(self.weights) == self.sizes.sum():
            raise ValueError("terms and weights are not as many as the functions have")

    @classmethod
    def joined(cls, parts: Sequence[Terms]) -> Terms:
        """Those of all."""
        fields = zip(
            *((part.X, part.weights, part.sizes, part.known) for part in parts), strict=True
        )
        return cls(*map(np.concatenate, fields))


@dataclass(frozen=True)
class Expansion:
    """``k`` functions f_i(z) = sum_n w_n k(x_n, z), each over points of its own.

    Args:
        correlations: With the points of all functions.
        weights: Shape [n].
        starts: Where the points of each function begin, shape [k].
    """

    correlations: Correlations
    weights: Float[Array, " n"]
    starts: Int[Array, " k"]

    @classmethod
    def of(cls, terms: Terms, inverse_lengthscale: Float[Array, " p"]) -> Expansion:
        """Functions with one set of lengthscales."""
        known = None if terms.known.all() else np.repeat(terms.known, terms.sizes, axis=0)
        correlations = Correlations.of(terms.X, inverse_lengthscale, known)
        return cls(correlations, terms.weights, np.cumsum(terms.sizes) - terms.sizes)

    def __getitem__(self, index: Bool[Array, " k"]) -> Expansion:
        sizes = np.diff(self.starts, append=len(self.weights))
        points = np.repeat(index, sizes)
        starts = np.cumsum(sizes[index]) - sizes[index]
        return Expansion(self.correlations[points], self.weights[points], starts)

    def __call__(self, Z: Float[Array, "m p"]) -> Float[Array, "k m"]:
        """The functions at m points."""
        found = np.empty((len(Z), len(self.starts)))
        for functions, points in self._blocks:
            correlations, weights = self.correlations[points], self.weights[points]
            starts = self.starts[functions] - points.start
            m = max(1, _MAX_NUMBERS // len(weights))
            for first in range(0, len(Z), m):
                K = correlations(Z[first : first + m])
                K *= weights
                found[first : first + m, functions] = np.add.reduceat(K, starts, axis=1)
        return found.T

    @cached_property
    def _blocks(self) -> list[tuple[slice, slice]]:
        """Some functions at a time, with their points."""
        _, first = np.unique(self.starts // _MAX_OF_ONE, return_index=True)
        ends = [*self.starts, len(self.weights)]
        edges = pairwise([*first, len(self.starts)])
        return [(slice(a, b), slice(ends[a], ends[b])) for a, b in edges]
