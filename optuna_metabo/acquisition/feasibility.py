"""The probability that a trial breaks no constraint and does not fail."""

from __future__ import annotations

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Posterior


def log_probability_of_feasibility(slack: Posterior) -> Float[Array, " m"]:
    """Log P(slack >= 0) under a mixture (Gardner et al. 2014, eq. 6).

    Args:
        slack: What the constraint leaves, at m points.
    """
    z = slack.means / np.sqrt(slack.variances)
    with np.errstate(divide="ignore"):
        log_weights = np.log(slack.weights)[:, None]
    return np.asarray(scipy.special.logsumexp(log_weights + scipy.special.log_ndtr(z), axis=0))
