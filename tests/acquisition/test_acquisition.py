"""Expected improvement and its maximiser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from optuna_metabo.acquisition import Subspace, log_expected_improvement, maximise
from optuna_metabo.acquisition.logei import log_h
from optuna_metabo.domain import Condition, Dimension, Domain
from optuna_metabo.surrogate import Posterior

GRID = Dimension(levels=(0.0, 0.25, 0.5, 0.75, 1.0))
MIXED = Domain((Dimension(), GRID, Dimension(n_choices=3)))
SMALL = Domain((GRID, Dimension(n_choices=3)))


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


def test_improvement_of_a_mixture_is_the_mean_of_its_components() -> None:
    generator = np.random.default_rng(0)
    means, variances = generator.standard_normal((3, 5)), generator.random((3, 5)) + 0.1
    weights = np.array([0.2, 0.5, 0.3])
    incumbents = np.array([0.1, 0.4, -0.2])
    z = (means - incumbents[:, None]) / np.sqrt(variances)
    expected = weights @ (np.sqrt(variances) * (norm.pdf(z) + z * norm.cdf(z)))
    got = log_expected_improvement(Posterior(weights, means, variances), incumbents)
    np.testing.assert_allclose(np.exp(got), expected)


def peak(at: np.ndarray):
    return lambda X: -((X - at) ** 2).sum(axis=1)


def test_a_small_discrete_domain_is_searched_exhaustively() -> None:
    points = SMALL.enumerate()
    assert len(points) == 15
    target = points[7]
    found = maximise(
        peak(target),
        Subspace.whole(SMALL, points[:0]),
        points[:0],
        generator=np.random.default_rng(0),
    )
    np.testing.assert_array_equal(found, target)


def test_no_point_is_taken_twice_while_another_is_left() -> None:
    points, taken = SMALL.enumerate(), SMALL.enumerate()[:0]
    for seed in range(len(points)):
        subspace = Subspace.whole(SMALL, taken)
        x = maximise(peak(points[3]), subspace, points[:0], generator=np.random.default_rng(seed))
        assert not (taken == x).all(axis=1).any()
        taken = np.concatenate([taken, x[None]])
    subspace = Subspace.whole(SMALL, taken)
    again = maximise(peak(points[3]), subspace, taken, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(again, points[3])


def test_a_larger_discrete_domain_is_exhausted_without_repeats_too() -> None:
    domain = Domain((Dimension(levels=tuple(np.linspace(0, 1, 60))),) * 2)
    everything = domain.enumerate()
    generator = np.random.default_rng(0)
    left = generator.permutation(len(everything))[:3]
    taken = np.delete(everything, left, axis=0)
    for _ in range(3):
        subspace = Subspace.whole(domain, taken)
        x = maximise(peak(np.zeros(2)), subspace, everything[:0], generator=generator)
        assert not (taken == x).all(axis=1).any()
        taken = np.concatenate([taken, x[None]])


@pytest.mark.parametrize("seed", range(10))
def test_the_optimum_of_a_mixed_domain_is_found_closely(seed: int) -> None:
    at = np.array([0.3217, 0.75, 0.0, np.sqrt(0.5), 0.0])
    found = maximise(
        peak(at),
        Subspace.whole(MIXED, np.zeros((0, 5))),
        np.zeros((0, 5)),
        generator=np.random.default_rng(seed),
    )
    np.testing.assert_allclose(found, at, atol=2e-2)


def test_fixed_columns_are_kept() -> None:
    fixed, values = np.array([True, False, False, False, False]), np.full(5, 0.2)
    subspace = Subspace(MIXED, fixed, values, np.zeros((0, 5)))
    x = maximise(peak(np.ones(5)), subspace, np.zeros((0, 5)), generator=np.random.default_rng(0))
    assert x[0] == 0.2


def test_absent_parameters_stand_in_the_middle() -> None:
    domain = Domain((Dimension(n_choices=2), Dimension()), (Condition(1, 0, (1,)),))
    X = domain.sample(64, generator=np.random.default_rng(0))
    first = X[:, 0] > 0
    assert (X[first, 2] == 0.5).all()
    assert len(np.unique(X[~first, 2])) > 10
    np.testing.assert_array_equal(domain.present(X)[:, 1], ~first)


def test_a_child_of_an_absent_parent_is_absent() -> None:
    choice = Dimension(n_choices=2)
    domain = Domain((choice, choice, Dimension()), (Condition(1, 0, (1,)), Condition(2, 1, (0,))))
    X = domain.sample(64, generator=np.random.default_rng(0))
    present = domain.present(X)
    assert not (present[:, 2] & ~present[:, 1]).any()
    np.testing.assert_array_equal(domain.tidy(X), X)
