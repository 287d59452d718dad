"""The probability that a trial breaks no constraint and does not fail."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array
from scipy.special import log_ndtr, logsumexp

from optuna_metabo.surrogate import Posterior


def log_probability_of_feasibility(slack: Posterior) -> Float[Array, " m"]:
    """Log P(slack >= 0) under a mixture (Gardner et al. 2014, eq. 6).

    Args:
        slack: What the constraint leaves, at m points.
    """
    z = slack.means / np.sqrt(slack.variances)
    with np.errstate(divide="ignore"):
        log_weights = np.log(slack.weights)[:, None]
    return np.asarray(logsumexp(log_weights + log_ndtr(z), axis=0))
