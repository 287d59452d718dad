"""Points under way: next to them nothing is left to be gained, whatever their values will be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.kriging import Kernel, Residual
from optuna_metabo.shapes import Float

# Of what is as good as told.
_NOISE = 1e-10


@dataclass(frozen=True)
class UnderWay:
    """Points whose values are taken for known.

    Args:
        X: The points, shape [q p].
        lengthscale: For each column, within which what is not known is alike.
    """

    X: Float[Array, "q p"]
    lengthscale: Float[Array, " p"]

    def left(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """The part of the variance that they leave elsewhere, from 0 to 1."""
        return self._residual.left(self._kernel.correlation(self.X, X), np.zeros((0, len(X))))

    @property
    def _kernel(self) -> Kernel:
        return Kernel(self.lengthscale, _NOISE)

    @cached_property
    def _residual(self) -> Residual:
        q, correlation = len(self.X), self._kernel.correlation(self.X, self.X)
        noise = np.full(q, _NOISE)
        return Residual.factorise(correlation, np.zeros((0, q)), rho=1.0, noise=noise)
