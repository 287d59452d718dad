"""The logarithm of expected improvement, stable in both tails.

    EI(x) = sigma h(z),    z = (mean - incumbent) / sigma,    h(z) = phi(z) + z Phi(z)

Ament et al. 2023, "Unexpected improvements to expected improvement", eqs. 8 and 9.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Posterior

_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)
_SQRT_HALF_PI = np.sqrt(0.5 * np.pi)
# Below this z the bracket of h loses its digits, and -2 log|z| is exact to 3/z² = 3e-8.
_FAR = -1e4
# A component above the first hides all below the second: their share is below e^-300, and below
# e^-100 where it has no more than the third of the weight.
_NEAR, _FLOOR, _LEAST = -25.0, -37.0, 1e-100


def log_h(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """log(phi(z) + z Phi(z)) for any finite z."""
    near = np.maximum(z, -1.0)
    above = np.log(np.exp(-0.5 * near**2 - _LOG_SQRT_2PI) + near * scipy.special.ndtr(near))
    tail = np.clip(z, _FAR, -1.0)
    below = np.log1p(tail * _SQRT_HALF_PI * scipy.special.erfcx(-tail * np.sqrt(0.5)))
    far = -2.0 * np.log(np.maximum(-z, 1.0))
    log_phi = -0.5 * z**2 - _LOG_SQRT_2PI
    return np.where(z > -1.0, above, log_phi + np.where(z > _FAR, below, far))


def log_expected_improvement(
    posterior: Posterior, incumbents: Float[Array, " s"]
) -> Float[Array, " m"]:
    """Log EI under a mixture: the weighted mean of its components' expected improvements.

    Args:
        posterior: The mixture at m points.
        incumbents: What each component improves upon, shape [s].
    """
    sigma = np.sqrt(posterior.variances)
    z = (posterior.means - incumbents[:, None]) / sigma
    counts = posterior.weights > _LEAST
    near = (z if counts.all() else z[counts]).max(axis=0, initial=-np.inf) > _NEAR
    if near.all():
        return _log_near_mixture(posterior.weights, sigma, z)
    log_ei = np.empty(z.shape[1])
    log_ei[near] = _log_near_mixture(posterior.weights, sigma[:, near], z[:, near])
    log_ei[~near] = _log_mixture(posterior.weights, sigma[:, ~near], z[:, ~near])
    return log_ei


def _log_near_mixture(
    weights: Float[Array, " s"], sigma: Float[Array, "s m"], z: Float[Array, "s m"]
) -> Float[Array, " m"]:
    """Where one component is near, those far below it add nothing, and no logarithm is needed."""
    return np.asarray(np.log(weights @ (sigma * _h(np.maximum(z, _FLOOR)))))


def _h(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """phi(z) + z Phi(z); its digits are lost with z²."""
    return np.exp(-0.5 * z * z - _LOG_SQRT_2PI) + z * scipy.special.ndtr(z)


def _log_mixture(
    weights: Float[Array, " s"], sigma: Float[Array, "s m"], z: Float[Array, "s m"]
) -> Float[Array, " m"]:
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)[:, None]
    log_parts = log_weights + np.log(sigma) + log_h(z)
    largest = log_parts.max(axis=0)
    return np.asarray(largest + np.log(np.exp(log_parts - largest).sum(axis=0)))
