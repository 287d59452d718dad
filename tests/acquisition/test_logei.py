"""Expected improvement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from optuna_metabo.acquisition import log_expected_improvement
from optuna_metabo.acquisition.logei import log_h
from optuna_metabo.surrogate import Posterior


def test_log_h_agrees_with_the_textbook_formula_where_that_is_stable() -> None:
    z = np.linspace(-4.0, 8.0, 200)
    np.testing.assert_allclose(log_h(z), np.log(norm.pdf(z) + z * norm.cdf(z)), rtol=1e-9)


@given(st.floats(-1e8, 1e8))
def test_log_h_is_finite_and_increasing(z: float) -> None:
    low, high = log_h(np.array([z, z + 1e-3 * max(1.0, abs(z))]))
    assert np.isfinite(low)
    assert low < high


def test_log_h_is_continuous_where_its_branches_meet() -> None:
    for z in (-1.0, -1e4):
        below, above = log_h(np.array([z * (1 + 1e-9), z * (1 - 1e-9)]))
        np.testing.assert_allclose(below, above, rtol=1e-6)


def test_log_h_far_below_is_its_asymptote() -> None:
    """h(z) = phi(z) / z² (1 - 3/z² + ...) for z to minus infinity."""
    for z in (-30.0, -500.0, -9e3, -1.1e4, -2e4):
        expected = -0.5 * z**2 - 0.5 * np.log(2.0 * np.pi) - 2.0 * np.log(-z) - 3.0 / z**2
        assert log_h(np.array([z]))[0] == pytest.approx(expected, rel=0.0, abs=1e-4)


def test_improvement_of_a_mixture_is_the_mean_of_its_components() -> None:
    generator = np.random.default_rng(0)
    means, variances = generator.standard_normal((3, 5)), generator.random((3, 5)) + 0.1
    weights = np.array([0.2, 0.5, 0.3])
    incumbents = np.array([0.1, 0.4, -0.2])
    z = (means - incumbents[:, None]) / np.sqrt(variances)
    expected = weights @ (np.sqrt(variances) * (norm.pdf(z) + z * norm.cdf(z)))
    got = log_expected_improvement(Posterior(weights, means, variances), incumbents)
    np.testing.assert_allclose(np.exp(got), expected)


def test_the_sum_and_its_logarithm_are_the_same_near_and_far() -> None:
    """Points where components are near are summed as they are, others by their logarithms."""
    generator = np.random.default_rng(0)
    means = np.concatenate([np.linspace(-60.0, 5.0, 300)] * 3).reshape(3, 300)
    means += generator.standard_normal((3, 1))
    posterior = Posterior(np.array([0.2, 0.3, 0.5]), means, np.full(means.shape, 1.7))
    found = log_expected_improvement(posterior, np.zeros(3))
    z = means / np.sqrt(1.7)
    parts = np.log(posterior.weights)[:, None] + 0.5 * np.log(1.7) + log_h(z)
    np.testing.assert_allclose(found, np.logaddexp.reduce(parts, axis=0), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("weight", [0.0, 1e-300, 1e-200, 1e-101, 1e-99, 1e-10])
@pytest.mark.parametrize("above", [0.0, -20.0, -24.0])
def test_a_component_near_hides_others_only_as_far_as_it_has_weight(
    weight: float, above: float
) -> None:
    below = np.array([-30.0, -36.0, -38.0, -60.0, -1000.0])
    z = np.stack([np.full(5, above), below])
    weights = np.array([weight, 1.0 - weight])
    found = log_expected_improvement(Posterior(weights, z, np.ones((2, 5))), np.zeros(2))
    with np.errstate(divide="ignore"):
        parts = np.log(weights)[:, None] + log_h(z)
    np.testing.assert_allclose(found, np.logaddexp.reduce(parts, axis=0), rtol=1e-9)
