"""The scrambled Halton sequence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from optuna_metabo.quasirandom import halton


def points(n: int, d: int, seed: int = 0) -> np.ndarray:
    return halton(np.arange(n), d, generator=np.random.default_rng(seed))


@pytest.mark.parametrize(("axis", "base"), [(0, 2), (1, 3), (2, 5), (5, 13)])
def test_successive_points_hold_one_in_each_interval_of_an_axis(axis: int, base: int) -> None:
    n = base**2
    x = halton(np.arange(7, 7 + n), 6, generator=np.random.default_rng(1))[:, axis]
    np.testing.assert_array_equal(np.sort(np.floor(x * n)), np.arange(n))


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


def test_a_point_is_the_same_alone_and_among_others() -> None:
    together = points(40, 9)
    for i in (0, 1, 17, 39):
        alone = halton(np.array([i]), 9, generator=np.random.default_rng(0))
        np.testing.assert_array_equal(alone[0], together[i])


def test_points_are_inside_and_differ_also_late_and_in_many_dimensions() -> None:
    X = halton(np.arange(65_000, 65_536), 100, generator=np.random.default_rng(3))
    assert (X >= 0.0).all()
    assert (X < 1.0).all()
    assert len(np.unique(X[:, 0])) == len(X)
    assert not np.array_equal(X, halton(np.arange(536), 100, generator=np.random.default_rng(4)))


def test_each_coordinate_is_uniform_over_the_seeds() -> None:
    first = np.concatenate([points(1, 4, seed) for seed in range(400)])
    np.testing.assert_allclose(first.mean(axis=0), 0.5, atol=0.05)
    np.testing.assert_allclose(first.var(axis=0), 1.0 / 12.0, atol=0.015)
