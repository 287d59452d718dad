"""What all sources share: one function, learned from the points of all of them together.

    y_t(x) = g(x) + r_t(x) + noise,    g ~ GP(0, share k),    r_t ~ GP(0, (1 - share) k)

Where one source has looked, the others need not: averaging the sources' own posteriors forgets
that, this does not (a multi-task Gaussian process whose tasks are alike to the same degree,
Bonilla, Chai & Williams 2008, "Multi-task Gaussian process prediction"). It speaks of the
parameters that every source has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.gp.exact import cholesky, lower_solve, transposed_solve
from optuna_metabo.gp.expansion import Expansion, Terms
from optuna_metabo.gp.kernel import correlation
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.tasks import Task
from optuna_metabo.thinning import evenly

# Points of all sources that are taken, and of one source at the least: an exact process of so many
# is learned in a second.
MAX_POINTS, _MIN_EACH = 1024, 4
# Shares of the variance that is common, and noise variances; the sources select one pair. The
# evidence of the shares has one peak, most often at a large one.
_SHARES, _NOISES = (0.9, 0.6, 0.3, 0.1), (1e-3, 1e-2, 0.1)


@dataclass(frozen=True)
class Common:
    """The posterior mean of ``g`` given all sources.

    Args:
        X: Points of the sources, shape [n p].
        coefficients: What each of them adds to the mean, shape [n].
        inverse_lengthscale: One a column, shape [p]; 0 where a source lacks the parameter.
        share: Of the sources' variance, what is common.
        noise: The variance of a single value's.
        y: Their values, shape [n].
        owner: The source that each of them belongs to, shape [n].
        counts: Of how many values each of these is the mean, shape [n].
        log_evidence: Their log marginal likelihood, up to a constant.
    """

    X: Float[Array, "n p"]
    coefficients: Float[Array, " n"]
    inverse_lengthscale: Float[Array, " p"]
    share: float
    noise: float
    y: Float[Array, " n"]
    owner: Int[Array, " n"]
    counts: Float[Array, " n"]
    log_evidence: float

    @classmethod
    def learn(
        cls,
        tasks: Sequence[Task],
        lengthscale: Float[Array, " d"],
        groups: Int[Array, " p"],
        places: Int[Array, " k"],
        *,
        most: int = MAX_POINTS,
    ) -> Common:
        """Share and noise are those of the largest marginal likelihood.

        Args:
            tasks: Sources, their values on one scale.
            lengthscale: Of each axis.
            groups: The axis of each column.
            places: Of these among all sources.
            most: Points that are taken.
        """
        known = _known_to_all(tasks)
        X, y, owner, counts = _points(tasks, places, most)
        nothing = cls(
            X=X,
            coefficients=np.zeros(len(X)),
            inverse_lengthscale=known / lengthscale[groups],
            share=0.0,
            noise=0.0,
            y=y,
            owner=owner,
            counts=counts,
            log_evidence=-np.inf,
        )
        if not known.any():
            return nothing
        K = _correlation(X, nothing.inverse_lengthscale)
        is_same = owner[:, None] == owner
        fits = [(_likeliest(K, is_same, y, noise / counts), noise) for noise in _NOISES]
        best, noise = max(fits, key=lambda fit: fit[0].evidence)
        return replace(
            nothing,
            coefficients=best.share * best.weights,
            share=best.share,
            noise=noise,
            log_evidence=best.evidence,
        )

    def without(self, source: int) -> Common:
        """Of all sources but one, with the same share and noise, and of the same parameters."""
        rest = self.owner != source
        if self.share == 0.0 or rest.all() or not rest.any():
            return self
        return self._told_by(self.X[rest], self.y[rest], self.owner[rest], self.counts[rest])

    def of_more(self, tasks: Sequence[Task], places: Int[Array, " k"]) -> Common:
        """As these sources tell it by as many points as may be, with the same share and noise."""
        return self if self.share == 0.0 else self._told_by(*_points(tasks, places, MAX_POINTS))

    def _told_by(
        self,
        X: Float[Array, "n p"],
        y: Float[Array, " n"],
        owner: Int[Array, " n"],
        counts: Float[Array, " n"],
    ) -> Common:
        """By these points."""
        K = _correlation(X, self.inverse_lengthscale)
        fit = _fit(K, owner[:, None] == owner, y, self.share, self.noise / counts)
        return replace(
            self,
            X=X,
            coefficients=self.share * fit.weights,
            y=y,
            owner=owner,
            counts=counts,
            log_evidence=fit.evidence,
        )

    @property
    def known(self) -> Bool[Array, " p"]:
        """The columns that every source has, of which it speaks."""
        return self.inverse_lengthscale > 0.0

    @property
    def alike(self) -> Float[Array, "n n"]:
        """What part of the covariance of each pair of points remains."""
        return _alike(self.share, self.owner[:, None] == self.owner)

    def mean(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """The expected value of ``g``."""
        return Expansion.of(self.terms, self.inverse_lengthscale)(X)[0]

    @property
    def terms(self) -> Terms:
        """Those of the mean."""
        return Terms(self.X, self.coefficients, np.array([len(self.X)]), self.known[None])


def _known_to_all(tasks: Sequence[Task]) -> Bool[Array, " p"]:
    known = np.ones(tasks[0].X.shape[1], dtype=bool)
    for task in tasks:
        known = known if task.known is None else known & task.known
    return known


def _points(
    tasks: Sequence[Task], places: Int[Array, " k"], most: int
) -> tuple[Float[Array, "n p"], Float[Array, " n"], Int[Array, " n"], Float[Array, " n"]]:
    """Points, values, owners and counts of evenly spread sources, and of each its best points and
    a spread of the others.
    """
    chosen = evenly(np.arange(len(tasks)), most // _MIN_EACH)
    each = max(most // len(tasks), _MIN_EACH)
    some = [tasks[i].thinned(each) for i in chosen]
    X, y = np.concatenate([t.X for t in some]), np.concatenate([t.y for t in some])
    owner = np.repeat(places[chosen], [len(task) for task in some])
    return X, y, owner, np.concatenate([task.counts for task in some])


def _correlation(
    X: Float[Array, "n p"], inverse_lengthscale: Float[Array, " p"]
) -> Float[Array, "n n"]:
    scaled = X * inverse_lengthscale
    return correlation(scaled, scaled, np.ones(X.shape[1]))


class _Fit(NamedTuple):
    """One share, its log marginal likelihood with the best outputscale, up to a constant, and
    K⁻¹ y.
    """

    evidence: float
    share: float
    weights: Float[Array, " n"]


def _likeliest(
    K: Float[Array, "n n"],
    is_same: Bool[Array, "n n"],
    y: Float[Array, " n"],
    noise: Float[Array, " n"],
) -> _Fit:
    """With the share at the peak of the evidence."""
    best = _fit(K, is_same, y, _SHARES[0], noise)
    for share in _SHARES[1:]:
        fit = _fit(K, is_same, y, share, noise)
        if fit.evidence <= best.evidence:
            break
        best = fit
    return best


def _alike(share: float, is_same: Bool[Array, "n n"]) -> Float[Array, "n n"]:
    """What part of the covariance of each pair of points remains."""
    return share + (1.0 - share) * is_same


def _fit(
    K: Float[Array, "n n"],
    is_same: Bool[Array, "n n"],
    y: Float[Array, " n"],
    share: float,
    noise: Float[Array, " n"],
) -> _Fit:
    L = cholesky(K * _alike(share, is_same) + np.diag(noise))
    half = lower_solve(L, y[:, None])
    weights = transposed_solve(L, half)[:, 0]
    log_det = 2.0 * np.log(np.diagonal(L)).sum()
    scale = max(float(half[:, 0] @ half[:, 0]) / len(y), 1e-300)
    return _Fit(-0.5 * (len(y) * np.log(scale) + log_det), share, weights)
