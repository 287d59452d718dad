"""What parameters may do that no source knows.

Sources say nothing of them, and they may matter much more than all that sources know together. So
the experts that believe sources have a function of these parameters alone beside the residual,

    y = tau (a phi(x) + b + r(x) + g(x_u) + noise),    g ~ GP(0, v k_u)

with the residual's lengthscales. How large it is, relative to the basis functions, is the
likeliest of a few by the evidence of the target's values. It is projected onto landmarks, so that
it is a further covariance of some rows, as :class:`.kriging.Residual` has it (Williams & Seeger
2001, "Using the Nyström method to speed up kernel machines"): of up to five parameters that leaves
out less than a hundredth of its variance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.gp.exact import cholesky, lower_inverse
from optuna_metabo.gp.kernel import matern52, squared_distance
from optuna_metabo.shapes import Bool, Float

_N_LANDMARKS, _NUGGET = 64, 1e-6
# Variances that g may have, the usual one first. With one of them alone regret after ten trials
# was up to three times as large in cases like those of ``python -m studies.stress.added``.
_SIZES = (10.0, 1.0, 100.0)


@dataclass(frozen=True)
class Beyond:
    """A function of the columns that no source knows, of mean 0.

    Args:
        lengthscale: Of each column; infinite of those that some source knows.
        landmarks: Points onto which it is projected, shape [l p].
        L_inverse: The inverse of the lower factor of their correlation.
        size: The function's variance, relative to the basis functions'.
    """

    lengthscale: Float[Array, " p"]
    landmarks: Float[Array, "l p"]
    L_inverse: Float[Array, "l l"]
    size: float = _SIZES[0]

    @classmethod
    def of(
        cls,
        unknown: Bool[Array, " p"],
        lengthscale: Float[Array, " p"],
        points: Float[Array, "r p"],
    ) -> Beyond:
        """Of some columns; nothing if there are none.

        Args:
            unknown: The columns that no source knows.
            lengthscale: Of each column.
            points: They fill the domain; the first ones become landmarks.
        """
        own = np.where(unknown, lengthscale, np.inf)
        Z = points[: _N_LANDMARKS if unknown.any() else 0]
        K = matern52(squared_distance(Z, Z, own)) + _NUGGET * np.eye(len(Z))
        return cls(own, Z, lower_inverse(cholesky(K)) if len(Z) else K)

    @property
    def is_nothing(self) -> bool:
        """Whether sources know all columns."""
        return not len(self.landmarks)

    def likeliest(self, evidence: Callable[[Beyond], float]) -> Beyond:
        """Of the size with the most evidence; the usual one where none tells."""
        return max((replace(self, size=size) for size in _SIZES), key=evidence)

    def __call__(self, X: Float[Array, "m p"]) -> Float[Array, "l m"]:
        """Rows whose Gram matrix is its covariance."""
        if self.is_nothing:
            return np.zeros((0, len(X)))
        correlation = matern52(squared_distance(self.landmarks, X, self.lengthscale))
        return np.asarray(np.sqrt(self.size) * (self.L_inverse @ correlation))
