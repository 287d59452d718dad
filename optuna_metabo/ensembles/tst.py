"""TST-R: the two-stage transfer surrogate with rank distance.

Wistuba, Schilling & Schmidt-Thieme 2016, "Two-stage transfer surrogate model for automatic
hyperparameter optimization", section 4. The mean is a kernel-weighted average of the means of
all models, the kernel a function of the share of pairs ordered wrongly; the variance is the
target's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.ranking import ranking_loss
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.target import Scale, fit_target
from optuna_metabo.gp.exact import GP
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Model, Posterior, Prior, Task


@dataclass(frozen=True)
class TwoStageTransfer:
    """TST-R; see the module.

    Args:
        bandwidth: The share of wrongly ordered pairs at which a source stops to count.
    """

    bandwidth: float = 0.4

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Fits the sources."""
        return TSTPrior(SourceModels.learn(sources, domain), domain.groups, self.bandwidth)


def epanechnikov(t: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """3/4 (1 - t²) for t <= 1, else 0."""
    return np.where(t <= 1.0, 0.75 * (1.0 - t**2), 0.0)


@dataclass(frozen=True)
class TSTPrior:
    """The source models."""

    models: SourceModels
    groups: Int[Array, " p"]
    bandwidth: float

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Weighs the sources by their rank distance to the target."""
        scale = Scale.of(target.y)
        own = fit_target(scale.standardise(target), pending, self.groups, self.models.theta)
        k = len(self.models)
        if len(target) < 2:
            return TSTModel(self.models, own, scale, np.r_[np.full(k, 1.0 / k), 0.0])
        distance = ranking_loss(self.models.mean(target.X), target.y)
        weights = epanechnikov(np.r_[distance, 0.0] / self.bandwidth)
        return TSTModel(self.models, own, scale, weights / weights.sum())


@dataclass(frozen=True)
class TSTModel:
    """The weighted mean with the target's own variance."""

    sources: SourceModels
    own: GP
    scale: Scale
    all_weights: Float[Array, " models"]

    @property
    def weights(self) -> Float[Array, " k"]:
        """Of the sources."""
        return self.all_weights[:-1]

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """One Gaussian component."""
        mean, variance = self.own.posterior(X)
        used = np.flatnonzero(self.weights > 0.0)
        mean = self.all_weights[-1] * mean
        if len(used):
            mean = mean + self.weights[used] @ self.sources.mean(X, used)
        return self.scale.restore(np.ones(1), mean, variance)
