"""Tasks: points and values as data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optuna_metabo.repeats import Repeats
from optuna_metabo.tasks import (
    Groups,
    Task,
    bounded,
    comparable,
    finite,
    observed_together,
    unit_of,
)
from optuna_metabo.thinning import Rule, by_even_ranks, by_rank, near_zero

numbers = st.sampled_from([-2.0, 0.0, 1.0, 3.0, np.inf, -np.inf, np.nan])


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), numbers), max_size=10))
def test_observed_points_are_told_once_with_the_mean_of_their_values(
    several: list[tuple[float, float]],
) -> None:
    x, y = np.array(several, dtype=float).reshape(-1, 2).T
    task = Task.observed(x[:, None], y)
    told = ~np.isnan(y)
    drawn, points = finite(y[told]), sorted(set(x[told]))
    np.testing.assert_array_equal(task.X[:, 0], points)
    expected = [np.mean(drawn[x[told] == point]) for point in points]
    np.testing.assert_allclose(task.y, expected)


def test_infinite_values_become_the_worst_and_the_best_finite_one() -> None:
    found = finite(np.array([np.inf, 2.0, -1.0, -np.inf]))
    np.testing.assert_array_equal(found, [2.0, 2.0, -1.0, -1.0])


@pytest.mark.parametrize("value", [0.0, 3.0, -1e-200, 1.7e308, -1.7e308, math.nan])
def test_infinite_values_lie_beyond_finite_ones_that_do_not_differ(value: float) -> None:
    y = np.array([np.inf, value, value, -np.inf])
    found = finite(y[~np.isnan(y)])
    assert np.isfinite(found**2).all()
    assert found[0] > found[1:-1].max(initial=found[-1])
    assert found[-1] < found[1:-1].min(initial=found[0])


@pytest.mark.parametrize("value", [1e20, -1e20, 1e99])
def test_infinite_values_lie_beyond_large_ones_that_do_not_differ(value: float) -> None:
    assert np.ptp(finite(np.array([value, -np.inf]))) > 0.0


@pytest.mark.parametrize("size", [1e-200, 1e200, 1.7e308, 5e-324])
def test_magnitudes_whose_squares_leave_the_floats_are_scaled(size: float) -> None:
    found = finite(np.array([-0.5, 0.25, 1.0]) * size)
    assert np.abs(found).max() == 1.0
    if size > 1e-300:
        np.testing.assert_allclose(found, [-0.5, 0.25, 1.0])


@pytest.mark.parametrize("size", [1e-99, 1.0, 1e99])
def test_usual_magnitudes_stay_as_they_are(size: float) -> None:
    y = np.array([-0.5, 0.25, 1.0]) * size
    np.testing.assert_array_equal(finite(y), y)
    assert finite(np.zeros(2)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("penalty", [1e61, 1e160, 1.7e308])
@pytest.mark.parametrize("size", [1.0, 1e-99])
def test_what_stands_for_a_training_that_diverged_is_drawn_to_the_worst_of_the_others(
    penalty: float, size: float
) -> None:
    y = np.array([-penalty, 0.0, -0.5, -penalty, -1.0]) * np.array([1, size, size, 1, size])
    np.testing.assert_array_equal(finite(y), np.array([-1.0, 0.0, -0.5, -1.0, -1.0]) * size)
    assert unit_of(y) == 1.0


def test_losses_over_many_decades_stay_as_they_are() -> None:
    y = -np.logspace(-90.0, 0.0, 10)
    for losses in (y, np.array([0.0, -1e-70, -1e-3, -0.1]), np.array([0.0, -1e80])):
        np.testing.assert_array_equal(comparable(losses), losses)
        np.testing.assert_array_equal(finite(losses), losses)


def test_from_the_first_leap_on_nothing_is_compared() -> None:
    found = comparable(np.array([-1e70, 0.0, -1e140, -1.0]))
    np.testing.assert_array_equal(found, [-np.inf, 0.0, -np.inf, -1.0])


def test_what_is_too_small_for_a_square_is_nothing() -> None:
    assert finite(np.array([1e-165, -1e-200, -0.5, -1.0])).tolist() == [0.0, 0.0, -0.5, -1.0]


def test_beside_the_largest_numbers_differences_are_none_or_have_a_square() -> None:
    found = finite(np.array([1.7e308, 1.0, 2.0, 0.0]))
    assert found.tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("shape", [(0, 3), (1, 2), (40, 1), (40, 3)])
def test_groups_are_the_unique_rows_of_numpy(shape: tuple[int, int]) -> None:
    X = np.random.default_rng(0).integers(-1, 2, shape) * 0.5
    X[::3] *= -1.0  # makes zeros of both signs
    groups = Groups.of(X)
    unique, first, index = np.unique(X, axis=0, return_index=True, return_inverse=True)
    np.testing.assert_array_equal(groups.X, unique)
    np.testing.assert_array_equal(groups.first, first)
    np.testing.assert_array_equal(groups.index, index.reshape(-1))


def test_groups_merge_equal_points_and_only_these() -> None:
    X = np.array([[0.0, 1.0], [0.5, 0.5], [0.0, 1.0], [0.5, 0.25]])
    groups = Groups.of(X)
    np.testing.assert_array_equal(groups.X[groups.index], X)
    assert len(groups.X) == 3
    np.testing.assert_array_equal(groups.means(np.array([1.0, 2.0, 3.0, 4.0])), [2.0, 4.0, 2.0])


@pytest.mark.parametrize("value", [0.1, -0.3, 0.7, 1e20])
def test_the_mean_of_equal_values_is_that_value(value: float) -> None:
    X = np.array([[0.2], [0.2], [0.2], [0.5], [0.8], [0.9]])
    np.testing.assert_array_equal(Task.observed(X, np.full(6, value)).y, np.full(4, value))


def test_several_outputs_are_seen_where_all_have_a_value() -> None:
    X = np.array([[0.0], [0.5], [1.0], [0.5]])
    values = [np.array([1.0, 2.0, np.nan, 4.0]), np.array([1.0, 0.0, 5.0, np.inf])]
    tasks, is_feasible = observed_together(X, values, np.array([True, True, True, False]))
    for task in tasks:
        np.testing.assert_array_equal(task.X, [[0.0], [0.5]])
    np.testing.assert_array_equal(tasks[0].y, [1.0, 3.0])
    np.testing.assert_array_equal(tasks[1].y, [1.0, 0.5])  # infinity is the best finite one, 1
    np.testing.assert_array_equal(is_feasible, [True, False])


def test_without_a_value_of_one_output_nothing_is_seen() -> None:
    X, y = np.zeros((2, 1)), np.array([1.0, 2.0])
    tasks, is_feasible = observed_together(X, [y, np.full(2, np.nan)], np.ones(2, dtype=bool))
    assert [len(task) for task in tasks] == [0, 0]
    assert not len(is_feasible)


def test_an_output_that_is_infinite_everywhere_is_the_same_everywhere() -> None:
    X, y = np.array([[0.0], [1.0]]), np.array([1.0, 2.0])
    tasks, _ = observed_together(X, [y, np.full(2, -np.inf)], np.ones(2, dtype=bool))
    assert [len(task) for task in tasks] == [2, 2]
    assert np.ptp(tasks[1].y) == 0.0


def test_a_short_task_is_not_thinned() -> None:
    task = Task(np.zeros((3, 1)), np.arange(3.0))
    assert task.thinned(3) is task
    assert len(task.thinned(2)) == 2


POINTS = np.array([[0.5], [0.1], [0.5], [0.9], [0.5], [0.1]])


def test_repeats_that_differ_are_counted_and_so_are_then_all_others() -> None:
    task = Task.observed(POINTS, np.array([1.0, 4.0, 2.0, 7.0, 6.0, 4.0]))
    assert task.repeats is not None
    np.testing.assert_array_equal(task.y, [4.0, 3.0, 7.0])
    np.testing.assert_array_equal(task.counts, [2.0, 3.0, 1.0])
    np.testing.assert_array_equal(task.repeats.squares, [0.0, 14.0, 0.0])
    np.testing.assert_array_equal(task.repeats.freedom, [1.0, 2.0, 0.0])


def test_repeats_of_a_function_without_noise_count_once() -> None:
    task = Task.observed(POINTS, np.array([0.1, 0.4, 0.1, 0.9, 0.1, 0.4]))
    assert task.repeats is None
    np.testing.assert_array_equal(task.counts, np.ones(3))


def test_of_several_outputs_each_has_its_own_repeats() -> None:
    values = [np.array([1.0, 4.0, 2.0, 7.0, 6.0, 4.0]), np.array([0.1, 0.4, 0.1, 0.9, 0.1, 0.4])]
    (noisy, other), _ = observed_together(POINTS, values, np.ones(6, dtype=bool))
    assert other.repeats is None
    np.testing.assert_array_equal(noisy.counts, [2.0, 3.0, 1.0])
    assert noisy.whole is not None
    np.testing.assert_array_equal(noisy.whole.X[:, 0], [0.5, 0.1, 0.9])
    np.testing.assert_array_equal(noisy.whole.counts, [3.0, 2.0, 1.0])


def numbered(n: int) -> Task:
    """With points, values and repeats of one number each."""
    i = np.random.default_rng(0).permutation(n).astype(float)
    return Task(i[:, None], i, repeats=Repeats(1.0 + i, 0.5 * i, i))


@pytest.mark.parametrize("rule", [by_rank, by_even_ranks, near_zero])
def test_repeats_stay_with_their_points(rule: Rule) -> None:
    parts = numbered(40).thinned(10, rule), numbered(40).only(np.array([3, 1]))
    for some in (*parts, Task.joined(parts)):
        assert some.repeats is not None
        np.testing.assert_array_equal(some.X[:, 0], some.y)
        np.testing.assert_array_equal(some.counts, 1.0 + some.y)
        np.testing.assert_array_equal(some.repeats.squares, 0.5 * some.y)
        np.testing.assert_array_equal(some.repeats.freedom, some.y)


def test_joined_with_points_of_one_value_these_count_once() -> None:
    alone = Task(np.zeros((2, 1)), np.array([5.0, 6.0]))
    assert Task.joined([alone, alone]).repeats is None
    joined = Task.joined([numbered(3), alone])
    np.testing.assert_array_equal(joined.counts[3:], [1.0, 1.0])
    assert joined.repeats is not None
    assert not joined.repeats.freedom[3:].any()


def test_deviations_are_scaled_with_the_values_and_forgotten_on_another_scale() -> None:
    task = numbered(5)
    scaled = task.scaled(1.0, 2.0)
    bent = task.transformed(np.maximum(task.y, 2.0))
    assert task.repeats is not None
    assert scaled.repeats is not None
    assert bent.repeats is not None
    np.testing.assert_array_equal(scaled.y, (task.y - 1.0) / 2.0)
    np.testing.assert_array_equal(scaled.repeats.squares, task.repeats.squares / 4.0)
    np.testing.assert_array_equal(bent.counts, task.counts)
    np.testing.assert_array_equal(bent.repeats.freedom, task.y * (task.y >= 2.0))
    np.testing.assert_array_equal(bent.repeats.squares, 0.5 * task.y * (task.y >= 2.0))


def test_values_crowded_at_the_best_do_not_hide_how_bad_the_others_are() -> None:
    """Half of a study's trials near its optimum: the others keep their differences."""
    y = np.r_[np.full(6, -0.01) * np.arange(6), -0.2, -0.4, -0.8, -1.0]
    np.testing.assert_array_equal(bounded(y), y)


def test_a_diverged_trial_is_drawn_up_to_thrice_the_reach_of_the_better_three_quarters() -> None:
    y = np.r_[np.linspace(-1.0, 0.0, 9), -1e9]
    assert bounded(y).min() == -3.0 * 0.875  # of the better eight of ten
    np.testing.assert_array_equal(bounded(y)[:9], y[:9])
    assert (bounded(np.ones(5)) == 1.0).all()


@pytest.mark.parametrize("n", range(4, 30))
def test_diverged_trials_up_to_a_quarter_of_all_are_drawn_up(n: int) -> None:
    """A place between two values would lie between one that diverged and one that did not."""
    for n_diverged in range(1, n // 4 + 1):
        y = np.r_[np.full(n_diverged, -1e6), np.linspace(-1.0, 0.0, n - n_diverged)]
        found = bounded(y)
        assert np.ptp(found) <= 3.0
        np.testing.assert_array_equal(found[n_diverged:], y[n_diverged:])


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30))
def test_what_is_drawn_up_already_stays(values: list[float]) -> None:
    once = bounded(np.array(values))
    np.testing.assert_array_equal(bounded(once), once)


def test_a_training_that_diverged_once_tells_nothing_of_the_noise_elsewhere() -> None:
    y = np.r_[np.linspace(-1.0, 0.0, 9), -0.3, -9.0]
    X = np.r_[np.arange(9.0), 2.0, 5.0][:, None]
    task = Task.observed(X, y)
    assert task.repeats is not None
    assert task.counts[5] == 2.0
    np.testing.assert_array_equal(np.flatnonzero(task.repeats.freedom), [2])
    np.testing.assert_array_equal(np.flatnonzero(task.repeats.squares), [2])
