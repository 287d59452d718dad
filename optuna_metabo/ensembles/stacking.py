"""Stacking: a prior mean from the sources and a Gaussian process of what it leaves unexplained.

    y(x) = b + sum_k a_k mu_k(x) + r(x),   a_k >= 0,   r ~ GP

The coefficients are non-negative least squares with a ridge towards equal shares; the kernel of
the residual starts from, and is held near, the lengthscales that the sources share. After Golovin
et al. 2017 ("Google Vizier", section 3.3), who stack residual GPs one upon another.

The residual keeps the variance of the standardised values, of which the sources explain a part:
2.4 times as wide as errors on bowls. With its own variance it was .7 times as wide, as the
coefficients are told by the same values, and a search got stuck more easily: regret after 25
trials on hpolib .041, and .018 as it is; on hpobench and nb201 level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.target import Scale, conditioned, first_told, fitted_theta, parts
from optuna_metabo.gp.exact import GP
from optuna_metabo.memory import Memory, digest
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Model, Posterior, Prior, Task

# The ridge counts like this many observations of equal shares.
_RIDGE = 2.0
# Bytes of hyperparameters that are remembered.
_MAX_OF_THETAS = 2**16


@dataclass(frozen=True)
class Stacking:
    """Prior mean from the sources plus a residual GP; see the module."""

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Fits the sources."""
        return StackingPrior(SourceModels.learn(sources, domain), domain.groups)


def slopes(Phi: Float[Array, "k n"], y: Float[Array, " n"]) -> Float[Array, " k"]:
    """Minimises |y - Phiᵀa|² + ridge k |a - 1/k|² over a >= 0, both sides centred first."""
    k = len(Phi)
    centred = Phi - Phi.mean(axis=1, keepdims=True)
    root = np.sqrt(_RIDGE * k)
    design = np.concatenate([centred.T, root * np.eye(k)])
    return np.asarray(
        scipy.optimize.nnls(design, np.concatenate([y - y.mean(), np.full(k, root / k)]))[0]
    )


@dataclass(frozen=True)
class StackingPrior:
    """The source models."""

    models: SourceModels
    groups: Int[Array, " p"]

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Fits slopes and offset, then the residual."""
        scale = Scale.of(target.y)
        task = scale.standardise(target)
        a, offset, residual = self._stacked(task)
        explained = 1.0
        if len(task) > 1 and task.y.any():
            explained -= float(residual.y @ residual.y / (task.y @ task.y))
        own = conditioned(residual, pending, self.groups, self._theta(first_told(target)))
        return StackingModel(self.models, own, scale, a, offset, max(0.0, explained))

    def _stacked(self, task: Task) -> tuple[Float[Array, " k"], float, Task]:
        """Slopes, offset, and what they leave of standardised values."""
        k = len(self.models)
        a = np.full(k, 1.0 / k)
        if not len(task):
            return a, 0.0, task
        Phi = self.models.mean(task.X)
        a = slopes(Phi, task.y) if len(task) > 1 else a
        offset = float((task.y - a @ Phi).mean())
        return a, offset, replace(task, y=task.y - a @ Phi - offset)

    def _theta(self, first: Task) -> Float[Array, " t"]:
        """The residual's log hyperparameters, of what these values leave."""

        def fitted() -> Float[Array, " t"]:
            """Worked out: of a thousand sources slopes take as long as the rest of an ask."""
            _, _, residual = self._stacked(Scale.of(first.y).standardise(first))
            return fitted_theta(residual, self.groups, self.models.theta)

        return self._thetas.get(digest(*parts(first)), fitted)

    @cached_property
    def _thetas(self) -> Memory[Float[Array, " t"]]:
        return Memory(_MAX_OF_THETAS)


@dataclass(frozen=True)
class StackingModel:
    """Prior mean and residual."""

    sources: SourceModels
    residual: GP
    scale: Scale
    a: Float[Array, " k"]
    offset: float
    explained: float

    @property
    def weights(self) -> Float[Array, " k"]:
        """Shares in the prior mean, times the share of the variance that it explains."""
        total = self.a.sum()
        return self.explained * self.a / total if total > 0.0 else np.zeros(len(self.a))

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """One Gaussian component."""
        mean, variance = self.residual.posterior(X)
        used = np.flatnonzero(self.a > 0.0)
        mean = mean + self.offset
        if len(used):
            mean = mean + self.a[used] @ self.sources.mean(X, used)
        return self.scale.restore(np.ones(1), mean, variance)
