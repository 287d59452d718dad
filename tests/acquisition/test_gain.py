"""What models promise of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array
from scipy.stats import norm

from optuna_metabo.acquisition.gain import (
    chance_of_much,
    expected,
    hypervolume_improvement,
    improvement_on,
    improvement_on_best,
    log_chance,
    undominated,
    value,
)
from optuna_metabo.surrogate import Posterior, Task

X = np.linspace(0.0, 1.0, 7)[:, None]
NOTHING = Task(X[:0], np.zeros(0))


@dataclass(frozen=True)
class Line:
    """Two experts, of which the second is off by a constant."""

    slope: float
    off: float = 0.0

    @property
    def weights(self) -> Array:
        return np.zeros(0)

    def posterior(self, X: Array) -> Posterior:
        means = self.slope * X[:, 0] + np.array([[0.0], [self.off]])
        return Posterior(np.array([0.3, 0.7]), means, np.full(means.shape, 0.04))


def improvement(mean: Array, incumbent: Array | float) -> Array:
    z = (mean - incumbent) / 0.2
    return 0.2 * (norm.pdf(z) + z * norm.cdf(z))


def test_the_value_is_the_mean_of_the_experts() -> None:
    np.testing.assert_allclose(value(Line(2.0, 1.0), X), 2.0 * X[:, 0] + 0.7)


def test_improvement_is_counted_from_one_value_for_all_experts() -> None:
    means = Line(1.0, 0.5).posterior(X).means
    found = np.exp(improvement_on(Line(1.0, 0.5), 0.9, X))
    np.testing.assert_allclose(found, [0.3, 0.7] @ improvement(means, 0.9))


def test_improvement_on_pending_points_is_counted_from_each_experts_own_best() -> None:
    model = Line(1.0, 0.5)
    pending = np.array([[0.2], [0.6]])
    means = model.posterior(X).means
    best = np.array([[0.6], [1.1]])
    found = np.exp(improvement_on_best(model, NOTHING, pending)(X))
    np.testing.assert_allclose(found, [0.3, 0.7] @ improvement(means, best))


def test_improvement_on_what_was_seen_is_counted_from_the_best_values_however_many_there_are() -> (
    None
):
    model, points = Line(1.0, 0.5), np.linspace(0.0, 1.0, 80)[:, None]
    seen = Task(points, points[:, 0])
    found = improvement_on_best(model, seen, X[:0])(X)
    np.testing.assert_allclose(found, improvement_on_best(model, NOTHING, points[-1:])(X))
    pending = np.array([[1.2]])
    found = improvement_on_best(model, seen, pending)(X)
    np.testing.assert_allclose(found, improvement_on_best(model, NOTHING, pending)(X))


def test_improvement_within_a_part_of_the_space_is_counted_from_its_best_where_that_is_less() -> (
    None
):
    model, seen = Line(1.0, 0.5), Task(X[5:], X[5:, 0])
    everywhere = improvement_on_best(model, seen, X[:0])(X)
    there = improvement_on_best(model, NOTHING, X[2:3])(X)
    np.testing.assert_allclose(improvement_on_best(model, seen, X[:0], X[:3])(X), there)
    np.testing.assert_allclose(improvement_on_best(model, seen, X[:0], X + 1.0)(X), everywhere)


def test_the_chance_of_much_is_whole_from_the_upper_quartile_of_each_expert_on() -> None:
    all_over = np.linspace(0.0, 1.0, 101)[:, None]
    points = np.array([[0.1], [0.75], [0.9]])
    model = Line(1.0, 0.5)
    quartiles = np.quantile(model.posterior(all_over).means, 0.75, axis=1)
    found = np.exp(chance_of_much(model.posterior(points), quartiles))
    np.testing.assert_allclose(found, [2.0 * norm.cdf((0.1 - 0.75) / 0.2), 1.0, 1.0])


def test_an_improvement_that_is_to_be_no_tail_counts_with_that_chance_to_the_fourth() -> None:
    model, all_over = Line(1.0, 0.5), np.linspace(0.0, 1.0, 101)[:, None]
    quartiles = np.array([0.75, 1.25])
    found = improvement_on_best(model, NOTHING, X[5:6], None, all_over)(X)
    chance = chance_of_much(model.posterior(X), quartiles)
    tail = improvement_on_best(model, NOTHING, X[5:6])(X)
    np.testing.assert_allclose(found, tail + 4.0 * chance)
    assert chance[0] < -1.0


def test_the_chance_is_the_product_of_those_of_all_limits_to_their_powers() -> None:
    limits = [Line(1.0, -0.5), Line(-1.0, 0.5)]
    parts = [[0.3, 0.7] @ norm.cdf(one.posterior(X).means / 0.2) for one in limits]
    found = np.exp(log_chance(limits, [1.0, 2.0], X))
    np.testing.assert_allclose(found, parts[0] * parts[1] ** 2)
    np.testing.assert_array_equal(log_chance([], [], X), np.zeros(7))


def test_expected_values_are_one_column_an_objective() -> None:
    found = expected([Line(1.0), Line(-1.0)], X)
    np.testing.assert_allclose(found, np.column_stack([X[:, 0], -X[:, 0]]))
    assert expected([Line(1.0), Line(-1.0)], X[:0]).shape == (0, 2)


def test_what_is_undominated_reaches_a_tenth_of_the_range_below_the_worst() -> None:
    known = np.array([[0.0, 10.0], [0.5, 5.0], [0.2, 0.0]])
    lower, upper = undominated(known, known)
    np.testing.assert_allclose(lower.min(axis=0), [-0.05, -1.0])
    assert np.isinf(upper.max(axis=0)).all()
    # Of one value there is no range: one unit's.
    lower, _ = undominated(np.array([[3.0, 3.0]]), np.zeros((0, 2)))
    np.testing.assert_allclose(lower.min(axis=0), [2.9, 2.9])


def test_only_good_points_dominate() -> None:
    known = np.array([[0.0, 0.0], [1.0, 1.0], [9.0, 9.0]])
    lower, upper = undominated(known, known[:2])
    inside = ((lower < 5.0) & (upper >= 5.0)).all(axis=1)
    assert inside.any()


def test_the_hypervolume_improvement_of_one_objective_is_its_expected_improvement() -> None:
    corners = (np.array([[0.9]]), np.array([[np.inf]]))
    found = hypervolume_improvement([Line(1.0, 0.5)], corners, X)
    np.testing.assert_allclose(found, improvement_on(Line(1.0, 0.5), 0.9, X))
