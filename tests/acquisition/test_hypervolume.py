"""Hypervolume and feasibility against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from optuna_metabo.acquisition.feasibility import log_probability_of_feasibility
from optuna_metabo.acquisition.hypervolume import (
    boxes,
    log_expected_hypervolume_improvement,
    nondominated,
    thin,
)
from optuna_metabo.surrogate import Posterior


def hypervolume(front: np.ndarray, reference: np.ndarray) -> float:
    """The volume that the front dominates above the reference."""
    if not len(front):
        return 0.0
    top = front.max(axis=0)
    if not (top > reference).all():
        return 0.0
    lower, upper = boxes(front, reference)
    free = np.prod(np.maximum(np.minimum(upper, top) - lower, 0.0), axis=1).sum()
    return float(np.prod(top - reference) - free)


def random_points(m: int, n: int = 12) -> np.ndarray:
    return np.random.default_rng(m).random((n, m))


@pytest.mark.parametrize("below", [(0.1,) * 4, (0.0, -5.0, 0.3, -0.2)])
@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_boxes_tile_what_is_not_dominated(m: int, below: tuple[float, ...]) -> None:
    Y, reference = random_points(m), np.array(below[:m])
    lower, upper = boxes(Y[nondominated(Y)], reference)
    Z = reference + (1.2 - reference) * np.random.default_rng(0).random((2000, m))
    inside = ((Z[:, None] > lower) & (Z[:, None] <= upper)).all(axis=2).sum(axis=1)
    free = ~(Y[None] >= Z[:, None]).all(axis=2).any(axis=1)
    np.testing.assert_array_equal(inside, free.astype(int))


@pytest.mark.parametrize("m", [1, 2, 3])
def test_hypervolume_equals_the_share_of_dominated_points(m: int) -> None:
    Y, reference = random_points(m), np.full(m, 0.2)
    Z = reference + (1.0 - reference) * np.random.default_rng(1).random((200_000, m))
    share = (Y[None, :, :] >= Z[:, None, :]).all(axis=2).any(axis=1).mean()
    assert hypervolume(Y, reference) == pytest.approx(share * 0.8**m, abs=0.004)


def test_hypervolume_of_a_known_front() -> None:
    front = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])
    assert hypervolume(front, np.zeros(2)) == pytest.approx(6.0)
    assert hypervolume(front, np.full(2, 5.0)) == 0.0
    assert hypervolume(front[:0], np.zeros(2)) == 0.0


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=12))
def test_the_front_is_what_nothing_dominates(points: list[tuple[int, ...]]) -> None:
    Y = np.array(points, dtype=float)
    front = {tuple(row) for row in Y[nondominated(Y)]}
    expected = {tuple(a) for a in Y if not any((b >= a).all() and (b > a).any() for b in Y)}
    assert front == expected
    assert nondominated(Y).sum() == len(front)  # equal rows count once


@pytest.mark.parametrize("m", [2, 3])
def test_expected_improvement_equals_its_monte_carlo_estimate(m: int) -> None:
    generator = np.random.default_rng(m)
    Y, reference = generator.random((6, m)), np.zeros(m)
    weights = np.array([0.3, 0.7])
    posteriors = [
        Posterior(weights, generator.random((2, 1)), 0.05 + 0.1 * generator.random((2, 1)))
        for _ in range(m)
    ]
    front = Y[nondominated(Y)]
    found = np.exp(log_expected_hypervolume_improvement(posteriors, boxes(front, reference)))
    n = 20_000
    draws = np.empty((n, m))
    for i, posterior in enumerate(posteriors):
        component = generator.choice(2, size=n, p=weights)
        sigma = np.sqrt(posterior.variances[component, 0])
        draws[:, i] = posterior.means[component, 0] + sigma * generator.standard_normal(n)
    lower, upper = boxes(front, reference)
    gains = np.prod(np.clip(draws[:, None], lower, upper) - lower, axis=2).sum(axis=1)
    error = gains.std() / np.sqrt(n)
    assert found[0] == pytest.approx(gains.mean(), abs=4 * error)
    before = hypervolume(front, reference)
    for draw, gain in zip(draws[:50], gains[:50], strict=True):
        after = hypervolume(np.vstack([front, draw]), reference)
        assert gain == pytest.approx(after - before, abs=1e-9)


def test_far_points_are_still_told_apart() -> None:
    means = np.array([[-50.0, -60.0]])
    posteriors = [Posterior(np.ones(1), means, np.ones((1, 2)))] * 2
    log_gain = log_expected_hypervolume_improvement(
        posteriors, boxes(np.ones((1, 2)), np.zeros(2))
    )
    assert np.isfinite(log_gain).all()
    assert log_gain[0] > log_gain[1]


def test_a_box_thinner_than_rounding_adds_nothing() -> None:
    f = Posterior(np.ones(1), np.ones((1, 1)), np.ones((1, 1)))
    lower, upper = np.array([[0.0], [1e-20]]), np.array([[1e-20], [np.inf]])
    found = log_expected_hypervolume_improvement([f], (lower, upper))
    expected = log_expected_hypervolume_improvement([f], (lower[:1], upper[1:]))
    np.testing.assert_allclose(found, expected)


def test_a_thinned_front_keeps_its_spread() -> None:
    t = np.linspace(0.0, 1.0, 3000)
    front = np.column_stack([t, 1.0 - t])
    thinned = thin(front)
    assert 100 < len(thinned) < 600
    assert np.ptp(thinned[:, 0]) == 1.0


@pytest.mark.parametrize(("m", "most"), [(2, 511), (3, 21), (4, 7), (5, 3), (12, 2)])
def test_of_a_long_front_each_point_kept_is_the_farthest_from_those_before(
    m: int, most: int
) -> None:
    front = np.random.default_rng(m).random((600, m)) * np.arange(1, m + 1)
    scaled = (front - front.min(axis=0)) / np.ptp(front, axis=0)
    distances = np.linalg.norm(scaled[:, None] - scaled, axis=2)
    chosen = [int(front[:, 0].argmax())]
    while len(chosen) < most:
        chosen.append(int(distances[:, chosen].min(axis=1).argmax()))
    np.testing.assert_array_equal(thin(front), front[chosen])
    np.testing.assert_array_equal(thin(front[:most]), front[:most])


def test_feasibility_is_the_mixture_of_its_parts() -> None:
    posterior = Posterior(
        np.array([0.25, 0.75]), np.array([[1.0, -40.0], [-1.0, -40.0]]), np.array([[4.0, 1.0]] * 2)
    )
    found = log_probability_of_feasibility(posterior)
    assert found[0] == pytest.approx(np.log(0.25 * norm.cdf(0.5) + 0.75 * norm.cdf(-0.5)))
    assert found[1] == pytest.approx(norm.logcdf(-40.0))
