"""When the target's hyperparameters are fitted, and to what."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from optuna_metabo.belief import Belief
from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles.stacking import Stacking
from optuna_metabo.ensembles.success import Success
from optuna_metabo.ensembles.target import settled, target_theta
from optuna_metabo.tasks import Task, bounded, observed_together
from optuna_metabo.thinning import rare_first

GROUPS = np.arange(2)


def told(n: int, first: float | None = None) -> Task:
    X = np.random.default_rng(0).random((n, 2))
    y = np.sin(5.0 * X[:, 0]) + X[:, 1]
    y[0] = y[0] if first is None else first
    tasks, _ = observed_together(X, [y], np.ones(n, dtype=bool))
    return tasks[0]


@pytest.mark.parametrize(
    ("n", "fitted"), [(1, 1), (9, 9), (10, 10), (11, 10), (12, 12), (14, 12), (15, 15), (99, 84)]
)
def test_many_values_are_fitted_again_when_there_are_a_fifth_more(n: int, fitted: int) -> None:
    assert len(settled(told(n))) == fitted


def test_what_is_fitted_is_the_first_trials_whatever_came_later() -> None:
    first, second = settled(told(29)), settled(told(32))
    X = np.random.default_rng(0).random((27, 2))
    assert len(first) == len(second) == 27
    for one in (first, second):
        np.testing.assert_array_equal(one.X, X)
        np.testing.assert_array_equal(one.y, np.sin(5.0 * X[:, 0]) + X[:, 1])


@pytest.mark.parametrize(("n", "is_bounded"), [(9, False), (10, True)])
def test_of_ten_values_and_more_very_bad_ones_are_fitted_drawn_up(
    n: int, is_bounded: bool
) -> None:
    task = told(n, first=-1e3)
    assert task.whole is not None
    y = bounded(task.whole.y) if is_bounded else task.whole.y
    expected = target_theta(Task(task.whole.X, y), GROUPS, None)
    np.testing.assert_array_equal(target_theta(task, GROUPS, None), expected)


def test_between_two_fits_hyperparameters_stay_also_of_thinned_and_bounded_values() -> None:
    expected = target_theta(told(27), GROUPS, None)
    for task in (told(31), told(31).thinned(12), replace(told(31), y=bounded(told(31).y))):
        np.testing.assert_array_equal(target_theta(task, GROUPS, None), expected)
    assert (target_theta(told(33), GROUPS, None) != expected).any()


def test_a_task_that_does_not_know_its_trials_is_fitted_as_it_is() -> None:
    task = told(31)
    assert settled(replace(task, whole=None)).y is task.y


def test_points_that_were_told_again_stand_where_they_came_first() -> None:
    X = np.array([[0.9, 0.0], [0.1, 0.0], [0.9, 0.0], [0.5, 0.0]])
    tasks, _ = observed_together(X, [np.array([1.0, 2.0, 3.0, 4.0])], np.ones(4, dtype=bool))
    whole = tasks[0].whole
    assert whole is not None
    np.testing.assert_array_equal(whole.X[:, 0], [0.9, 0.1, 0.5])
    np.testing.assert_array_equal(whole.y, [2.0, 2.0, 4.0])


@pytest.mark.parametrize("n", [31, 400])
def test_of_labels_each_kind_is_counted_for_itself(n: int) -> None:
    domain = Domain((Dimension(), Dimension()))
    prior = Success().learn([], domain, generator=np.random.default_rng(0))

    def lengthscales(n_succeeded: int, n_failed: int) -> np.ndarray:
        X = np.random.default_rng(0).random((n_succeeded, 2)) * [0.7, 1.0]
        failed = np.random.default_rng(1).random((n_failed, 2)) * [0.3, 1.0] + [0.7, 0.0]
        y = np.r_[np.ones(n_succeeded), -np.ones(n_failed)]
        labels = Task(np.concatenate([X, failed]), y)
        belief = Belief(replace(labels, whole=labels), prior, rare_first)
        return belief.condition(X[:0]).model.gp.lengthscale  # type: ignore[attr-defined]

    expected = lengthscales(n, 13)
    for counts in [(n + 1, 13), (n, 14), (n + 1, 14)]:
        np.testing.assert_array_equal(lengthscales(*counts), expected)
    assert (lengthscales(n, 15) != expected).any()
    assert (lengthscales(math.ceil(1.2 * n), 13) != expected).any()


def test_what_stacked_sources_leave_is_fitted_as_rarely() -> None:
    X = np.random.default_rng(1).random((30, 2))
    source = Task(X, np.sin(5.0 * X[:, 0]))
    domain = Domain((Dimension(), Dimension()))
    prior = Stacking().learn([source], domain, generator=np.random.default_rng(0))

    def lengthscales(task: Task) -> np.ndarray:
        return prior.condition(task, X[:0]).residual.lengthscale  # type: ignore[attr-defined]

    expected = lengthscales(told(27))
    for task in (told(31), told(31).thinned(12), replace(told(31), y=bounded(told(31).y))):
        np.testing.assert_array_equal(lengthscales(task), expected)
    assert (lengthscales(told(33)) != expected).any()
    again = Stacking().learn([source], domain, generator=np.random.default_rng(0))
    resumed = again.condition(told(31), X[:0])
    np.testing.assert_array_equal(resumed.residual.lengthscale, expected)  # type: ignore[attr-defined]
