"""Stacking against its formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.stacking import StackingModel, slopes
from optuna_metabo.tasks import Task
from tests.ensembles.bowls import DOMAIN, EMPTY, NONE, alike, believe, bowl, make_task

RIDGE = 2.0


def model_of(sources: list[Task], target: Task) -> StackingModel:
    found = believe("stacking", sources, target)
    assert isinstance(found, StackingModel)
    return found


def test_slopes_are_never_negative_and_find_the_right_source() -> None:
    y = np.linspace(-1, 1, 40)
    noise = np.random.default_rng(0).standard_normal(40)
    a = slopes(np.stack([y, -y, noise]), 2.0 * y)
    assert (a >= 0).all()
    assert a.argmax() == 0
    assert a[1] == pytest.approx(0.0)


@pytest.mark.parametrize("seed", range(4))
def test_slopes_minimise_the_squares_and_their_distance_from_equal_shares(seed: int) -> None:
    generator = np.random.default_rng(seed)
    k, n = 3, 9
    Phi, y = 2.0 + generator.standard_normal((k, n)), 5.0 + generator.standard_normal(n)

    def loss(a: np.ndarray) -> float:
        left = y - a @ Phi
        return float(n * left.var() + RIDGE * k * ((a - 1.0 / k) ** 2).sum())

    found = minimize(loss, np.full(k, 0.1), bounds=[(0.0, None)] * k, tol=1e-12)
    np.testing.assert_allclose(slopes(Phi, y), found.x, atol=1e-4)


def test_the_offset_is_what_the_sources_are_off_by_on_average() -> None:
    target = make_task(lambda X: 50.0 + 7.0 * bowl(0.3)(X), 6, 9)
    model, models = model_of(alike(), target), SourceModels.learn(alike(), DOMAIN)
    y = (target.y - target.y.mean()) / target.y.std()
    assert model.offset == pytest.approx(float(np.mean(y - model.a @ models.mean(target.X))))
    assert abs(model.offset) > 0.05


def test_one_value_fits_the_offset_alone_and_none_nothing() -> None:
    one = model_of(alike(), make_task(bowl(0.3), 1, 9))
    np.testing.assert_allclose(one.a, 1.0 / 3.0)
    X = make_task(bowl(0.3), 1, 9).X
    assert one.offset == pytest.approx(-float(SourceModels.learn(alike(), DOMAIN).mean(X).mean()))
    assert model_of(alike(), EMPTY).offset == 0.0
    np.testing.assert_allclose(model_of(alike(), EMPTY).weights, 1.0 / 3.0)


def test_the_prediction_is_the_prior_mean_and_what_is_left() -> None:
    target = make_task(bowl(0.3), 8, 9)
    model, models = model_of(alike(), target), SourceModels.learn(alike(), DOMAIN)
    X = np.random.default_rng(1).random((5, 2))
    left, variance = (part[0] for part in model.residual.posterior(X))
    mean = model.offset + model.a @ models.mean(X) + left
    centre, scale = target.y.mean(), target.y.std()
    np.testing.assert_allclose(model.posterior(X).mean, centre + scale * mean, atol=1e-12)
    np.testing.assert_allclose(model.posterior(X).variance, scale**2 * variance)
    values = model.residual.data.y[0]
    y = (target.y - centre) / scale
    np.testing.assert_allclose(values, y - model.a @ models.mean(target.X) - model.offset)


def test_the_kernel_of_the_residual_is_fitted_to_the_residual() -> None:
    """Also where the order of the trials is known, and with it the values to be fitted."""
    target = make_task(lambda X: bowl(0.3)(X) + 0.1 * np.sin(9.0 * X[:, 1]), 8, 9)
    plain, ordered = (
        model_of(alike(), one).residual for one in (target, replace(target, whole=target))
    )
    np.testing.assert_allclose(ordered.lengthscale, plain.lengthscale)
    np.testing.assert_allclose(ordered.alpha, plain.alpha)


def test_weights_are_shares_of_what_the_sources_explain() -> None:
    target = make_task(bowl(0.3), 12, 9)
    model = model_of(alike(), target)
    y = (target.y - target.y.mean()) / target.y.std()
    explained = 1.0 - (model.residual.data.y[0] ** 2).sum() / (y**2).sum()
    np.testing.assert_allclose(model.weights, explained * model.a / model.a.sum())
    assert 0.5 < explained < 1.0


def test_sources_that_explain_nothing_have_no_weight() -> None:
    opposed = [make_task(lambda X: -bowl(0.3)(X), 25, seed) for seed in range(2)]
    model = model_of(opposed, make_task(bowl(0.3), 60, 9))
    assert model.weights.sum() < 0.05
    found = believe("stacking", opposed, make_task(bowl(0.3), 60, 9)).posterior(NONE)
    assert found.means.shape == (1, 0)
