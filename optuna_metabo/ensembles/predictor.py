"""What the experts of several krigings predict, all of them at once, for many calls.

Names are those of :mod:`.kriging`: of what is whitened by a residual's factor, ``L⁻¹ ·``, the name
ends in ``_w``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.kriging import Kriging, Residual
from optuna_metabo.shapes import Bool, Float, Int


@dataclass(frozen=True)
class Residuals:
    """``g`` residuals at the same N points, side by side.

    Args:
        rho2: Their squared sizes, shape [g 1 1].
        spread: The rows of the further covariance, 0 where a residual has none, shape [g l N].
        has: Which of these rows each has, the first ones, 1 or 0.
        L_inverse: Of each, the inverse of the lower factor, shape [g N N].
    """

    rho2: Float[Array, "g 1 1"]
    spread: Float[Array, "g l N"]
    has: Float[Array, "g l"]
    L_inverse: Float[Array, "g N N"]

    @classmethod
    def of(cls, several: Sequence[Residual]) -> Residuals:
        """The rows of a further covariance are the first ones of the longest."""
        sizes = [len(one.spread) for one in several]
        spread = np.zeros((len(several), max(sizes), several[0].spread.shape[1]))
        for row, one in zip(spread, several, strict=True):
            row[: len(one.spread)] = one.spread
        rho2 = np.array([one.rho**2 for one in several])[:, None, None]
        has = (np.arange(max(sizes)) < np.array(sizes)[:, None]).astype(float)
        return cls(rho2, spread, has, np.stack([one.L_inverse for one in several]))

    def whiten(
        self, correlation: Float[Array, "g N m"], spread: Float[Array, "l m"]
    ) -> tuple[Float[Array, "g N m"], Float[Array, "g m"]]:
        """The whitened covariances with m new points, and the variances left at these.

        Args:
            correlation: Of the N points with the new ones, for each residual.
            spread: Rows at the new points; those that no residual has come last.
        """
        K, own = self.rho2 * correlation, self.rho2[:, 0]
        spread = spread[: self.has.shape[1]]
        if len(spread):
            K += np.swapaxes(self.spread, 1, 2) @ spread
            own = own + self.has @ spread**2
        V = self.L_inverse @ K
        return V, np.maximum(own - np.einsum("gnm,gnm->gm", V, V), 1e-10)


@dataclass(frozen=True)
class Predictor:
    """``e`` experts of some krigings, and ``c`` pairs of one of them and a scale.

    What is linear in the basis functions and the whitened covariances V is one product:

        (by_y, by_0, t) = whitened V + slope phi + offset
        mean = by_y + tau by_0,    variance = tau² (|t|² + variance of the residual)

    Args:
        residuals: Of the krigings, at the N given points.
        owner: The kriging of each expert, shape [e].
        whitened: Shape [e 4 N].
        slope: Shape [e 4 1].
        offset: Likewise.
        place: The expert of each pair, ascending.
        tau: Its scale.
    """

    residuals: Residuals
    owner: Int[Array, " e"]
    whitened: Float[Array, "e 4 N"]
    slope: Float[Array, "e 4 1"]
    offset: Float[Array, "e 4 1"]
    place: Int[Array, " c"]
    tau: Float[Array, "c 1"]

    @classmethod
    def of(cls, krigings: Sequence[Kriging], counts: Sequence[Bool[Array, "_s j"]]) -> Predictor:
        """Of the experts and scales of each that count: of each kriging one at least."""
        some = [np.flatnonzero(one.any(axis=1)) for one in counts]
        parts = list(zip(krigings, counts, some, strict=True))
        linear = [kriging.linear(index) for kriging, _, index in parts]
        whitened, slope, offset = map(np.concatenate, zip(*linear, strict=True))
        owner = np.repeat(np.arange(len(krigings)), list(map(len, some)))
        place, scale = np.nonzero(np.concatenate([one[index] for _, one, index in parts]))
        tau = np.concatenate([kriging.tau[index] for kriging, _, index in parts])[place, scale]
        residuals = Residuals.of([kriging.residual for kriging in krigings])
        return cls(residuals, owner, whitened, slope, offset, place, tau[:, None])

    def posterior(
        self,
        correlation: Float[Array, "g N m"],
        basis: Float[Array, "e m"],
        spread: Float[Array, "l m"],
    ) -> tuple[Float[Array, "c m"], Float[Array, "c m"]]:
        """Means and variances of the values, for each pair (eqs. 2.41 and 2.42).

        Args:
            correlation: Of the N points with the new ones, under the kernel of each kriging.
            basis: The basis functions of the e experts at the new points.
            spread: The further covariance's rows at the new points.
        """
        V, left = self.residuals.whiten(correlation, spread)
        linear = self.whitened @ V[self.owner]
        linear += self.slope * basis[:, None]
        linear += self.offset
        by_y, by_0, *t = np.swapaxes(linear, 0, 1)
        variance = t[0] ** 2 + t[1] ** 2 + left[self.owner]
        return by_y[self.place] + self.tau * by_0[self.place], self.tau**2 * variance[self.place]
