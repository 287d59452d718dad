"""The Matérn kernel against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import Matern

from optuna_metabo.gp import matern52, squared_distance
from optuna_metabo.gp.kernel import matern52_slope

LENGTHSCALE = np.array([0.3, 0.7, 2.0])


def points(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, 3))


def test_the_correlation_is_that_of_scikit_learn() -> None:
    X, Z = points(6), points(4, seed=1)
    found = matern52(squared_distance(X, Z, LENGTHSCALE))
    np.testing.assert_allclose(found, Matern(LENGTHSCALE, nu=2.5)(X, Z), rtol=1e-9)


def test_squared_distances_are_sums_over_columns_for_each_of_a_batch() -> None:
    X, Z = np.stack([points(5), points(5, seed=1)]), np.stack([points(4, seed=2)] * 2)
    scales = np.stack([LENGTHSCALE, 2.0 * LENGTHSCALE])
    steps = (X[:, :, None] - Z[:, None]) / scales[:, None, None]
    np.testing.assert_allclose(squared_distance(X, Z, scales), (steps**2).sum(-1), atol=1e-14)


def test_a_distance_is_never_negative_and_no_argument_is_altered() -> None:
    X = 1e6 + points(30)
    before = X.copy()
    assert (squared_distance(X, X, LENGTHSCALE) >= 0.0).all()
    np.testing.assert_array_equal(X, before)


def test_the_slope_is_the_derivative_by_the_squared_distance() -> None:
    r2, h = np.linspace(0.01, 9.0, 50), 1e-6
    numeric = (matern52(r2 + h) - matern52(r2 - h)) / (2.0 * h)
    np.testing.assert_allclose(matern52_slope(r2), numeric, rtol=1e-6)
    assert matern52_slope(np.zeros(1))[0] == pytest.approx(-5.0 / 6.0)


def test_the_signatures_are_held_to() -> None:
    """The tests of the mathematics check shapes; here a wrong one is refused."""
    jaxtyping = pytest.importorskip("jaxtyping")
    pytest.importorskip("beartype")
    with pytest.raises(jaxtyping.TypeCheckError):
        squared_distance(points(3), points(3)[:, :2], LENGTHSCALE)
