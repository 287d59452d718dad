"""Hyperparameters by maximum a posteriori, with closed-form gradients.

The objective is the log marginal likelihood (Rasmussen & Williams 2006, eq. 5.8) of one task or
the sum over several that share their hyperparameters, and the log density of their prior. The
gradient is eq. 5.9, its sum over pairs folded into matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.gp.exact import Batch, cholesky, lower_inverse
from optuna_metabo.gp.kernel import Hyperparameters, matern52_slope
from optuna_metabo.shapes import Float, Int

# Values are standardised: a noise below 1e-6 is not told from none, and one above 1 is no fit; of
# values that are means of c, one above c.
_NOISE_BOUNDS = (np.log(1e-6), np.log(1.0))
_LENGTHSCALE_BOUNDS = (np.log(0.03), np.log(50.0))
_OUTPUTSCALE_BOUNDS = (np.log(0.05), np.log(20.0))
_MAX_ITERATIONS = 50
# Degrees of freedom of a lengthscale's deviation from the others.
_FREEDOM = 2.0
# Of the log posterior density, in nats: less moves no proposal.
_TOLERANCE = 2e-3
# Where the search starts: with little noise, values that are not smooth push the lengthscales to
# their lower bound, where nothing correlates and no slope leads back.
_START_NOISE = 0.03


@dataclass(frozen=True)
class HyperparameterPrior:
    """Of log lengthscales [d], log outputscale and log noise: theta, shape [d + 2].

        log p = -1/2 (level / scale_0)² - sum over j of (nu + 1)/2 log(1 + t_j² / nu) + const

    for the log lengthscales loc_j + level + spread t_j, where the t_j have mean 0, so that with
    one axis there is none, and nu = 2: normal for their level, and for how far each is from it
    the density of Student's t distribution. So the parameters are about alike, which few values
    cannot refute, but for a few that matter much more or not at all, which heavy tails allow. The
    log outputscale and the log noise are normal.

    Args:
        loc: Where the density is largest, shape [d + 2].
        scale: Standard deviations of the level, the log outputscale and the log noise, shape [3].
        spread: Of the log lengthscales around their mean.
    """

    loc: Float[Array, " t"]
    scale: Float[Array, " 3"]
    spread: float = 0.7

    @classmethod
    def default(cls, d: int) -> HyperparameterPrior:
        """For standardised values on the unit cube of ``d`` axes, one at least.

        Lengthscales grow with the square root of the dimension, so that the complexity of the
        functions does not (Hvarfner et al. 2024, "Vanilla Bayesian optimization performs great
        in high dimensions"); the noise is small, as for most seeded trainings.
        """
        loc = np.r_[np.full(d, 0.5 * np.log(d) - 0.7), 0.0, np.log(1e-3)]
        return cls(loc, np.array([1.0, 0.5, 1.5]))

    def log_density(self, theta: Float[Array, " t"]) -> tuple[float, Float[Array, " t"]]:
        """Up to a constant, and its gradient; the level is the mean of theta_j - loc_j."""
        d, gradient = len(theta) - 2, np.empty_like(theta)
        away = theta - self.loc
        level = float(away[:d].mean())
        t = (away[:d] - level) / self.spread
        pull = (_FREEDOM + 1.0) * t / (_FREEDOM + t**2) / self.spread
        z = np.r_[level, away[d:]] / self.scale
        gradient[:d] = pull.mean() - pull - z[0] / self.scale[0] / d
        gradient[d:] = -z[1:] / self.scale[1:]
        tails = 0.5 * (_FREEDOM + 1.0) * np.log1p(t**2 / _FREEDOM).sum()
        return -0.5 * float(z @ z) - float(tails), gradient


def log_marginal_likelihood(
    theta: Float[Array, " t"],
    data: Batch,
    groups: Int[Array, " p"],
    alike: Float[Array, "n n"] | float = 1.0,
) -> tuple[float, Float[Array, " t"]]:
    """The sum over the batch of log p(y | X, theta), and its gradient.

    Where y are means of c values each, K = outputscale C + noise diag(1 / c); the deviations of
    the single values from their means, whose squares have the sum S, tell of the noise alone:

        log p(deviations) = -1/2 sum((c - 1) log(2 pi noise) + log c) - S / (2 noise)

    of which the constant sum of log c is left out.

    Args:
        theta: Logarithms of lengthscales [d], outputscale and noise, shared by all tasks.
        data: The tasks.
        groups: The axis of each column.
        alike: What part of the covariance of each pair of points remains: of points of several
            tasks that are fitted together, how alike these are.
    """
    d = len(theta) - 2
    outputscale, noise = np.exp(theta[d]), np.exp(theta[d + 1])
    lengthscale = np.broadcast_to(np.exp(theta[:d])[groups], data.known.shape)
    r2, correlation = data.covariance(lengthscale)
    correlation = correlation * alike
    eye = np.eye(r2.shape[-1])
    K = outputscale * correlation + np.where(data.mask, noise / data.counts, 1.0)[:, None, :] * eye
    L = cholesky(K)
    inverse_L = lower_inverse(L)
    inverse = np.swapaxes(inverse_L, -1, -2) @ inverse_L
    alpha = np.einsum("knm,km->kn", inverse, data.y)
    log_det = 2.0 * np.log(np.diagonal(L, axis1=-2, axis2=-1)).sum()
    value = -0.5 * (np.sum(alpha * data.y) + log_det + data.mask.sum() * np.log(2 * np.pi))
    scatter, freedom = data.squares.sum() / noise, data.freedom.sum()
    value -= 0.5 * (freedom * np.log(2 * np.pi * noise) + scatter)

    pairs = data.mask[:, :, None] & data.mask[:, None, :]
    G = 0.5 * np.where(pairs, alpha[:, :, None] * alpha[:, None, :] - inverse, 0.0)
    slope = outputscale * alike * G * matern52_slope(r2)
    X = data.X * (data.known / lengthscale)[:, None, :]
    squares = np.einsum("kn,knp->p", slope.sum(-1), X**2)
    products = np.einsum("knp,knp->p", X, slope @ X)
    gradient = np.zeros(d + 2)
    np.add.at(gradient, groups, -4.0 * (squares - products))
    gradient[d] = outputscale * np.sum(G * correlation)
    gradient[d + 1] = noise * np.einsum("knn->", G / data.counts[:, None, :])
    gradient[d + 1] += 0.5 * (scatter - freedom)
    return float(value), gradient


def fit_map(
    data: Batch,
    groups: Int[Array, " p"],
    prior: HyperparameterPrior,
    start: Float[Array, " t"],
    *,
    alike: Float[Array, "n n"] | float = 1.0,
    has_unit_scale: bool = False,
) -> Float[Array, " t"]:
    """Hyperparameters (logarithms, shape [d + 2]) shared by the batch, from a warm start.

    The density is taken for each value, so that the first step of the search is no longer with
    much data than with little.

    Args:
        data: The tasks.
        groups: The axis of each column.
        prior: Of the hyperparameters.
        start: Where the search begins.
        alike: Of points of several tasks, as in :func:`log_marginal_likelihood`.
        has_unit_scale: Whether the outputscale is 1, as where the lengthscales are used with that
            alone. A smooth function is as likely with a larger one and longer lengthscales, which
            are twice too long then.
    """
    n = max(int(data.mask.sum()), 1)
    least, most = _NOISE_BOUNDS
    noise_bounds = (least, most + np.log(data.counts.max()))
    scale_bounds = (0.0, 0.0) if has_unit_scale else _OUTPUTSCALE_BOUNDS
    bounds = [_LENGTHSCALE_BOUNDS] * (len(start) - 2) + [scale_bounds, noise_bounds]
    start = np.r_[start[:-1], max(start[-1], np.log(_START_NOISE))]
    options = {"maxiter": _MAX_ITERATIONS, "ftol": _TOLERANCE / n}
    start = np.clip(start, *np.transpose(bounds))
    found = scipy.optimize.minimize(
        _loss,
        start,
        args=(data, groups, prior, alike),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options=options,
    )
    return np.asarray(found.x)


def _loss(
    theta: Float[Array, " t"],
    data: Batch,
    groups: Int[Array, " p"],
    prior: HyperparameterPrior,
    alike: Float[Array, "n n"] | float,
) -> tuple[float, Float[Array, " t"]]:
    """Minus the log posterior density for each value, up to a constant, and its gradient."""
    n = max(int(data.mask.sum()), 1)
    value, gradient = log_marginal_likelihood(theta, data, groups, alike)
    log_prior, slope = prior.log_density(theta)
    return -(value + log_prior) / n, -(gradient + slope) / n


def unpack(theta: Float[Array, " t"], k: int) -> Hyperparameters:
    """The same hyperparameters for each of ``k`` tasks."""
    d = len(theta) - 2
    values = np.exp(np.tile(theta, (k, 1)))
    return Hyperparameters(values[:, :d], values[:, d], values[:, d + 1])
