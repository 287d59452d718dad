"""A plain Gaussian process on the target's own trials: no transfer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.source_models import standardise, target_theta
from optuna_metabo.gp.exact import GP, Batch
from optuna_metabo.gp.fit import unpack
from optuna_metabo.surrogate import Posterior, Prior, Task


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

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> PlainModel:
        """Fits the hyperparameters; pending points take the value that is expected of them."""
        centre = float(target.y.mean()) if len(target) else 0.0
        scale = float(target.y.std()) if len(target) else 1.0
        scale = scale if scale > 0.0 else 1.0
        theta = unpack(target_theta(target, self.groups, None), 1)
        data = replace(target, y=standardise(target.y))
        gp = GP.condition(Batch.of([data]), theta, self.groups)
        if len(pending):
            believed = gp.mean(pending)[0]
            data = Task(np.concatenate([data.X, pending]), np.concatenate([data.y, believed]))
            gp = GP.condition(Batch.of([data]), theta, self.groups)
        return PlainModel(gp, centre, scale, self.n_sources)


@dataclass(frozen=True)
class PlainModel:
    """A GP of standardised values, and the way back to the target's units."""

    gp: GP
    centre: float
    scale: float
    n_sources: int

    @property
    def weights(self) -> Float[Array, " k"]:
        """No source counts."""
        return np.zeros(self.n_sources)

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """One Gaussian component."""
        mean, variance = self.gp.posterior(X)
        return Posterior(np.ones(1), self.centre + self.scale * mean, self.scale**2 * variance)
