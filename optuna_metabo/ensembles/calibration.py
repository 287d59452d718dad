"""Intervals that hold what they promise: how wrong predictions were of sources that were left out.

The sources' functions count as known, and their scores bend what lies far below the best; neither
moves a proposal, but the mixture's intervals are too narrow. So each source in turn is taken for
the target, and every value that it did not tell gives an error in units of what could be expected

    e = (mean - y) / s,    s² = variance + (novelty max(best - mean, D))²

with a novelty of 0 where values have been told and 1 far from them (normalised errors,
Papadopoulos, Gammerman & Vovk 2008, "Normalized nonconformity measures for regression conformal
prediction"). ``D`` is how far values usually lie below the best: those that a search tells stand
near it, where differences are small, so that what they tell of the scale says little of points
elsewhere, while most sources have the target's units. Turned round, ``mean - s e`` with the
distribution of ``e`` is the prediction of the target's values (a conformal predictive
distribution, Vovk, Shen, Manokhin & Xie 2019, "Nonparametric predictive distributions based on
conformal prediction"): right for a new study as far as it is one of the sources' kind. A single
source cannot be left out; then errors are what they mostly are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Posterior

# Parts of equal weight that the distribution of errors is cut into, and the deviation of each in
# the distance of its neighbours.
_N_PARTS, _WIDTH = 24, 0.5
# Errors of so many times the usual size are drawn in: one diverged training sets no scale.
_OUTLIER = 30.0
# How far errors reach where the target is not of the sources' kind, in what 95 of 100 others stay
# below: nothing tells how wrong predictions are where sources are opposed. Of 72 families and
# numbers of trials the lowest has .95 at 95 %; with 4 it has .96 and intervals twice as wide, with
# 1 it has .88.
_REACH = 2.0
# The deviation of errors where none has been seen: two of it are four times 1.5, and of the
# sources of a family 95 of 100 stay below 1.0, 1.4 and 2.0 (quartiles over those of studies).
_UNSEEN = 3.0
# How far below the best a value may be predicted: so many times as far as bad ones of the sources
# usually lie, or so many times the deviation of those told. With two values and one source, the
# scale of what was predicted was up to 70 times that of the values.
_TIMES_SPREAD, _TIMES_DEVIATION = 2.0, 4.0
# The part of a source's values that is not asked how far it lies below the best. A search that is
# near its best most of the time has seen the rest of the space in its first few trials; fewer
# still may have diverged.
_WORST = 0.05
# Of 145 searches in the families of studies 98 in 100 had told values that lay apart by (n / 100)²
# times the spread of the sources and more, after 10 and after 30; the first few may be all alike.
_FIRST_TOLD, _ALL_TOLD = 10, 100


def spreads(values: Sequence[Float[Array, " _"]]) -> Float[Array, " k"]:
    """How far bad values lie below the best, of each source that says anything: of which not all
    but a few values are the best.
    """
    found = np.array([y.max() - np.quantile(y, _WORST) for y in values])
    return found[found > 0.0]


def usual_spread(values: Sequence[Float[Array, " _"]]) -> float:
    """The geometric mean over the sources, as units differ by factors; 0 if none says anything."""
    found = spreads(values)
    return float(np.exp(np.log(found).mean())) if len(found) else 0.0


def believed_spread(spread: float, told: Float[Array, " n"]) -> float:
    """That of the sources as far as the target's values allow: its units may be smaller."""
    n, apart = len(told), float(np.ptp(told))
    if n < _FIRST_TOLD or apart == 0.0:
        return spread
    return min(spread, max(_ALL_TOLD / n, 1.0) ** 2 * apart)


def plausible(posterior: Posterior, best: float, spread: float, deviation: float) -> Posterior:
    """Means and variances of a mixture, drawn in where values hardly lie so far below the best.

    Args:
        posterior: At m points.
        best: The best value told.
        spread: How far values usually lie below the best.
        deviation: Of the values told.
    """
    farthest = max(_TIMES_SPREAD * spread, _TIMES_DEVIATION * deviation)
    mean = np.maximum(posterior.mean, best - farthest)
    variance = np.minimum(posterior.variance, farthest**2)
    return Posterior(np.ones(1), mean[None], variance[None])


def unit(
    posterior: Posterior, novelty: Float[Array, " m"], best: float, spread: float
) -> Float[Array, " m"]:
    """The size of an error that could be expected.

    Args:
        posterior: At m points.
        novelty: How little is known of each from the values told near it, in [0, 1].
        best: The best value told.
        spread: How far values usually lie below the best.
    """
    below = np.maximum(best - posterior.mean, spread)
    return np.asarray(np.hypot(np.sqrt(posterior.variance), novelty * below))


@dataclass(frozen=True)
class Calibration:
    """The distribution of errors, a mixture of normal ones.

    Args:
        weights: Of the parts, on the simplex, shape [j].
        centres: Their means, shape [j].
        widths: Their deviations, shape [j].
        spread: How far values usually lie below the best, a part of the errors' unit.
    """

    weights: Float[Array, " j"]
    centres: Float[Array, " j"]
    widths: Float[Array, " j"]
    spread: float = 0.0

    @classmethod
    def of(cls, found: Float[Array, " e"], n_sources: int, spread: float = 0.0) -> Calibration:
        """From the errors that were seen.

        Args:
            found: None where no source could be left out.
            n_sources: Those that were left out. The chance that the next study is stranger than
                all of them is one in one more.
            spread: Of the sources' values.
        """
        if not len(found):
            return cls(np.ones(1), np.zeros(1), np.full(1, _UNSEEN), spread)
        strange = 1.0 / (n_sources + 1)
        most = _OUTLIER * float(np.median(np.abs(found)))
        found = np.clip(found, -most, most)
        centres = np.quantile(found, (np.arange(_N_PARTS) + 0.5) / _N_PARTS)
        return cls(
            np.r_[np.full(_N_PARTS, (1.0 - strange) / _N_PARTS), strange],
            np.r_[centres, 0.0],
            np.r_[_WIDTH * np.gradient(centres), _REACH * np.quantile(np.abs(found), 0.95)],
            spread,
        )

    def given(self, told: Float[Array, " n"]) -> Calibration:
        """For a study of which some values, one at least, are told."""
        return replace(self, spread=believed_spread(self.spread, told))

    def correct(self, posterior: Posterior, unit: Float[Array, " m"]) -> Posterior:
        """What is predicted of the target, errors being expected in these units."""
        means = posterior.mean - unit * self.centres[:, None]
        variances = (unit * np.maximum(self.widths, 1e-6)[:, None]) ** 2
        return Posterior(self.weights, means, variances)


def unseen() -> Calibration:
    """What errors mostly are where none has been seen."""
    return Calibration.of(np.zeros(0), n_sources=0)
