"""The ranking-weighted ensemble against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.ensembles import rgpe as module
from optuna_metabo.ensembles.rgpe import RGPEModel, rgpe_weights
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.target import Scale, fit_target
from optuna_metabo.gp import GP
from optuna_metabo.tasks import Task
from tests.ensembles.bowls import DOMAIN, NONE, alike, believe, bowl, make_task

N_DRAWS = 256


def standardised(n: int, seed: int = 9) -> Task:
    task = make_task(bowl(0.3), n, seed)
    return Scale.of(task.y).standardise(task)


def step(difference: float) -> float:
    return 1.0 if difference > 0 else 0.5 if difference == 0 else 0.0


def pairs_of(y: Array) -> list[tuple[int, int]]:
    return [(i, j) for i in range(len(y)) for j in range(len(y)) if y[i] < y[j]]


def loss_of(draw: Array, y: Array) -> float:
    return float(np.mean([step(draw[i] - draw[j]) for i, j in pairs_of(y)]))


def own_loss_of(draw: Array, y: Array) -> float:
    """Of leave-one-out predictions: each with the observations of the others."""
    wrong = [(step(draw[i] - y[j]) + step(y[i] - draw[j])) / 2 for i, j in pairs_of(y)]
    return float(np.mean(wrong))


def by_loops(sources: GP, own: GP, target: Task, *, guarded: bool = True) -> Array:
    """The weights as the paper has them, from the same random numbers."""
    generator = np.random.default_rng(7)
    losses, (mean, covariance) = [], sources.joint_posterior(target.X)
    noise = generator.standard_normal((len(mean), N_DRAWS, len(target)))
    for one, matrix, numbers in zip(mean, covariance, noise, strict=True):
        values, vectors = np.linalg.eigh(matrix)
        root = vectors @ np.diag(np.sqrt(np.maximum(values, 0.0)))
        losses.append([loss_of(one + root @ z, target.y) for z in numbers])
    loo_mean, loo_variance = (part[0] for part in own.leave_one_out())
    numbers = generator.standard_normal((N_DRAWS, len(target)))
    losses.append([own_loss_of(loo_mean + np.sqrt(loo_variance) * z, target.y) for z in numbers])
    counts = np.zeros(len(losses))
    limit = np.sort(losses[-1])[int(np.ceil(0.95 * (N_DRAWS - 1)))]
    is_dropped = [guarded and np.median(one) > limit for one in losses[:-1]] + [False]
    for draw in np.transpose(losses):
        draw = np.where(is_dropped, np.inf, draw)
        best = np.flatnonzero(draw == draw.min())
        counts[best] += 1.0 / len(best)
    return counts / N_DRAWS


def models(*sources: Task) -> SourceModels:
    return SourceModels.learn(sources, DOMAIN)


def weights_of(found: SourceModels, target: Task) -> tuple[GP, Array]:
    own = fit_target(target, NONE, DOMAIN.groups, found.theta)
    return own, rgpe_weights(found.gp, own, target, generator=np.random.default_rng(7))


@pytest.mark.parametrize("n", [3, 6])
def test_weights_are_shares_of_draws_with_the_fewest_wrong_pairs(n: int) -> None:
    found, target = models(*alike()), standardised(n)
    own, weights = weights_of(found, target)
    np.testing.assert_allclose(weights, by_loops(found.gp, own, target), atol=1e-12)


def test_a_source_worse_than_nearly_all_draws_of_the_target_is_dropped() -> None:
    """Noise of many sources wins draws by chance; the guard leaves them none."""
    opposed = [make_task(lambda X: -bowl(0.3)(X), 25, seed) for seed in range(3)]
    found, target = models(*alike(), *opposed), standardised(10)
    own, weights = weights_of(found, target)
    np.testing.assert_array_equal(weights[3:6], 0.0)
    np.testing.assert_allclose(weights, by_loops(found.gp, own, target), atol=1e-12)


def test_the_guard_takes_weight_from_a_source_that_wins_some_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(6)
    noise = [Task(X, generator.standard_normal(25)) for X in generator.random((20, 25, 2))]
    found, target = models(*noise), standardised(7)
    own, guarded = weights_of(found, target)
    np.testing.assert_allclose(guarded, by_loops(found.gp, own, target), atol=1e-12)
    free = by_loops(found.gp, own, target, guarded=False)
    assert guarded[:-1].sum() < free[:-1].sum() - 0.02
    monkeypatch.setattr(module, "_DILUTION_QUANTILE", 1.0)
    assert weights_of(found, target)[1][:-1].sum() > guarded[:-1].sum()


def test_weights_are_the_same_however_many_sources_are_compared_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, target = models(*alike()), standardised(6)
    together = weights_of(found, target)[1]
    monkeypatch.setattr(module, "_CHUNK", 2)
    np.testing.assert_array_equal(weights_of(found, target)[1], together)


def test_of_many_values_a_spread_is_ordered(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the cost is bounded, and the weights are about those of all values."""
    sizes, loss = [], module.ranking_loss

    def noted(f: Array, y: Array) -> Array:
        sizes.append(f.shape[-1])
        return loss(f, y)

    monkeypatch.setattr(module, "ranking_loss", noted)
    found, target = models(*alike()), standardised(200)
    some = weights_of(found, target)[1]
    assert sizes == [96]
    monkeypatch.setattr(module, "_MAX_ORDERED", 200)
    np.testing.assert_allclose(some, weights_of(found, target)[1], atol=0.15)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_before_the_third_value_the_sources_share_the_weight(n: int) -> None:
    found, target = models(*alike()), make_task(bowl(0.3), n, 9)
    np.testing.assert_allclose(weights_of(found, target)[1], [1 / 3, 1 / 3, 1 / 3, 0])


def test_draws_have_the_mean_and_the_covariance_of_the_posterior() -> None:
    root = np.random.default_rng(0).standard_normal((2, 3, 3))
    mean, covariance = np.array([[1.0, 2.0, 3.0]] * 2), root @ np.swapaxes(root, 1, 2)
    parts = [module._draws(mean, covariance, np.random.default_rng(i)) for i in range(60)]
    draws = np.concatenate(parts, axis=1)
    for one, m, c in zip(draws, mean, covariance, strict=True):
        np.testing.assert_allclose(one.mean(axis=0), m, atol=0.1)
        np.testing.assert_allclose(np.cov(one.T), c, atol=0.06 * np.abs(c).max())


def test_the_prediction_is_the_mixture_of_the_models_with_weight() -> None:
    target = make_task(bowl(0.3), 12, 9)
    model = believe("rgpe", alike(), target)
    assert isinstance(model, RGPEModel)
    X = np.random.default_rng(1).random((5, 2))
    means, variances = (
        np.concatenate(part)
        for part in zip(model.sources.posterior(X), model.own.posterior(X), strict=True)
    )
    mean = model.all_weights @ means
    variance = model.all_weights @ (variances + (means - mean) ** 2)
    found, scale = model.posterior(X), Scale.of(target.y)
    np.testing.assert_allclose(found.mean, scale.centre + scale.scale * mean)
    np.testing.assert_allclose(found.variance, scale.scale**2 * variance)


def test_pending_points_are_no_values_to_the_weights() -> None:
    target, pending = make_task(bowl(0.3), 8, 9), np.array([[0.8, 0.9], [0.1, 0.2]])
    free, busy = (believe("rgpe", alike(), target, some) for some in (NONE, pending))
    np.testing.assert_array_equal(free.weights, busy.weights)
    assert free.weights.max() > 0.0


def test_next_to_a_point_under_way_sources_leave_nothing_unknown() -> None:
    X = np.random.default_rng(1).random((3, 2))
    target, pending = Task(X[:2], np.array([0.0, 1.0])), X[2:]
    variances = believe("rgpe", alike(), target, pending).posterior(X).variances
    assert (variances[:, 2] < 1e-6).all()
    assert (variances[:, 0] > 1e-6).all()
