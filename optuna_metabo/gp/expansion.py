"""Sums of Matérn functions, evaluated where most of an ask's time is spent.

A posterior mean is such a sum (Rasmussen & Williams 2006, eq. 2.27). One matrix product gives the
squared distances with all their terms, and the kernel is worked out in place, for so few points at
a time that the numbers stay in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.gp.kernel import matern52_from_scaled
from optuna_metabo.shapes import Bool, Float

# Numbers of an array that is worked on at a time.
_MAX_NUMBERS = 2**15


@dataclass(frozen=True)
class Expansion:
    """``k`` functions f_i(z) = sum_n w_in k(x_in, z) with one set of lengthscales.

    Args:
        left: Of each x the factors of 5 r²: 5 |x|², -10 x and, for each column of z², 5 where
            its function knows that column; all in lengthscales, shape [k n c].
        weights: Shape [k n].
        inverse_lengthscale: One a column, 0 for one that does not count, shape [p].
    """

    left: Float[Array, "k n c"]
    weights: Float[Array, "k n"]
    inverse_lengthscale: Float[Array, " p"]

    @classmethod
    def of(
        cls,
        X: Float[Array, "k n p"],
        weights: Float[Array, "k n"],
        inverse_lengthscale: Float[Array, " p"],
        known: Bool[Array, "k p"],
    ) -> Expansion:
        """Functions of the columns that each of them knows."""
        k, n, p = X.shape
        left = np.empty((k, n, 2 * p + 1))
        S = X * (known * inverse_lengthscale)[:, None, :]
        left[:, :, 0] = 5.0 * np.einsum("knp,knp->kn", S, S)
        left[:, :, 1 : p + 1] = -10.0 * S
        left[:, :, p + 1 :] = 5.0 * known[:, None, :]
        if known.all():  # then one column holds the sum of z²
            left = left[:, :, : p + 2]
        return cls(np.ascontiguousarray(left), weights, inverse_lengthscale)

    def __getitem__(self, index: Bool[Array, " k"]) -> Expansion:
        return Expansion(self.left[index], self.weights[index], self.inverse_lengthscale)

    def __call__(self, Z: Float[Array, "m p"]) -> Float[Array, "k m"]:
        """The functions at m points."""
        (k, n), m = self.weights.shape, max(1, min(len(Z), _MAX_NUMBERS // self.weights.shape[1]))
        right, found = self._right(Z), np.empty((k, len(Z)))
        step = max(1, _MAX_NUMBERS // (n * m))
        space = np.empty((2, min(step, k), n, m))
        for first in range(0, len(Z), m):
            part = right[:, first : first + m]
            r2, r = space[..., : part.shape[1]]
            for start in range(0, k, step):
                weights = self.weights[start : start + step]
                here = np.matmul(self.left[start : start + step], part, out=r2[: len(weights)])
                K = matern52_from_scaled(here, r[: len(weights)])
                found[start : start + step, first : first + m] = (weights[:, None] @ K)[:, 0]
        return found

    def _right(self, Z: Float[Array, "m p"]) -> Float[Array, "c m"]:
        """Of each z the other factors of 5 r²."""
        S = (Z * self.inverse_lengthscale).T
        squares = S**2
        if self.left.shape[2] == len(S) + 2:
            squares = squares.sum(axis=0, keepdims=True)
        return np.concatenate([np.ones((1, len(Z))), S, squares])
