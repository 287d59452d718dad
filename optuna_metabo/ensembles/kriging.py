"""Universal kriging with a prior on its coefficients and an unknown scale.

    z = H beta + r + noise,    beta ~ N(beta_0, P⁻¹),    r ~ GP(0, rho² k + spreadᵀ spread)

(Rasmussen & Williams 2006, section 2.7), where ``z = u y`` are the values on the scale of the
basis functions, ``u = 1 / tau``, less the best of them, so that ``z = 0`` there. Columns of ``H``
are (phi, 1). Of everything that is whitened by the residual's Cholesky factor, ``L⁻¹ ·``, the name
ends in ``_w``.

With the prior of a location and a scale, 1/tau (Berger 1985, section 3.3), the best value alone
says nothing of tau and is no evidence for or against any expert. That of the others is

    p(y | best) = integral over t = log u of  u^(n-1) N(z; H beta_0, K + H P⁻¹ Hᵀ) / N(0; best)

which Gauss-Hermite quadrature around its mode solves; the nodes stay, each with its weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.gp.exact import cholesky, lower_inverse
from optuna_metabo.gp.expansion import Correlations
from optuna_metabo.gp.kernel import correlation
from optuna_metabo.shapes import Float, Int

# Nodes in log tau. With five the evidence of two values is right to .02 nats. The last node ends
# the tail of tau: the mixture's variance, of up to three values infinite, is a fifth to a third
# too small of four, 6 % of six and 2 % of nine. What is told to people is calibrated, see
# :mod:`.calibration`.
_NODES, _NODE_WEIGHTS = np.polynomial.hermite.hermgauss(5)
_LOG_NODE_WEIGHTS = np.log(_NODE_WEIGHTS) + _NODES**2


@dataclass(frozen=True)
class Kernel:
    """The residual's correlation, and the variance of a single value's noise."""

    lengthscale: Float[Array, " p"]
    noise: float

    @classmethod
    def of(cls, theta: Float[Array, " t"], groups: Int[Array, " p"]) -> Kernel:
        """From log hyperparameters; the outputscale is the residual's size instead."""
        return cls(np.exp(theta[:-2])[groups], float(np.exp(theta[-1])))

    def correlation(self, X: Float[Array, "n p"], Z: Float[Array, "m p"]) -> Float[Array, "n m"]:
        """Matérn-5/2."""
        return correlation(X, Z, self.lengthscale)

    def correlations(self, X: Float[Array, "n p"]) -> Correlations:
        """Those with any other points, for many calls."""
        return Correlations.of(X, 1.0 / self.lengthscale)


@dataclass(frozen=True)
class Coefficients:
    """Independent normal priors of the slope and the offset, the latter from the best value."""

    mean: Float[Array, " 2"]
    variance: Float[Array, " 2"]


@dataclass(frozen=True)
class Residual:
    """``r`` and the noise at N points, factorised.

        K = rho² k + spreadᵀ spread + diag(noise) = L Lᵀ

    Args:
        rho: The size of the residual, relative to the basis functions' deviation.
        noise: The variance of the noise at each point, less where several values were told.
        spread: Rows whose Gram matrix is a further covariance, shape [l N].
        L: The lower factor, shape [N N].
        L_inverse: Its inverse.
    """

    rho: float
    noise: Float[Array, " N"]
    spread: Float[Array, "l N"]
    L: Float[Array, "N N"]
    L_inverse: Float[Array, "N N"]

    @classmethod
    def factorise(
        cls,
        correlation: Float[Array, "N N"],
        spread: Float[Array, "l N"],
        *,
        rho: float,
        noise: Float[Array, " N"],
    ) -> Residual:
        """From the points' correlation and the further covariance's rows; there may be none."""
        K = rho**2 * correlation + np.diag(noise)
        K += spread.T @ spread
        L = cholesky(K) if len(K) else K
        L_inverse = lower_inverse(L) if len(K) else K
        return cls(rho, noise, spread, L, L_inverse)

    def log_det(self, n: int) -> float:
        """Of the covariance of the first ``n`` points."""
        return 2.0 * float(np.log(np.diagonal(self.L)[:n]).sum())

    def left(
        self, correlation: Float[Array, "N m"], spread: Float[Array, "l m"]
    ) -> Float[Array, " m"]:
        """The part of the residual's variance that is left at m points, from 0 to 1.

        Args:
            correlation: Of the N points with the new ones.
            spread: The further covariance's rows at the new points.
        """
        V = self.L_inverse @ (self.rho**2 * correlation + self.spread.T @ spread)
        own = self.rho**2 + np.einsum("lm,lm->m", spread, spread)
        return np.maximum(1.0 - np.einsum("nm,nm->m", V, V) / own, 1e-10)

    def variance(self, i: int) -> float:
        """Of the residual and the noise at one point."""
        return self.rho**2 + float(self.noise[i]) + float(np.sum(self.spread[:, i] ** 2))


@dataclass(frozen=True)
class Quadratic:
    """-2 log of the density of z over that of the best alone: u² A - 2 u B + C, row by row."""

    A: Float[Array, " s"]
    B: Float[Array, " s"]
    C: Float[Array, " s"]

    def log_density(self, u: Float[Array, "s j"], n: int) -> Float[Array, "s j"]:
        """Log of u^(n-1) and the densities' ratio, up to a constant of n."""
        A, B, C = self.A[:, None], self.B[:, None], self.C[:, None]
        return (n - 1) * np.log(u) - 0.5 * (u**2 * A - 2.0 * u * B + C)

    def nodes(self, n: int) -> tuple[Float[Array, "s j"], Float[Array, "s j"]]:
        """Values of u, and the logarithms of the evidence that each stands for; n > 1."""
        mode = (self.B + np.sqrt(self.B**2 + 4.0 * self.A * (n - 1))) / (2.0 * self.A)
        width = np.sqrt(2.0 / (self.A * mode**2 + n - 1))
        u = mode[:, None] * np.exp(width[:, None] * _NODES)
        return u, self.log_density(u, n) + _LOG_NODE_WEIGHTS + np.log(width)[:, None]


@dataclass(frozen=True)
class Kriging:
    """``s`` experts that share a residual, given n values; each knows ``j`` scales.

    Args:
        residual: At the n points with values and, after them, pending ones: these shrink
            variances alone.
        precision: Of the coefficients before any value, P.
        phi_w: Whitened basis functions.
        one_w: Whitened ones: (phi_w, one_w) is H_w.
        fits: Coefficients per unit of u and without values: beta = u fits[0] + fits[1].
        left_w: What these leave of the values, likewise.
        tau: The scales.
        log_evidence: Of the values, shared out among the scales.
    """

    residual: Residual
    precision: Float[Array, "2 2"]
    phi_w: Float[Array, "s N"]
    one_w: Float[Array, " N"]
    fits: Float[Array, "2 s 2"]
    left_w: Float[Array, "2 s n"]
    tau: Float[Array, "s j"]
    log_evidence: Float[Array, "s j"]

    @classmethod
    def condition(
        cls,
        residual: Residual,
        prior: Coefficients,
        y: Float[Array, " n"],
        basis: Float[Array, "s N"],
    ) -> Kriging:
        """Closed forms.

        Args:
            residual: At N >= n points.
            prior: Of the coefficients.
            y: The values at the first n points, at most 0, the best 0.
            basis: The basis functions at all points.
        """
        n, s = len(y), len(basis)
        phi_w, one_w = basis @ residual.L_inverse.T, residual.L_inverse.sum(axis=1)
        y_w, phi, one = residual.L_inverse[:n, :n] @ y, phi_w[:, :n], one_w[:n]
        precision, told = np.diag(1.0 / prior.variance), bool(y.any())
        S, log_det = _covariance(precision, phi, one)
        prior_part = precision @ prior.mean
        moments = np.stack([phi @ y_w, np.full(s, one @ y_w)], axis=1)
        fit_y, fit_0 = np.einsum("sij,sj->si", S, moments), S @ prior_part
        left_w = np.stack(
            [
                y_w - fit_y[:, :1] * phi - fit_y[:, 1:] * one,
                -fit_0[:, :1] * phi - fit_0[:, 1:] * one,
            ]
        )
        tau, log_evidence = np.ones((s, 1)), np.zeros((s, 1))
        if told:
            A = np.maximum(left_w[0] @ y_w, 1e-12 * float(y_w @ y_w))
            C = prior.mean @ prior_part - fit_0 @ prior_part
            C += log_det + np.log(prior.variance).sum() + residual.log_det(n)
            C -= _log_best(residual, prior, basis[:, int(y.argmax())], int(y.argmax()))
            u, log_evidence = Quadratic(A, fit_y @ prior_part, C).nodes(n)
            tau = 1.0 / u
        fits = np.stack([fit_y, fit_0])
        return cls(residual, precision, phi_w, one_w, fits, left_w, tau, log_evidence)

    def linear(
        self, some: Int[Array, " e"]
    ) -> tuple[Float[Array, "e 4 N"], Float[Array, "e 4 1"], Float[Array, "e 4 1"]]:
        """Of some experts, what is linear at new points: the factors of V, of phi, and of 1.

        These are the fits per unit of the values and without them and, with
        R = (phi, 1) - H_wᵀ V, V = L⁻¹ K, and S = (P + H_wᵀ H_w)⁻¹ = T Tᵀ, the two rows of Tᵀ R:
        the variance is that of the residual and Rᵀ S R = |Tᵀ R|² (eq. 2.42).
        """
        fits, left, phi_w = self.fits[:, some], self.left_w[:, some], self.phi_w[some]
        S, _ = _covariance(self.precision, phi_w, self.one_w)
        T = cholesky(S)
        (e, N), n = phi_w.shape, left.shape[2]
        whitened = np.zeros((e, 4, N))
        whitened[:, :2, :n] = np.swapaxes(left, 0, 1)
        whitened[:, 2] = -T[:, 0, :1] * phi_w - T[:, 1, :1] * self.one_w
        whitened[:, 3] = -T[:, 1, 1:] * self.one_w
        slope = np.stack([*fits[..., 0], T[:, 0, 0], np.zeros(e)], axis=1)
        offset = np.stack([*fits[..., 1], T[:, 1, 0], T[:, 1, 1]], axis=1)
        return whitened, slope[..., None], offset[..., None]


def _log_best(
    residual: Residual, prior: Coefficients, phi: Float[Array, " s"], i: int
) -> Float[Array, " s"]:
    """-2 log N(0; best) + const: the best value alone, of the i-th point."""
    mean = prior.mean[0] * phi + prior.mean[1]
    variance = prior.variance[0] * phi**2 + prior.variance[1] + residual.variance(i)
    return mean**2 / variance + np.log(variance)


def _covariance(
    precision: Float[Array, "2 2"], phi_w: Float[Array, "s n"], one_w: Float[Array, " n"]
) -> tuple[Float[Array, "s 2 2"], Float[Array, " s"]]:
    """(P + H_wᵀ H_w)⁻¹ in closed form, and log det of the precision."""
    a = precision[0, 0] + np.einsum("sn,sn->s", phi_w, phi_w)
    b = precision[0, 1] + phi_w @ one_w
    c = np.full(len(a), precision[1, 1] + one_w @ one_w)
    det = a * c - b**2
    adjugate = np.stack([c, -b, -b, a], axis=1)
    return (adjugate / det[:, None]).reshape(-1, 2, 2), np.log(det)
