"""The randomised Halton sequence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from optuna_metabo.quasirandom import halton


def points(n: int, d: int, seed: int = 0) -> np.ndarray:
    return halton(n, d, generator=np.random.default_rng(seed))


@pytest.mark.parametrize(("axis", "base"), [(0, 2), (1, 3), (2, 5), (5, 13)])
def test_successive_points_hold_one_in_each_interval_of_an_axis(axis: int, base: int) -> None:
    x = points(3 * base**2, 6)[:, axis]
    for start in range(0, len(x), base**2):
        part = np.sort(np.floor(x[start : start + base**2] * base**2))
        np.testing.assert_array_equal(part, np.arange(base**2))


def test_late_axes_are_spread_too() -> None:
    X = points(50, 300)
    for x in X[:, 20:].T:
        np.testing.assert_array_equal(np.sort(np.floor(50 * x)), np.arange(50))
    assert np.abs(np.corrcoef(X.T) - np.eye(300)).max() < 0.7


def test_points_fill_the_cube_better_than_random_ones_and_nearly_as_well_as_sobol() -> None:
    for d in (2, 5, 10):
        found, sobol, random = [], [], []
        for seed in range(4):
            generator = np.random.default_rng(seed)
            found.append(qmc.discrepancy(points(128, d, seed)))
            sobol.append(qmc.discrepancy(qmc.Sobol(d, rng=generator).random(128)))
            random.append(qmc.discrepancy(generator.random((128, d))))
        assert np.mean(found) < 2.5 * np.mean(sobol)
        assert np.mean(found) < 0.6 * np.mean(random)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 1000])
def test_points_lie_inside_however_few_they_are(n: int) -> None:
    X = points(n, 30)
    assert X.shape == (n, 30)
    assert (X >= 0.0).all()
    assert (X < 1.0).all()


def test_each_coordinate_is_uniform_over_the_seeds() -> None:
    first = np.concatenate([points(1, 4, seed) for seed in range(400)])
    np.testing.assert_allclose(first.mean(axis=0), 0.5, atol=0.05)
    np.testing.assert_allclose(first.var(axis=0), 1.0 / 12.0, atol=0.015)
