"""The two-stage surrogate against its formula."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.ensembles.ranking import ranking_loss
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.target import Scale, fit_target
from optuna_metabo.ensembles.tst import TwoStageTransfer, epanechnikov
from optuna_metabo.surrogate import Model, Task
from tests.ensembles.bowls import DOMAIN, EMPTY, NONE, alike, bowl, make_task

TARGET = make_task(bowl(0.6), 8, 9)


def model_of(sources: list[Task], target: Task, bandwidth: float = 0.4) -> Model:
    surrogate = TwoStageTransfer(bandwidth)
    prior = surrogate.learn(sources, DOMAIN, generator=np.random.default_rng(0))
    return prior.condition(target, NONE)


def distances(sources: list[Task]) -> Array:
    return ranking_loss(SourceModels.learn(sources, DOMAIN).mean(TARGET.X), TARGET.y)


def test_epanechnikov_is_three_quarters_at_zero_and_zero_from_one() -> None:
    np.testing.assert_allclose(epanechnikov(np.array([0.0, 0.5, 1.0, 2.0])), [0.75, 0.5625, 0, 0])


@pytest.mark.parametrize("bandwidth", [0.2, 0.4, 0.9])
def test_weights_fall_with_the_share_of_wrong_pairs_to_nothing_at_the_bandwidth(
    bandwidth: float,
) -> None:
    sources = [*alike(), make_task(lambda X: -bowl(0.6)(X), 25, 7)]
    wrong = distances(sources)
    assert wrong.min() > 0.0
    kernel = [max(0.0, 0.75 * (1.0 - (one / bandwidth) ** 2)) for one in wrong]
    expected = np.array(kernel) / (sum(kernel) + 0.75)  # the target is at no distance from itself
    np.testing.assert_allclose(model_of(sources, TARGET, bandwidth).weights, expected)


def test_the_bandwidth_is_two_fifths_unless_another_is_asked_for() -> None:
    prior = TwoStageTransfer().learn(alike(), DOMAIN, generator=np.random.default_rng(0))
    expected = model_of(alike(), TARGET, 0.4).weights
    np.testing.assert_array_equal(prior.condition(TARGET, NONE).weights, expected)


@pytest.mark.parametrize("target", [EMPTY, make_task(bowl(0.3), 1, 9)])
def test_before_the_second_value_the_sources_share_the_weight(target: Task) -> None:
    np.testing.assert_allclose(model_of(alike(), target).weights, 1.0 / 3.0)


def test_the_mean_is_weighted_and_the_variance_is_the_targets_own() -> None:
    model, models = model_of(alike(), TARGET), SourceModels.learn(alike(), DOMAIN)
    scale = Scale.of(TARGET.y)
    own = fit_target(scale.standardise(TARGET), NONE, DOMAIN.groups, models.theta)
    X = np.random.default_rng(1).random((6, 2))
    mean, variance = (part[0] for part in own.posterior(X))
    mixed = model.weights @ models.mean(X) + (1.0 - model.weights.sum()) * mean
    found = model.posterior(X)
    np.testing.assert_allclose(found.mean, scale.centre + scale.scale * mixed, atol=1e-12)
    np.testing.assert_allclose(found.variance, scale.scale**2 * variance)


def test_sources_without_weight_leave_the_targets_own_prediction() -> None:
    opposed = [make_task(lambda X: -bowl(0.6)(X), 25, seed) for seed in range(2)]
    model = model_of(opposed, TARGET)
    assert not model.weights.any()
    best = TARGET.X[TARGET.y.argmax()][None]
    assert model.posterior(best).mean[0] == pytest.approx(TARGET.y.max(), abs=0.05)
