"""How large the differences of the target's values are likely to be, by those of the sources.

Most new studies measure what the past ones did. Values that hardly differ are then all near the
best, where sources expect them alike; a plain Gaussian process, which may be of any size, explains
them as well otherwise, and sources that are right were put to the test in most studies. The scale
``tau`` of the target (:mod:`.kriging`) has

    log tau ~ m + s T,    T ~ Student(nu)
    s² = (n_0 s_0² + sum_k (t_k - m)²) (1 + 1 / K) / (n_0 + K - 1)

with ``m`` the mean of ``t_k``, the K sources' own: the predictive distribution of one more of them
with a conjugate prior of their variance (Gelman et al. 2013, "Bayesian Data Analysis", section
3.3), but with tails as heavy of many sources as of few: the new study may have other units.
Far out they say the same of every scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.calibration import spreads
from optuna_metabo.shapes import Float

# A factor of e between studies of one metric, believed as much as two of them.
_USUAL, _BELIEVED = 1.0, 2.0
# The freedom of the tails.
_NU = 4.0
# A function's deviations between its best value and what is bad: of a normal distribution, 1.6 on
# either side, and the best farther out.
_DEVIATIONS = 4.0


@dataclass(frozen=True)
class ScalePrior:
    """A Student distribution of log tau; without a source that tells of it, any is as likely.

    Args:
        centre: Its location, in the logarithm of the values' units.
        scale: Its scale.
    """

    centre: float = 0.0
    scale: float = np.inf

    @classmethod
    def of(cls, values: Sequence[Float[Array, " _"]]) -> ScalePrior:
        """From the values of each source."""
        found = spreads(values)
        if not len(found):
            return cls()
        t, k = np.log(found / _DEVIATIONS), len(found)
        squares = _BELIEVED * _USUAL**2 + np.sum((t - t.mean()) ** 2)
        return cls(float(t.mean()), float(np.sqrt(squares * (1 + 1 / k) / (_BELIEVED + k - 1))))

    def log_density(self, tau: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
        """Of log tau, up to a constant."""
        z = (np.log(tau) - self.centre) / self.scale
        return -0.5 * (_NU + 1.0) * np.log1p(z**2 / _NU)
