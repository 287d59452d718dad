"""Intervals of mixtures, in the units and the direction of the objective."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from optuna_metabo import MetaGPSampler
from optuna_metabo.explanation.predictions import Prediction, in_units, quantile
from optuna_metabo.surrogate import Posterior

MIXTURE = Posterior(
    np.array([0.3, 0.7]), np.array([[0.0, 5.0], [1.0, -2.0]]), np.array([[1.0, 4.0], [0.01, 9.0]])
)


@pytest.mark.parametrize("level", [0.025, 0.5, 0.975])
def test_below_a_quantile_lies_as_much_of_the_mixture_as_its_level(level: float) -> None:
    q = quantile(MIXTURE, level)
    below = MIXTURE.weights @ norm.cdf(q, MIXTURE.means, np.sqrt(MIXTURE.variances))
    assert below == pytest.approx([level] * 2, abs=1e-6)


@pytest.mark.parametrize("level", [0.025, 0.5, 0.975])
def test_a_quantile_is_where_the_distribution_function_is_so_large(level: float) -> None:
    generator = np.random.default_rng(0)
    means, variances = generator.normal(size=(3, 4)), generator.uniform(0.1, 2.0, (3, 4))
    weights, deviations = np.array([0.2, 0.5, 0.3]), np.sqrt(variances)

    def excess(y: float, j: int) -> float:
        return float(weights @ norm.cdf(y, means[:, j], deviations[:, j])) - level

    expected = [brentq(excess, -50.0, 50.0, args=(j,), xtol=1e-12) for j in range(4)]
    found = quantile(Posterior(weights, means, variances), level)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_of_one_normal_distribution_it_is_mean_and_twice_the_deviation() -> None:
    one = Posterior(np.ones(1), np.array([[3.0]]), np.array([[4.0]]))
    found = Prediction.of(one, 1.0)
    ends = found.mean[0], found.low[0], found.high[0]
    assert ends == pytest.approx((3.0, 3.0 - 1.96 * 2, 3.0 + 1.96 * 2), abs=1e-3)


def test_of_a_minimised_objective_the_ends_change_places() -> None:
    up, down = Prediction.of(MIXTURE, 1.0), Prediction.of(MIXTURE, -1.0)
    assert down.mean == pytest.approx(-up.mean)
    assert down.low == pytest.approx(-up.high)
    assert (down.low < down.high).all()


def test_what_is_beyond_the_largest_float_is_that_float() -> None:
    most = np.finfo(float).max
    for unit in (1e308, -most, 3.0, -1.0, 1e-300):
        found = in_units(np.array([1.0, -1.7, 1e9, -most]), unit)
        assert np.isfinite(found).all()
        assert found[0] == pytest.approx(unit, rel=1e-15)
        assert (np.sign(found) == np.sign(unit) * np.array([1, -1, 1, -1])).all()
    assert in_units(np.array([-9.0]), most)[0] == pytest.approx(-most)


def test_several_stand_one_after_the_other() -> None:
    one = Prediction.of(MIXTURE, 1.0)
    assert len(Prediction.together([one, one]).low) == 4


def test_predictions_of_the_same_numbers_are_equal() -> None:
    one = Prediction.of(MIXTURE, 1.0)
    assert len(one.mean) > 1
    assert one == Prediction.of(MIXTURE, 1.0)
    assert one != Prediction.of(MIXTURE, -1.0)
    assert one != Prediction.together([one, one])
    assert one != "another thing"
    unknown = Prediction(*[np.full(2, np.nan)] * 3)
    assert unknown == Prediction(*[np.full(2, np.nan)] * 3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_explanations_of_several_objectives_can_be_compared() -> None:
    def objective(trial: optuna.Trial) -> tuple[float, float]:
        x = trial.suggest_float("x", 0, 1)
        return x, -x

    study = optuna.create_study(
        directions=["minimize"] * 2, sampler=MetaGPSampler(seed=0, n_startup_trials=2)
    )
    study.optimize(objective, n_trials=4)
    one, other = (MetaGPSampler(seed=0).explain(study) for _ in range(2))
    assert one.trials[-1].prediction is not None
    assert one == other


def test_what_is_told_back_from_a_scale_has_its_quantiles_there() -> None:
    """In both directions: the larger end stays the larger one."""
    one = Prediction.of(MIXTURE, 1.0)
    for unit in (2.0, -2.0):
        found = Prediction.of(MIXTURE, unit, np.exp)
        np.testing.assert_allclose(found.mean, unit * np.exp(one.mean))
        ends = np.sort([unit * np.exp(one.low), unit * np.exp(one.high)], axis=0)
        np.testing.assert_allclose([found.low, found.high], ends, rtol=1e-6)
