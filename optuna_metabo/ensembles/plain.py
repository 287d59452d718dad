"""A plain Gaussian process on the target's own trials: no transfer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.target import Scale, fit_target
from optuna_metabo.gp.exact import GP
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Model, Posterior, Prior, Task


@dataclass(frozen=True)
class NoTransfer:
    """A plain GP; sources are not looked at."""

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Learns nothing."""
        return PlainPrior(domain.groups, len(sources))


@dataclass(frozen=True)
class PlainPrior:
    """The default hyperparameter prior."""

    groups: Int[Array, " p"]
    n_sources: int

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Fits the hyperparameters."""
        scale = Scale.of(target.y)
        gp = fit_target(scale.standardise(target), pending, self.groups, None)
        return PlainModel(gp, scale, self.n_sources)


@dataclass(frozen=True)
class PlainModel:
    """A GP of standardised values."""

    gp: GP
    scale: Scale
    n_sources: int

    @property
    def weights(self) -> Float[Array, " k"]:
        """No source counts."""
        return np.zeros(self.n_sources)

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """One Gaussian component."""
        return self.scale.restore(np.ones(1), *self.gp.posterior(X))
