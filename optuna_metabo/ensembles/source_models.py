"""The Gaussian processes of the source studies, fitted once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.scores import normal_scores
from optuna_metabo.gp.exact import GP, Batch
from optuna_metabo.gp.fit import HyperparameterPrior, fit_map, log_marginal_likelihoods
from optuna_metabo.gp.kernel import Hyperparameters
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Task

# What the shared lengthscales are fitted to: more data would not move them, but cost seconds.
_MAX_FITTED_SOURCES, _MAX_FITTED_TRIALS = 32, 64
# Sources that are evaluated at a time, to bound the memory.
_CHUNK = 32
# Noise variances that a source of standardised values may have.
_NOISES = (1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5, 0.9)


@dataclass(frozen=True)
class SourceModels:
    """GPs with one shared set of lengthscales and a noise of their own.

    Args:
        gp: Of the sources' scores, batched over the k sources.
        theta: The shared log hyperparameters, shape [d + 2].
        own: Those of each source.
    """

    gp: GP
    theta: Float[Array, " t"]
    own: Hyperparameters

    def mean(
        self, X: Float[Array, "m p"], index: Int[Array, " s"] | None = None
    ) -> Float[Array, "s m"]:
        """Posterior means of all or some of the sources."""
        index = np.arange(len(self.gp)) if index is None else index
        parts = [
            self.gp[index[i : i + _CHUNK]].mean(X) for i in range(0, max(len(index), 1), _CHUNK)
        ]
        return np.concatenate(parts)

    @classmethod
    def learn(
        cls,
        sources: Sequence[Task],
        domain: Domain,
        *,
        scores: Callable[[Float[Array, " n"]], Float[Array, " n"]] = normal_scores,
    ) -> SourceModels:
        """Fits ``sources``, at least one, their values transformed by ``scores``."""
        tasks = [replace(task, y=scores(task.y)) for task in sources]
        data = Batch.of(tasks)
        prior = HyperparameterPrior.default(len(domain.dimensions))
        theta = fit_map(_subset(tasks), domain.groups, prior, prior.loc)
        lengthscale = np.tile(np.exp(theta[:-2]), (len(tasks), 1))
        candidates = []
        for noise in _NOISES:
            scale = np.full(len(tasks), 1.0 - noise)
            candidates.append(Hyperparameters(lengthscale, scale, np.full(len(tasks), noise)))
        evidence = np.stack(
            [log_marginal_likelihoods(GP.condition(data, c, domain.groups)) for c in candidates]
        )
        noise = np.array(_NOISES)[evidence.argmax(axis=0)]
        own = Hyperparameters(lengthscale, 1.0 - noise, noise)
        return cls(GP.condition(data, own, domain.groups), theta, own)


def _subset(tasks: Sequence[Task]) -> Batch:
    """Evenly spread sources, and of each evenly spread trials."""

    def spread(n: int, most: int) -> Int[Array, " i"]:
        return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))

    chosen = [tasks[i] for i in spread(len(tasks), _MAX_FITTED_SOURCES)]
    rows = [spread(len(task), _MAX_FITTED_TRIALS) for task in chosen]
    return Batch.of(
        [replace(task, X=task.X[i], y=task.y[i]) for task, i in zip(chosen, rows, strict=True)]
    )
