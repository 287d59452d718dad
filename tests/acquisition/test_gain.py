"""What models promise of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array
from scipy.stats import norm

from optuna_metabo.acquisition.gain import (
    CAREFUL,
    CURIOUS,
    expected,
    hypervolume_improvement,
    improvement_on,
    improvement_on_best,
    log_caution,
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


def test_caution_makes_no_difference_to_what_is_likely_better_than_the_median() -> None:
    medians, points = np.array([0.5, 0.5]), np.array([[0.1], [0.5], [0.65], [0.9]])
    chance = norm.cdf((points[:, 0] - 0.5) / 0.2)
    for caution in (CAREFUL, CURIOUS):
        found = np.exp(log_caution(Line(1.0).posterior(points), medians, caution))
        expected = np.minimum(chance / caution.likely, 1.0) ** caution.power
        np.testing.assert_allclose(found, expected)
        assert found[0] < 0.01
        np.testing.assert_array_equal(found[2:], [1.0, 1.0])


def test_an_improvement_that_is_to_be_no_tail_counts_as_it_is_likely_to_be_better_than_most() -> (
    None
):
    model, all_over = Line(1.0, 0.5), np.linspace(0.0, 1.0, 101)[:, None]
    factor = log_caution(model.posterior(X), np.array([0.5, 1.0]), CAREFUL)
    tail = improvement_on_best(model, NOTHING, X[5:6])(X)
    found = improvement_on_best(model, NOTHING, X[5:6], None, all_over)(X)
    np.testing.assert_allclose(found, tail + factor)
    assert factor[0] < -1.0


@dataclass(frozen=True)
class KnownInPart(Line):
    """Nothing is known of points beyond 1 but that they are middling."""

    def posterior(self, X: Array) -> Posterior:
        known, beyond = super().posterior(X), X[:, 0] > 1.0
        means = np.where(beyond, 0.5 * self.slope, known.means)
        return Posterior(known.weights, means, np.where(beyond, 400.0, known.variances))


def test_what_is_not_known_at_all_is_worth_less_than_a_small_improvement_that_is_likely() -> None:
    far, near, seen = np.array([[1.5]]), np.array([[0.95]]), np.array([[0.9]])
    model, all_over = KnownInPart(1.0), np.linspace(0.0, 1.0, 101)[:, None]
    free = improvement_on_best(model, NOTHING, seen)
    assert free(far) > free(near) + 3.0
    bound = improvement_on_best(model, NOTHING, seen, None, all_over)
    assert bound(far) < bound(near) - 3.0


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
