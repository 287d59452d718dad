"""RGPE: the ranking-weighted Gaussian process ensemble.

Feurer, Letham & Bakshy 2018, "Scalable meta-learning for Bayesian optimization using
ranking-weighted Gaussian process ensembles". A model's weight is the share of posterior draws in
which it orders the target's values best.

One thing differs: the published prediction has the variance sum w² sigma², which is far too small
where models disagree. Here it is the mixture of the models, with the variance of a mixture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.ranking import held_out_ranking_loss, ranking_loss
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.target import Scale, fit_target
from optuna_metabo.ensembles.under_way import UnderWay
from optuna_metabo.gp.exact import GP
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Model, Posterior, Prior, Task
from optuna_metabo.thinning import by_even_ranks

_N_DRAWS = 256
# A source whose median loss is above this quantile of the target's losses is dropped.
_DILUTION_QUANTILE = 0.95
# Sources of which draws are compared at a time.
_CHUNK = 16
# Values that are ordered: of more, an even spread of their ranks, so that the cost stays bounded.
_MAX_ORDERED = 96


@dataclass(frozen=True)
class RGPE:
    """Ranking-weighted Gaussian process ensemble; see the module."""

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Fits the sources."""
        seed = int(generator.integers(2**32))
        models = SourceModels.learn(sources, domain)
        return RGPEPrior(models.gp, models.theta, domain.groups, seed)


@dataclass(frozen=True)
class RGPEPrior:
    """The source models, their log hyperparameters, and the seed of the draws."""

    sources: GP
    theta: Float[Array, " t"]
    groups: Int[Array, " p"]
    seed: int

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Draws the weights."""
        scale = Scale.of(target.y)
        task = scale.standardise(target)
        own = fit_target(task, pending, self.groups, self.theta)
        alone = own if not len(pending) else fit_target(task, pending[:0], self.groups, self.theta)
        generator = np.random.default_rng([self.seed, len(target)])
        weights = rgpe_weights(self.sources, alone, task, generator=generator)
        under_way = UnderWay(pending, np.exp(self.theta[:-2])[self.groups])
        return RGPEModel(self.sources, own, scale, weights, under_way)


def rgpe_weights(
    sources: GP, own: GP, target: Task, *, generator: np.random.Generator
) -> Float[Array, " models"]:
    """Shares of draws in which each model has the smallest ranking loss, the target's own last.

    Ties are split evenly. With fewer than three values no leave-one-out prediction of the own
    model orders anything: the sources share the weight evenly.

    Args:
        sources: The models of the sources.
        own: That of the target, given its values alone.
        target: Its values.
        generator: Of the draws.
    """
    k = len(sources)
    if len(target) < 3:
        return np.r_[np.full(k, 1.0 / k), 0.0]
    rows = by_even_ranks(target.y, _MAX_ORDERED)
    X, y = target.X[rows], target.y[rows]
    # Some sources at a time, to bound the memory; the draws are those of all at once.
    chunks = [np.arange(k)[i : i + _CHUNK] for i in range(0, k, _CHUNK)]
    draws = (_draws(*sources[chunk].joint_posterior(X), generator) for chunk in chunks)
    losses = np.concatenate([ranking_loss(one, y) for one in draws])
    loo_mean, loo_variance = (part[0, rows] for part in own.leave_one_out())
    own_draws = loo_mean + np.sqrt(loo_variance) * generator.standard_normal((_N_DRAWS, len(y)))
    own_losses = held_out_ranking_loss(own_draws, y)
    limit = np.quantile(own_losses, _DILUTION_QUANTILE)
    losses[np.median(losses, axis=1) > limit] = np.inf
    everyone = np.concatenate([losses, own_losses[None]])
    best = everyone == everyone.min(axis=0)
    return np.asarray((best / best.sum(axis=0)).mean(axis=1))


def _draws(
    mean: Float[Array, "k n"], covariance: Float[Array, "k n n"], generator: np.random.Generator
) -> Float[Array, "k s n"]:
    """Joint draws by eigenvalues: a posterior covariance is nearly singular by nature."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    noise = generator.standard_normal((len(mean), _N_DRAWS, mean.shape[1]))
    return mean[:, None, :] + noise @ np.swapaxes(root, 1, 2)


@dataclass(frozen=True)
class RGPEModel:
    """The mixture; the sources, too, take what is under way for known."""

    sources: GP
    own: GP
    scale: Scale
    all_weights: Float[Array, " models"]
    under_way: UnderWay

    @property
    def weights(self) -> Float[Array, " k"]:
        """Of the sources."""
        return self.all_weights[:-1]

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """Models without weight are left out."""
        used = np.flatnonzero(self.all_weights[:-1] > 0.0)
        weights, parts = self.all_weights[used], []
        if len(used):
            mean, variance = self.sources[used].posterior(X)
            parts.append((mean, variance * self.under_way.left(X)))
        if self.all_weights[-1] > 0.0:
            parts.append(self.own.posterior(X))
            weights = np.r_[weights, self.all_weights[-1]]
        means, variances = (np.concatenate(part) for part in zip(*parts, strict=True))
        return self.scale.restore(weights, means, variances)
