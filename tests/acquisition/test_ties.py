"""Along axes that make no difference a point stands where others did."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition import Subspace, settled_as
from optuna_metabo.domain import ABSENT, ONE_HOT, Condition, Dimension, Domain
from tests.acquisition.spaces import whole

PLANE = Domain((Dimension(), Dimension()))
GIVEN = np.array([[0.9, 0.1], [0.35, 0.8], [0.2, 0.6]])


def first(X: Array) -> Array:
    return -((X[:, 0] - 0.3) ** 2)


def settled(subspace: Subspace, x: list[float], given: Array, f: object = first) -> Array:
    generator = np.random.default_rng(0)
    assert callable(f)
    return settled_as(f, subspace, np.array(x), given, generator=generator, tolerance=1e-6)


def test_an_axis_without_a_difference_is_as_in_the_nearest_point_along_the_others() -> None:
    np.testing.assert_array_equal(settled(whole(PLANE), [0.3, 0.1], GIVEN), [0.3, 0.8])


def test_a_point_stays_where_every_axis_tells() -> None:
    found = settled(whole(PLANE), [0.3, 0.1], GIVEN, lambda X: first(X) - 0.01 * X[:, 1])
    np.testing.assert_array_equal(found, [0.3, 0.1])


def test_an_axis_along_which_any_point_is_worse_makes_a_difference() -> None:
    def gap(X: Array) -> Array:
        return first(X) - 0.01 * ((X[:, 1] > 0.2) & (X[:, 1] < 0.75))

    np.testing.assert_array_equal(settled(whole(PLANE), [0.3, 0.1], GIVEN, gap), [0.3, 0.1])


def test_points_without_a_place_on_the_axis_say_nothing_of_it() -> None:
    given = np.array([[0.3, ABSENT], [0.3, 1.4], [0.9, 0.7]])
    np.testing.assert_array_equal(settled(whole(PLANE), [0.3, 0.1], given), [0.3, 0.7])
    np.testing.assert_array_equal(settled(whole(PLANE), [0.3, 0.1], given[:2]), [0.3, 0.1])


def test_a_choice_is_taken_from_those_that_had_one() -> None:
    domain = Domain((Dimension(), Dimension(n_choices=2)))
    given = np.array([[0.3, 0.0, 0.0], [0.6, 0.0, ONE_HOT]])
    found = settled(whole(domain), [0.3, ONE_HOT, 0.0], given)
    np.testing.assert_array_equal(found, [0.3, 0.0, ONE_HOT])


def test_what_a_trial_holds_already_stays() -> None:
    held = Subspace(PLANE, np.array([False, True]), np.array([0.0, 0.4]), np.zeros((0, 2)))
    np.testing.assert_array_equal(settled(held, [0.3, 0.4], GIVEN), [0.3, 0.4])


def test_what_a_trial_holds_tells_how_near_a_point_is_though_it_makes_no_difference() -> None:
    space = Domain((Dimension(),) * 3)
    fixed, values = np.array([False, True, False]), np.array([0.0, 0.4, 0.0])
    held = Subspace(space, fixed, values, np.zeros((0, 3)))
    given = np.array([[0.3, 0.9, 0.1], [0.35, 0.4, 0.8]])
    np.testing.assert_array_equal(settled(held, [0.3, 0.4, 0.5], given), [0.3, 0.4, 0.8])


def test_only_points_of_the_space_are_asked_for() -> None:
    """Along the parent, too, of which a parameter hangs that the point has."""
    choice = Dimension(n_choices=2)
    tree = Domain((choice, Dimension()), (Condition(1, 0, (1,)),))

    def legal(X: Array) -> Array:
        np.testing.assert_array_equal(X, tree.snap(X))
        return np.zeros(len(X))

    given = np.array([[0.0, ONE_HOT, 0.7]])
    settled(whole(tree), [0.0, ONE_HOT, 0.2], given, legal)


def test_a_taken_point_is_not_taken_again() -> None:
    taken = whole(PLANE, np.array([[0.3, 0.8]]))
    np.testing.assert_array_equal(settled(taken, [0.3, 0.1], GIVEN), [0.3, 0.1])


def test_a_parameter_that_does_not_exist_there_stays_absent() -> None:
    tree = Domain((Dimension(n_choices=2), Dimension()), (Condition(1, 0, (1,)),))
    given = np.array([[0.0, ONE_HOT, 0.7]])
    found = settled(whole(tree), [ONE_HOT, 0.0, ABSENT], given, lambda X: X[:, 0])
    np.testing.assert_array_equal(found, [ONE_HOT, 0.0, ABSENT])


def test_axes_that_tell_only_together_stay() -> None:
    def product(X: Array) -> Array:
        """Flat along either axis through (1, 1), but not away from both."""
        return -np.maximum(1.0 - X[:, 0], 0.0) * np.maximum(1.0 - X[:, 1], 0.0)

    given = np.array([[0.2, 0.2]])
    np.testing.assert_array_equal(settled(whole(PLANE), [1.0, 1.0], given, product), [1.0, 1.0])
