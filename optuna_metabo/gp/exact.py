"""Exact Gaussian process regression (Rasmussen & Williams 2006, chapter 2), batched.

Tasks of different sizes stand in one batch by padding: ``mask`` tells the rows that count. A
padded row has no covariance with any other, unit variance and value 0, so that it changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.gp.kernel import Hyperparameters, correlation, matern52, squared_distance
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.tasks import Task

# Added to the diagonal of a correlation matrix that is singular in float64, ever more of it.
_JITTERS = (0.0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2)


def cholesky(K: Float[Array, "*batch n n"]) -> Float[Array, "*batch n n"]:
    """The lower factor; the one owner of a matrix that is not positive definite.

    Jitter grows, relative to the largest diagonal entry, until the factorisation succeeds.
    """
    scale = np.abs(np.diagonal(K, axis1=-2, axis2=-1)).max(initial=1e-300)
    for jitter in _JITTERS:
        try:
            return np.linalg.cholesky(K + jitter * scale * np.eye(K.shape[-1]) if jitter else K)
        except np.linalg.LinAlgError:
            continue
    raise np.linalg.LinAlgError(f"a {K.shape} covariance is far from positive definite")


def lower_solve(
    L: Float[Array, "*batch n n"], B: Float[Array, "*batch n m"]
) -> Float[Array, "*batch n m"]:
    """``L⁻¹ B`` for one factor or a batch of them."""
    if L.ndim == 2:
        return np.asarray(scipy.linalg.solve_triangular(L, B, lower=True, check_finite=False))
    return np.stack([lower_solve(factor, b) for factor, b in zip(L, B, strict=True)])


def transposed_solve(
    L: Float[Array, "*batch n n"], B: Float[Array, "*batch n m"]
) -> Float[Array, "*batch n m"]:
    """``L⁻ᵀ B`` for one factor or a batch of them: turned around, the transpose is lower, too."""
    turned = np.swapaxes(L, -1, -2)[..., ::-1, ::-1]
    return lower_solve(turned, B[..., ::-1, :])[..., ::-1, :]


def lower_inverse(L: Float[Array, "*batch n n"]) -> Float[Array, "*batch n n"]:
    """``L⁻¹`` for one factor or a batch, in a third of the time of solving for the identity."""
    if L.ndim == 2:
        # Transposed, it is in the order of LAPACK, which then copies nothing to and fro.
        return np.asarray(scipy.linalg.lapack.dtrtri(L.T)[0].T)
    return np.stack([lower_inverse(factor) for factor in L])


@dataclass(frozen=True)
class Batch:
    """Several tasks side by side, padded to the longest.

    Args:
        X: Shape [k n p].
        y: Shape [k n], 0 where padded.
        mask: Shape [k n], true for the rows that count.
        known: Shape [k p], the columns that count.
        counts: Shape [k n], of how many values each of y is the mean; 1 where padded.
        squares: Shape [k], of the deviations of these from their means the sum of squares.
        freedom: Shape [k], how many of these are independent and known.
    """

    X: Float[Array, "k n p"]
    y: Float[Array, "k n"]
    mask: Bool[Array, "k n"]
    known: Bool[Array, "k p"]
    counts: Float[Array, "k n"]
    squares: Float[Array, " k"]
    freedom: Float[Array, " k"]

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> Batch:
        """Pads ``tasks``, at least one, to a common length."""
        k, n, p = len(tasks), max(len(task) for task in tasks), tasks[0].X.shape[1]
        X, y, counts = np.zeros((k, n, p)), np.zeros((k, n)), np.ones((k, n))
        mask, known = np.zeros((k, n), dtype=bool), np.ones((k, p), dtype=bool)
        squares, freedom = np.zeros(k), np.zeros(k)
        for i, task in enumerate(tasks):
            X[i, : len(task)], y[i, : len(task)], mask[i, : len(task)] = task.X, task.y, True
            tally = task.tally
            counts[i, : len(task)] = tally.counts
            squares[i], freedom[i] = tally.squares.sum(), tally.freedom.sum()
            if task.known is not None:
                known[i] = task.known
        return cls(X, y, mask, known, counts, squares, freedom)

    def __getitem__(self, index: slice | Int[Array, " i"]) -> Batch:
        return Batch(*(getattr(self, one.name)[index] for one in fields(self)))

    def covariance(
        self, lengthscale: Float[Array, "k p"]
    ) -> tuple[Float[Array, "k n n"], Float[Array, "k n n"]]:
        """The squared distances and the correlations, the latter 0 between padded rows."""
        X = self.X * self.known[:, None, :]
        r2 = squared_distance(X, X, lengthscale)
        pairs = self.mask[:, :, None] & self.mask[:, None, :]
        return r2, np.where(pairs, matern52(r2), 0.0)


@dataclass(frozen=True)
class GP:
    """``k`` Gaussian processes conditioned on data, ready for :meth:`posterior`."""

    data: Batch
    lengthscale: Float[Array, "k p"]
    outputscale: Float[Array, " k"]
    L: Float[Array, "k n n"]
    alpha: Float[Array, "k n"]

    @classmethod
    def condition(cls, data: Batch, theta: Hyperparameters, groups: Int[Array, " p"]) -> GP:
        """K = k(X, X) + noise diag(1 / counts) = L Lᵀ, alpha = K⁻¹ y.

        Rasmussen & Williams, algorithm 2.1; the mean of c values has the c-th part of the noise,
        and says of the function what they say one by one.
        """
        lengthscale = theta.lengthscale[:, groups]
        _, C = data.covariance(lengthscale)
        K = theta.outputscale[:, None, None] * C
        diagonal = theta.outputscale[:, None] + theta.noise[:, None] / data.counts
        diagonal = np.where(data.mask, diagonal, 1.0)
        K[:, np.arange(K.shape[1]), np.arange(K.shape[1])] = diagonal
        L = cholesky(K)
        alpha = transposed_solve(L, lower_solve(L, data.y[..., None]))[..., 0]
        return cls(data, lengthscale, theta.outputscale, L, alpha)

    def __len__(self) -> int:
        return len(self.outputscale)

    def __getitem__(self, index: slice | Int[Array, " i"]) -> GP:
        return GP(*(getattr(self, one.name)[index] for one in fields(self)))

    def cross_covariance(self, X: Float[Array, "m p"]) -> Float[Array, "k n m"]:
        """k(X_i, X) for each of the GPs, 0 in padded rows."""
        known = self.data.known[:, None, :]
        K = correlation(self.data.X * known, X[None] * known, self.lengthscale)
        K *= (self.outputscale[:, None] * self.data.mask)[:, :, None]
        return K

    def mean(self, X: Float[Array, "m p"]) -> Float[Array, "k m"]:
        """The posterior means alone: eq. 2.25 of Rasmussen & Williams."""
        return np.einsum("kn,knm->km", self.alpha, self.cross_covariance(X))

    def posterior(self, X: Float[Array, "m p"]) -> tuple[Float[Array, "k m"], Float[Array, "k m"]]:
        """Means and variances of the functions: eqs. 2.25 and 2.26."""
        K = self.cross_covariance(X)
        V = lower_solve(self.L, K)
        variance = self.outputscale[:, None] - np.einsum("knm,knm->km", V, V)
        floor = 1e-12 * self.outputscale[:, None]
        return np.einsum("kn,knm->km", self.alpha, K), np.maximum(variance, floor)

    def joint_posterior(
        self, X: Float[Array, "m p"]
    ) -> tuple[Float[Array, "k m"], Float[Array, "k m m"]]:
        """Means and covariances of the functions: eqs. 2.25 and 2.26."""
        K = self.cross_covariance(X)
        V = lower_solve(self.L, K)
        Z = X * self.data.known[:, None, :]
        own = self.outputscale[:, None, None] * correlation(Z, Z, self.lengthscale)
        return np.einsum("kn,knm->km", self.alpha, K), own - np.swapaxes(V, -1, -2) @ V

    def leave_one_out(self) -> tuple[Float[Array, "k n"], Float[Array, "k n"]]:
        """Predictions of each value from all others: eqs. 5.10 to 5.12.

            mean_i = y_i - alpha_i / [K⁻¹]_ii,    variance_i = 1 / [K⁻¹]_ii

        The variance is that of the value, with its noise. Padded rows hold 0 and 1.
        """
        inverse = lower_inverse(self.L)
        precision = np.einsum("kin,kin->kn", inverse, inverse)
        return self.data.y - self.alpha / precision, 1.0 / precision
