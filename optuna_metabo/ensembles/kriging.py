"""Universal kriging with a prior on its coefficients and an unknown scale.

    z = H beta + r + noise,    beta ~ N(beta_0, P⁻¹),    r ~ GP(0, rho² k + spreadᵀ spread)

(Rasmussen & Williams 2006, section 2.7), where ``z = u y`` are the values on the basis functions'
scale, ``u = 1 / tau``. Columns of ``H`` are (phi, 1). Of everything that is whitened by the
residual's Cholesky factor, ``L⁻¹ ·``, the name ends in ``_w``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray as Array

from optuna_metabo.gp.exact import cholesky, lower_solve
from optuna_metabo.gp.kernel import matern52, squared_distance

# The slope of a source that is a copy of the target, and no offset.
_BETA_0 = np.array([1.0, 0.0])
OFFSET_VARIANCE = 100.0


@dataclass(frozen=True)
class Kernel:
    """The residual's correlation, and the variance of the noise."""

    lengthscale: Float[Array, " p"]
    noise: float

    @classmethod
    def of(cls, theta: Float[Array, " t"], groups: Int[Array, " p"]) -> Kernel:
        """From log hyperparameters; the outputscale is the residual's size instead."""
        return cls(np.exp(theta[:-2])[groups], float(np.exp(theta[-1])))

    def correlation(self, X: Float[Array, "n p"], Z: Float[Array, "m p"]) -> Float[Array, "n m"]:
        """Matérn-5/2."""
        return matern52(squared_distance(X, Z, self.lengthscale))


@dataclass(frozen=True)
class Residual:
    """``r`` and the noise at N points, factorised: K = rho² k + spreadᵀ spread + noise I = L Lᵀ.

    Args:
        rho: The size of the residual, relative to the basis functions' deviation.
        spread: Rows whose Gram matrix is a further covariance, shape [l N].
        L: The lower factor, shape [N N].
        L_inverse: Its inverse.
    """

    rho: float
    spread: Float[Array, "l N"]
    L: Float[Array, "N N"]
    L_inverse: Float[Array, "N N"]

    @classmethod
    def factorise(
        cls, kernel: Kernel, rho: float, X: Float[Array, "N p"], spread: Float[Array, "l N"]
    ) -> Residual:
        """At the points ``X``, of which there may be none."""
        K = rho**2 * kernel.correlation(X, X) + kernel.noise * np.eye(len(X))
        K += spread.T @ spread
        L = cholesky(K) if len(X) else K
        return cls(rho, spread, L, lower_solve(L, np.eye(len(X))) if len(X) else K)

    def log_det(self, n: int) -> float:
        """Of the covariance of the first ``n`` points."""
        return 2.0 * float(np.log(np.diagonal(self.L)[:n]).sum())

    def whiten(
        self, correlation: Float[Array, "N m"], spread: Float[Array, "l m"]
    ) -> tuple[Float[Array, "N m"], Float[Array, " m"]]:
        """The whitened covariances with m new points, and the variances left at these."""
        K, own = self.rho**2 * correlation, np.full(correlation.shape[1], self.rho**2)
        K += self.spread.T @ spread
        own += np.sum(spread**2, axis=0)
        V = self.L_inverse @ K
        return V, np.maximum(own - np.sum(V**2, axis=0), 1e-10)


@dataclass(frozen=True)
class Quadratic:
    """-2 log p(z | u) + const = u² A - 2 u B + C + log det, one row an expert.

    ``log_det`` is of the residual's covariance and of the coefficients' posterior precision.
    """

    A: Float[Array, " s"]
    B: Float[Array, " s"]
    C: Float[Array, " s"]
    log_det: Float[Array, " s"]

    def best_u(self, n: int) -> Float[Array, " s"]:
        """The u of the largest density of n values, with the prior 1/tau."""
        return (self.B + np.sqrt(self.B**2 + 4.0 * self.A * (n - 1))) / (2.0 * self.A)

    def log_evidence(self, n: int) -> Float[Array, " s"]:
        """Log p(y), the scale integrated out by Laplace's method around :meth:`best_u`."""
        u = self.best_u(n)
        log_evidence = (n - 1) * np.log(u)
        log_evidence -= 0.5 * (u**2 * self.A - 2.0 * u * self.B + self.C + self.log_det)
        return log_evidence - 0.5 * np.log(np.maximum(2.0 * u**2 * self.A - u * self.B, 1e-12))


@dataclass(frozen=True)
class Kriging:
    """``s`` experts that share a residual, given values; the scale is plugged in.

    Args:
        residual: At the n points with values and, after them, pending ones: these shrink
            variances alone.
        precision: Of the coefficients before any value, P.
        H_w: Whitened basis functions and ones.
        residual_w: What the coefficients leave of the values.
        coefficients: Posterior means of beta.
        tau: The scales.
        log_evidence: Of the values.
    """

    residual: Residual
    precision: Float[Array, "2 2"]
    H_w: Float[Array, "s N 2"]
    residual_w: Float[Array, "s n"]
    coefficients: Float[Array, "s 2"]
    tau: Float[Array, " s"]
    log_evidence: Float[Array, " s"]

    @classmethod
    def condition(
        cls,
        residual: Residual,
        slope_variance: float,
        y: Float[Array, " n"],
        basis: Float[Array, "s N"],
    ) -> Kriging:
        """Closed forms.

        Args:
            residual: At N >= n points.
            slope_variance: How far a slope may lie from 1.
            y: The values at the first n points, standardised.
            basis: The basis functions at all points.
        """
        n = len(y)
        H_w = residual.L_inverse @ np.stack([basis, np.ones_like(basis)], axis=2)
        y_w, head = residual.L_inverse[:n, :n] @ y, H_w[:, :n]
        precision = np.diag([1.0 / slope_variance, 1.0 / OFFSET_VARIANCE])
        M, prior_part = precision + np.einsum("sni,snj->sij", head, head), precision @ _BETA_0
        fit_y = np.linalg.solve(M, np.einsum("sni,n->si", head, y_w)[..., None])[..., 0]
        fit_0 = np.linalg.solve(M, np.broadcast_to(prior_part, (len(basis), 2))[..., None])[..., 0]
        A = y_w @ y_w - np.einsum("si,sni,n->s", fit_y, head, y_w)
        form = Quadratic(
            np.maximum(A, 1e-12 * max(float(y_w @ y_w), 1e-300)),
            fit_y @ prior_part,
            _BETA_0 @ prior_part - fit_0 @ prior_part,
            np.linalg.slogdet(M)[1] + residual.log_det(n),
        )
        told = n > 1 and bool(y.any())  # equal values, standardised to 0, have no scale
        u = form.best_u(n) if told else np.ones(len(basis))
        beta = u[:, None] * fit_y + fit_0
        residual_w = u[:, None] * y_w - np.einsum("sni,si->sn", head, beta)
        log_evidence = form.log_evidence(n) if told else np.zeros(len(basis))
        return cls(residual, precision, H_w, residual_w, beta, 1.0 / u, log_evidence)

    def posterior(
        self,
        correlation: Float[Array, "N m"],
        basis: Float[Array, "e m"],
        spread: Float[Array, "l m"],
        experts: Int[Array, " e"],
    ) -> tuple[Float[Array, "e m"], Float[Array, "e m"]]:
        """Means and variances of the standardised values (eqs. 2.41 and 2.42).

        Args:
            correlation: Of the N points with the new ones.
            basis: The basis functions of the chosen experts at the new points.
            spread: The further covariance's rows at the new points.
            experts: The chosen ones.
        """
        V, left = self.residual.whiten(correlation, spread)
        n = self.residual_w.shape[1]
        beta, H_w = self.coefficients[experts], self.H_w[experts]
        mean = beta[:, :1] * basis + beta[:, 1:] + self.residual_w[experts] @ V[:n]
        R0, R1 = basis - H_w[:, :, 0] @ V, 1.0 - H_w[:, :, 1] @ V
        precision = self.precision + np.swapaxes(H_w, 1, 2) @ H_w
        if not n:  # no value yet, so that the offset means nothing
            precision = precision + np.diag([0.0, 1.0])
        S = np.linalg.inv(precision)[:, :, :, None]
        variance = S[:, 0, 0] * R0**2 + 2.0 * S[:, 0, 1] * R0 * R1 + S[:, 1, 1] * R1**2
        variance += left
        tau = self.tau[experts, None]
        return tau * mean, tau**2 * variance
