"""Coordinate search along discrete axes."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition import Subspace
from optuna_metabo.acquisition.sweep import _others, _together, sweep
from optuna_metabo.domain import ONE_HOT, Condition, Dimension, Domain, Lattice
from tests.acquisition.spaces import whole

BOOLEANS = Domain((Dimension(n_choices=2),) * 63)


def peak(at: Array):
    return lambda X: -((X - at) ** 2).sum(axis=1)


def swept(f, subspace: Subspace, X: Array, n_sweeps: int = 8) -> tuple[Array, Array]:
    return sweep(f, X, f(X), subspace, n_sweeps=n_sweeps, generator=np.random.default_rng(0))


def test_moves_that_help_are_made_together() -> None:
    start, end = BOOLEANS.from_unit(np.random.default_rng(0).random((2, 63)))
    X, values = swept(peak(end), whole(BOOLEANS), start[None], n_sweeps=1)
    np.testing.assert_array_equal(X[0], end)
    assert values[0] == 0.0


def test_no_single_move_helps_at_the_end() -> None:
    generator = np.random.default_rng(1)
    domain = Domain((Dimension(n_choices=3),) * 5)
    A = generator.standard_normal((15, 15))

    def f(X: Array) -> Array:
        return np.einsum("mi,ij,mj->m", X, A, X)

    X, values = swept(f, whole(domain), domain.sample(4, generator=generator), n_sweeps=50)
    for x, value in zip(X, values, strict=True):
        for part in domain.slices:
            for choice in ONE_HOT * np.eye(3):
                moved = x.copy()
                moved[part] = choice
                assert f(moved[None])[0] <= value + 1e-12


def test_a_long_axis_is_searched_at_every_range() -> None:
    domain = Domain((Dimension(lattice=Lattice(0, 10**9)),) * 2)
    at = domain.snap(np.array([[0.123456789, 0.987654321]]))[0]
    X, _ = swept(peak(at), whole(domain), domain.snap(np.array([[0.9, 0.5]])), n_sweeps=60)
    np.testing.assert_array_equal(X[0], at)


def test_beyond_the_last_value_of_a_long_axis_there_is_no_neighbour() -> None:
    axis, last = Dimension(levels=tuple(np.linspace(0.0, 1.0, 20))), np.array([19.0])
    _, index = _others(axis, last, np.random.default_rng(0))
    assert index.max() < 19.0


def test_fixed_axes_and_absent_parameters_stay() -> None:
    choice = Dimension(n_choices=2)
    domain = Domain((choice, Dimension(levels=(0.0, 0.5, 1.0)), choice), (Condition(1, 0, (1,)),))
    first = ONE_HOT * np.array([1.0, 0.0])
    start = domain.tidy(np.r_[first, 0.5, first][None])
    fixed = np.array([True, True, False, False, False])
    subspace = Subspace(domain, fixed, start[0], start[:0])
    X, _ = swept(lambda X: X[:, 1] + X[:, 2] + X[:, 4], subspace, start)
    np.testing.assert_allclose(X[0], np.r_[first, 0.5, first[::-1]])


def test_a_branch_is_entered_with_legal_values() -> None:
    choice = Dimension(n_choices=2)
    domain = Domain((choice, choice), (Condition(1, 0, (1,)),))
    start = np.r_[ONE_HOT, 0.0, 0.0, 0.0][None]
    X, _ = swept(lambda X: X[:, 1] + X[:, 3], whole(domain), start)
    np.testing.assert_allclose(X[0], [0.0, ONE_HOT, 0.0, ONE_HOT])
    np.testing.assert_array_equal(domain.snap(X), X)


def test_without_a_discrete_axis_nothing_is_asked() -> None:
    def never(X: Array) -> Array:
        raise AssertionError

    X = np.array([[0.25]])
    same, values = sweep(
        never, X, np.ones(1), whole(Domain((Dimension(),))), n_sweeps=8,
        generator=np.random.default_rng(0),
    )  # fmt: skip
    np.testing.assert_array_equal(same, X)
    assert values[0] == 1.0


def test_of_moves_that_help_the_best_two_four_and_so_on_and_all_are_tried_together() -> None:
    Z = np.eye(7)
    joint = _together(np.zeros(7), Z)
    np.testing.assert_array_equal(joint, [Z[:n].sum(axis=0) for n in (2, 4, 7)])
    assert _together(np.zeros(7), Z[:1]).shape == (0, 7)
