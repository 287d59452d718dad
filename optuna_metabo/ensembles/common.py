"""What all sources share: one function, learned from the points of all of them together.

    y_t(x) = g(x) + r_t(x) + noise,    g ~ GP(0, alpha k),    r_t ~ GP(0, (1 - alpha) k)

Where one source has looked, the others need not: averaging the sources' own posteriors forgets
that, this does not. ``g`` is written in the features of its covariance at landmarks,
``g(x) = w · features(x)``, chosen by a pivoted Cholesky factorisation (Fine & Scheinberg 2001), so
that the cost is linear in the number of sources (Rasmussen & Williams 2006, section 8.3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray as Array

from optuna_metabo.gp.exact import GP, Batch, cholesky, lower_solve
from optuna_metabo.gp.fit import log_marginal_likelihoods
from optuna_metabo.gp.kernel import Hyperparameters, matern52, squared_distance

_MAX_LANDMARKS = 96
# Shares of the variance that is common, one of which the sources themselves select.
_ALPHAS = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Common:
    """The posterior of ``g`` given all sources: weights w ~ N(mean, rootᵀ root).

    Args:
        landmarks: Points that span the features, shape [l p].
        inverse: Of the Cholesky factor of the landmarks' correlations, shape [l l].
        lengthscale: One a column, shape [p].
        mean: Of the weights, shape [l].
        root: Shape [l l].
        alpha: The share of the variance that is common.
    """

    landmarks: Float[Array, "l p"]
    inverse: Float[Array, "l l"]
    lengthscale: Float[Array, " p"]
    mean: Float[Array, " l"]
    root: Float[Array, "l l"]
    alpha: float

    @classmethod
    def learn(cls, data: Batch, theta: Hyperparameters, groups: Int[Array, " p"]) -> Common:
        """The share ``alpha`` is the one of the largest marginal likelihood."""
        lengthscale = theta.lengthscale[0, groups]
        X = data.X * data.known[:, None, :]
        landmarks = _pivots(np.unique(X[data.mask], axis=0), lengthscale)
        K = matern52(squared_distance(landmarks, landmarks, lengthscale))
        inverse = lower_solve(cholesky(K), np.eye(len(K)))
        empty = cls(landmarks, inverse, lengthscale, np.zeros(len(K)), inverse, 0.0)
        phi = np.stack([empty.features(x) for x in X]) * data.mask[:, None, :]
        fits = [_fit(data, theta, groups, phi, alpha) for alpha in _ALPHAS]
        best = int(np.argmax([evidence for evidence, _, _ in fits]))
        _, mean, root = fits[best]
        return cls(landmarks, inverse, lengthscale, mean, root, _ALPHAS[best])

    def features(self, X: Float[Array, "m p"]) -> Float[Array, "l m"]:
        """Functions whose products sum to the correlation."""
        return self.inverse @ matern52(squared_distance(self.landmarks, X, self.lengthscale))

    def mean_and_spread(
        self, X: Float[Array, "m p"]
    ) -> tuple[Float[Array, "1 m"], Float[Array, "l m"]]:
        """The mean of ``g``, and rows whose Gram matrix is its covariance."""
        phi = self.features(X)
        return (self.mean @ phi)[None], self.root @ phi


def _fit(
    data: Batch,
    theta: Hyperparameters,
    groups: Int[Array, " p"],
    phi: Float[Array, "k l n"],
    alpha: float,
) -> tuple[float, Float[Array, " l"], Float[Array, "l l"]]:
    """Log marginal likelihood, mean of the weights and root of their covariance.

    A = I / alpha + sum_t phi_t K_t⁻¹ phi_tᵀ, one term a source (matrix inversion lemma).
    """
    own = Hyperparameters(theta.lengthscale, (1.0 - alpha) * theta.outputscale, theta.noise)
    gp = GP.condition(data, own, groups)
    whitened = lower_solve(gp.L, np.swapaxes(phi, 1, 2))
    A = np.einsum("knl,knm->lm", whitened, whitened) + np.eye(phi.shape[1]) / alpha
    b = np.einsum("kln,kn->l", phi, gp.alpha)
    root = lower_solve(cholesky(A), np.eye(len(A)))
    half = root @ b
    log_det = -2.0 * np.log(np.diagonal(root)).sum() + len(A) * np.log(alpha)
    evidence = log_marginal_likelihoods(gp).sum() + 0.5 * (half @ half - log_det)
    return float(evidence), root.T @ half, root


def _pivots(X: Float[Array, "n p"], lengthscale: Float[Array, " p"]) -> Float[Array, "l p"]:
    """Greedily the point that those before tell least about."""
    left, rows = np.ones(len(X)), np.zeros((min(len(X), _MAX_LANDMARKS), len(X)))
    chosen: list[int] = []
    for i in range(len(rows)):
        best = int(left.argmax())
        if left[best] < 1e-4:
            break
        chosen.append(best)
        K = matern52(squared_distance(X[best : best + 1], X, lengthscale))[0]
        rows[i] = (K - rows[:i, best] @ rows[:i]) / np.sqrt(left[best])
        left = np.maximum(left - rows[i] ** 2, 0.0)
    return X[chosen]
