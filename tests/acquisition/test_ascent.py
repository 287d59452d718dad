"""Gradient ascent of several points in a box."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray as Array
from scipy.optimize import minimize

from optuna_metabo.acquisition.ascent import _bfgs, _gradients, _start, ascend


def everything(X: Array) -> Array:
    return np.ones(X.shape, dtype=bool)


def rosenbrock(X: Array) -> Array:
    Z = 4.0 * X - 2.0
    return -(100.0 * (Z[:, 1:] - Z[:, :-1] ** 2) ** 2 + (1.0 - Z[:, :-1]) ** 2).sum(axis=1)


@pytest.mark.parametrize("d", [1, 2, 5, 10, 20])
def test_the_maximum_of_a_smooth_function_is_found_within_a_thousandth(d: int) -> None:
    at = np.random.default_rng(d).random(d)
    scales = np.geomspace(1.0, 30.0, d)
    X = np.random.default_rng(1).random((4, d))
    found, values = ascend(
        lambda X: -np.log1p((scales * (X - at) ** 2).sum(axis=1)),
        X,
        everything(X),
        n_steps=60,
        tolerance=1e-7,
    )
    np.testing.assert_allclose(found[values.argmax()], at, atol=1e-3)


def test_a_curved_ridge_is_followed() -> None:
    X = np.array([[0.2, 0.9], [0.9, 0.1]])
    found, values = ascend(rosenbrock, X, everything(X), n_steps=120, tolerance=1e-7)
    np.testing.assert_allclose(found[values.argmax()], 0.75, atol=1e-2)


def test_a_maximum_on_the_border_is_found() -> None:
    at = np.array([1.3, 0.4, -0.2])
    X = np.full((1, 3), 0.5)
    found, _ = ascend(
        lambda X: -((X - at) ** 2).sum(axis=1), X, everything(X), n_steps=40, tolerance=1e-7
    )
    np.testing.assert_allclose(found, [[1.0, 0.4, 0.0]], atol=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_a_maximum_on_the_border_is_found_where_coordinates_hang_together(seed: int) -> None:
    """The slope across a bound says nothing of the way along it."""
    generator = np.random.default_rng([3, seed])
    root, at = generator.standard_normal((3, 3)), generator.uniform(-0.7, 1.7, 3)
    H, X = root @ root.T + 0.05 * np.eye(3), np.full((1, 3), 0.5)

    def f(X: Array) -> Array:
        return -np.einsum("mi,ij,mj->m", X - at, H, X - at)

    best = minimize(
        lambda x: -f(x[None])[0],
        X[0],
        jac=lambda x: 2.0 * H @ (x - at),
        bounds=[(0.0, 1.0)] * 3,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-10},
    )
    _, values = ascend(f, X, everything(X), n_steps=60, tolerance=1e-7)
    assert values[0] == pytest.approx(-best.fun, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_it_never_leaves_the_box_and_no_row_gets_worse(seed: int) -> None:
    generator = np.random.default_rng(seed)
    d = int(generator.integers(1, 6))
    A, b = generator.standard_normal((d, d)), 3.0 * generator.standard_normal(d)
    seen: list[Array] = []

    def f(X: Array) -> Array:
        seen.append(X)
        return np.sin(5.0 * X @ A).sum(axis=1) + X @ b

    X = generator.choice([0.0, 1.0, 0.3, 0.9999999], size=(5, d))
    found, values = ascend(f, X, everything(X), n_steps=15, tolerance=1e-7)
    assert (values >= f(X) - 1e-12).all()
    np.testing.assert_allclose(values, f(found), atol=1e-9)
    points = np.concatenate(seen)
    assert points.min() >= 0.0
    assert points.max() <= 1.0


def test_columns_that_are_not_free_keep_their_values() -> None:
    X = np.array([[0.2, 0.7, 5.0], [0.4, 0.3, 5.0]])
    free = np.array([[True, False, False], [False, True, False]])
    found, _ = ascend(lambda X: X[:, 0] + X[:, 1], X, free, n_steps=20, tolerance=1e-7)
    np.testing.assert_allclose(found, [[1.0, 0.7, 5.0], [0.4, 1.0, 5.0]])
    np.testing.assert_array_equal(X[:, 2], 5.0)


def test_minus_infinity_is_left_alone_and_never_entered() -> None:
    def f(X: Array) -> Array:
        return np.where(X[:, 0] > 0.6, -np.inf, X[:, 0])

    X = np.array([[0.5], [0.9]])
    found, values = ascend(f, X, everything(X), n_steps=30, tolerance=1e-7)
    assert 0.5 < found[0, 0] <= 0.6
    assert found[1, 0] == 0.9
    assert values[1] == -np.inf


def test_a_look_at_minus_infinity_says_nothing_of_the_curvature() -> None:
    X = np.array([[0.2, 0.4]])
    climbers = _start(lambda X: X[:, 0] - X[:, 1] ** 2, X, np.arange(2), everything(X))
    step, nowhere = climbers.step(), np.array([-np.inf])
    after = climbers.look(step, nowhere, np.zeros((1, 2)), is_first=True)
    np.testing.assert_array_equal(after.inverse, climbers.inverse)


def test_a_flat_function_costs_one_look() -> None:
    calls: list[int] = []

    def f(X: Array) -> Array:
        calls.append(len(X))
        return np.full(len(X), -700.0)

    X = np.random.default_rng(0).random((3, 4))
    found, _ = ascend(f, X, everything(X), n_steps=30, tolerance=1e-7)
    np.testing.assert_array_equal(found, X)
    assert calls == [3 * 5]


def test_all_climbers_are_served_by_one_call_a_step() -> None:
    calls: list[int] = []

    def f(X: Array) -> Array:
        calls.append(len(X))
        return -((X - 0.3) ** 4).sum(axis=1)

    X = np.random.default_rng(0).random((8, 3))
    ascend(f, X, everything(X), n_steps=10, tolerance=1e-7)
    assert len(calls) <= 11
    assert calls[0] == calls[1] == 8 * 4
    assert calls[-1] <= 3 * 4  # most have given up


def test_differences_are_the_gradient_also_at_the_upper_bound() -> None:
    X = np.array([[0.3, 1.0], [0.0, 0.5]])
    _, gradient = _gradients(
        lambda X: np.sin(X[:, 0]) * X[:, 1] ** 2, X, np.arange(2), everything(X)
    )
    expected = np.stack([np.cos(X[:, 0]) * X[:, 1] ** 2, 2 * np.sin(X[:, 0]) * X[:, 1]], axis=1)
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_the_update_meets_the_secant_equation_and_keeps_what_does_not_bend() -> None:
    generator = np.random.default_rng(0)
    root = generator.standard_normal((2, 4, 4))
    H = root @ np.swapaxes(root, 1, 2)
    s = generator.standard_normal((2, 4))
    y = np.stack([s[0] + 0.1, -s[1]])
    updated = _bfgs(H, s, y)
    np.testing.assert_allclose(updated[0] @ y[0], s[0])
    assert np.linalg.eigvalsh(updated[0]).min() > 0.0
    np.testing.assert_array_equal(updated[1], H[1])


def test_after_a_success_the_next_step_is_a_whole_one_again() -> None:
    X = np.array([[0.2, 0.4]])
    climbers = _start(lambda X: X[:, 0] - X[:, 1] ** 2, X, np.arange(2), everything(X))
    lengths = []
    for gain in (-1.0, -1.0, 1.0):
        value = climbers.value + gain
        climbers = climbers.look(climbers.step(), value, climbers.gradient, is_first=False)
        lengths.append(climbers.length[0])
    assert lengths == pytest.approx([0.3, 0.09, 1.0])
