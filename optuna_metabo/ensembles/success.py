"""Where trials succeed (1) and where they fail (-1): one Gaussian process over all studies.

The study is one more axis, of choices all at one distance, so that any two studies correlate

    cov(f_s(x), f_t(x')) = rho k(x, x'),    s != t

(the intrinsic coregionalisation model of Bonilla, Chai & Williams 2008, "Multi-task Gaussian
process prediction", with exchangeable tasks), around an offset of each study, its share of
successes. ``rho`` is fitted with the other hyperparameters: where studies fail at different
places, or the new one fails where others did not, the new one's own trials count the more. Labels
need no scale of their own, as the values of other outputs do, and a study that only failed tells
as much as another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import ONE_HOT, Domain
from optuna_metabo.ensembles.target import Scale, conditioned, fitted_theta, n_settled
from optuna_metabo.gp.exact import GP
from optuna_metabo.gp.kernel import matern52
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.surrogate import Model, Posterior, Prior, Task
from optuna_metabo.thinning import rare_first

# Points of the sources, and of all studies together.
_MAX_PAST, _MAX_POINTS = 128, 300
# What is usual counts for the offset of a study like so many labels of its own.
_N_USUAL = 4.0


@dataclass(frozen=True)
class Success:
    """One Gaussian process over all studies; see the module."""

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Gathers the points of the sources."""
        p = len(domain.groups)
        X = np.concatenate([np.zeros((0, p)), *[task.X for task in sources]])
        y = np.concatenate([np.zeros(0), *[task.y for task in sources]])
        study = np.repeat(np.arange(len(sources)), [len(task) for task in sources])
        rows = rare_first(y, _MAX_PAST)
        used, study = np.unique(study[rows], return_inverse=True)
        known = np.zeros(p, dtype=bool)
        for i in used:
            known |= True if sources[i].known is None else sources[i].known
        return SuccessPrior(domain, Task(X[rows], y[rows]), known, study, used, len(sources))


@dataclass(frozen=True)
class SuccessPrior:
    """The points of the sources.

    Args:
        domain: Of the points.
        past: Where trials of the sources succeeded and failed.
        known: The columns of which this says something, shape [p].
        study: Which study each of these belongs to, numbered without gaps, shape [n].
        used: The source that each such number stands for.
        n_sources: How many sources there are.
    """

    domain: Domain
    past: Task
    known: Bool[Array, " p"]
    study: Int[Array, " n"]
    used: Int[Array, " u"]
    n_sources: int

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """One process of all points, its hyperparameters fitted to those of the sources and the
        settled ones; only columns count that any study knows.
        """
        known = self.known | (True if target.known is None else target.known)
        axis = StudyAxis(self.domain, known, len(self.used))
        first, _ = self._together(_settled(target.whole or target), axis)
        labels, scale = self._together(target, axis)
        theta = fitted_theta(first, axis.groups, None)
        gp = conditioned(labels, axis.of(pending), axis.groups, theta)
        return SuccessModel(self, axis, gp, scale)

    def _together(self, own: Task, axis: StudyAxis) -> tuple[Task, Scale]:
        """Labels of the new study and the sources', each study's around its offset, standardised;
        and the way back to those of the new one.
        """
        own = own.thinned(_MAX_POINTS - len(self.past), rare_first)
        X = np.concatenate([axis.of(own.X), axis.of(self.past.X, 1 + self.study)])
        usual = float(self.past.y.mean()) if len(self.past) else 0.0
        offset, offsets = _offset(own.y, usual), self._offsets(usual)
        y = np.r_[own.y - offset, self.past.y - offsets[self.study]]
        scale = Scale(offset, float(y.std()) or 1.0)
        return Task(X, y / scale.scale), scale

    def _offsets(self, usual: float) -> Float[Array, " u"]:
        labels = [self.past.y[self.study == i] for i in range(len(self.used))]
        return np.array([_offset(y, usual) for y in labels])


def _settled(labels: Task) -> Task:
    """Those that hyperparameters are fitted to: of successes and of failures, each counted for
    itself, the first 10, 12, 15, 18, ...; of the rarer kind each of the first ten tells a lot.
    """
    kinds = [np.flatnonzero(labels.y == kind) for kind in (-1.0, 1.0)]
    return labels.only(np.sort(np.concatenate([rows[: n_settled(len(rows))] for rows in kinds])))


def _offset(y: Float[Array, " n"], usual: float) -> float:
    """The mean of a study's labels and of some more of the usual mean."""
    return (float(y.sum()) + _N_USUAL * usual) / (len(y) + _N_USUAL)


@dataclass(frozen=True)
class StudyAxis:
    """A domain with the study as one more axis; the new study comes first.

    Args:
        domain: The others.
        known: The columns that count, shape [p]; what the others hold makes no difference.
        n_studies: How many there are beside the new one.
    """

    domain: Domain
    known: Bool[Array, " p"]
    n_studies: int

    @property
    def groups(self) -> Int[Array, " columns"]:
        """The axis that each column belongs to."""
        own = np.full(1 + self.n_studies, len(self.domain.dimensions))
        return np.concatenate([self.domain.groups, own])

    def of(
        self, X: Float[Array, "n p"], study: Int[Array, " n"] | int = 0
    ) -> Float[Array, "n columns"]:
        """The points of a study, or of one study each."""
        columns = np.zeros((len(X), 1 + self.n_studies))
        columns[np.arange(len(X)), study] = ONE_HOT
        return np.concatenate([np.where(self.known, X, 0.0), columns], axis=1)


@dataclass(frozen=True)
class SuccessModel:
    """The Gaussian process, seen from the new study."""

    prior: SuccessPrior
    axis: StudyAxis
    gp: GP
    scale: Scale

    @property
    def weights(self) -> Float[Array, " k"]:
        """Equal shares of ``rho``, the correlation of two studies."""
        weights = np.zeros(self.prior.n_sources)
        if len(self.prior.used):
            rho = float(matern52(self.gp.lengthscale[:, -1] ** -2.0)[0])
            weights[self.prior.used] = rho / len(self.prior.used)
        return weights

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """One Gaussian component."""
        return self.scale.restore(np.ones(1), *self.gp.posterior(self.axis.of(X)))
