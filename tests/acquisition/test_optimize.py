"""The maximiser as a whole."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.acquisition import Acquisition, Subspace, maximise
from optuna_metabo.domain import ONE_HOT, Condition, Dimension, Domain, Lattice
from tests.acquisition.spaces import whole

GRID = Dimension(levels=(0.0, 0.25, 0.5, 0.75, 1.0))
SMALL = Domain((GRID, Dimension(n_choices=3)))
MIXED = Domain((Dimension(), GRID, Dimension(n_choices=3)))


def peak(at: Array) -> Acquisition:
    return lambda X: -((X - at) ** 2).sum(axis=1)


def search(f: Acquisition, domain: Domain, taken: Array | None = None, *, seed: int = 0) -> Array:
    none = np.zeros((0, len(domain.groups)))
    return maximise(f, whole(domain, taken), none, generator=np.random.default_rng(seed))


@pytest.mark.parametrize("d", [1, 2, 3, 6, 10, 20])
@pytest.mark.parametrize("seed", range(2))
def test_the_maximum_of_a_smooth_function_is_found_within_a_hundredth(d: int, seed: int) -> None:
    generator = np.random.default_rng([seed, d])
    at, scales = generator.random(d), np.geomspace(1.0, 20.0, d)

    def f(X: Array) -> Array:
        return -((scales * (X - at)) ** 2).sum(axis=1) + 0.1 * np.cos(3.0 * (X - at)).sum(axis=1)

    x = search(f, Domain((Dimension(),) * d), seed=seed)
    assert f(x[None])[0] == pytest.approx(f(at[None])[0], abs=0.01)


def test_the_best_of_several_peaks_is_found() -> None:
    peaks = np.random.default_rng(0).random((12, 4))
    heights = np.linspace(0.0, 3.0, 12)

    def f(X: Array) -> Array:
        distance = ((X[:, None] - peaks) ** 2).sum(axis=2)
        return np.log((np.exp(heights) * np.exp(-distance / 0.02)).sum(axis=1) + 1e-300)

    for seed in range(5):
        x = search(f, Domain((Dimension(),) * 4), seed=seed)
        np.testing.assert_allclose(x, peaks[-1], atol=0.02)


def test_a_small_discrete_domain_is_searched_exhaustively() -> None:
    points = SMALL.enumerate()
    values = np.random.default_rng(0).random(len(points))

    def f(X: Array) -> Array:
        return np.array([values[(points == x).all(axis=1)][0] for x in X])

    np.testing.assert_array_equal(search(f, SMALL), points[values.argmax()])


@pytest.mark.parametrize("seed", range(5))
def test_a_larger_grid_is_searched_as_well_as_by_brute_force(seed: int) -> None:
    generator = np.random.default_rng(seed)
    axis = Dimension(levels=tuple(np.linspace(0.0, 1.0, 40)))
    domain = Domain((axis, axis, axis, Dimension(n_choices=4)))
    A, b = generator.standard_normal((7, 7)), generator.standard_normal(7)

    def f(X: Array) -> Array:
        return -(((X - 0.5) @ A) ** 2).sum(axis=1) + X @ b

    points = domain.enumerate()
    assert f(search(f, domain, seed=seed)[None])[0] == pytest.approx(f(points).max(), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_mixed_domain_is_searched_as_well_as_by_trying_every_choice(seed: int) -> None:
    generator = np.random.default_rng(seed)
    heights = generator.random((5, 3))
    places = generator.random((5, 3))

    def f(X: Array) -> Array:
        i, j = np.rint(4.0 * X[:, 1]).astype(int), X[:, 2:].argmax(axis=1)
        return heights[i, j] - 4.0 * (X[:, 0] - places[i, j]) ** 2

    i, j = np.unravel_index(heights.argmax(), heights.shape)
    x = search(f, MIXED, seed=seed)
    np.testing.assert_array_equal(x[1:], [i / 4, *ONE_HOT * np.eye(3)[j]])
    assert f(x[None])[0] == pytest.approx(heights[i, j], abs=0.01)


def test_the_best_branch_of_a_tree_is_found_with_its_own_parameters() -> None:
    choice = Dimension(n_choices=3)
    conditions = (Condition(1, 0, (0,)), Condition(2, 0, (1,)), Condition(3, 0, (1, 2)))
    domain = Domain((choice, Dimension(), Dimension(), Dimension()), conditions)

    def f(X: Array) -> Array:
        a, b, c = X[:, 3], X[:, 4], X[:, 5]
        branches = [1 - 9 * (a - 0.1) ** 2, 2 - 9 * (b - 0.9) ** 2 - 9 * (c - 0.2) ** 2, c]
        return np.choose(X[:, :3].argmax(axis=1), branches)

    x = search(f, domain)
    np.testing.assert_allclose(x, [0.0, ONE_HOT, 0.0, 0.5, 0.9, 0.2], atol=1e-3)


def test_no_point_is_taken_twice_while_another_is_left() -> None:
    points, taken = SMALL.enumerate(), SMALL.enumerate()[:0]
    for seed in range(len(points)):
        x = search(peak(points[3]), SMALL, taken, seed=seed)
        assert not (taken == x).all(axis=1).any()
        taken = np.concatenate([taken, x[None]])
    np.testing.assert_array_equal(search(peak(points[3]), SMALL, taken), points[3])


def test_a_larger_discrete_domain_is_exhausted_without_repeats_too() -> None:
    domain = Domain((Dimension(levels=tuple(np.linspace(0, 1, 60))),) * 2)
    everything = domain.enumerate()
    left = np.random.default_rng(0).permutation(len(everything))[:3]
    taken = np.delete(everything, left, axis=0)
    for seed in range(3):
        x = search(peak(np.zeros(2)), domain, taken, seed=seed)
        assert not (taken == x).all(axis=1).any()
        taken = np.concatenate([taken, x[None]])


@pytest.mark.parametrize("lattice", [Lattice(0, 10**9), Lattice(1, 10**9, log=True)])
def test_a_grid_too_long_to_list_has_no_repeats_around_its_best_point(lattice: Lattice) -> None:
    domain = Domain((Dimension(lattice=lattice),))
    taken = np.zeros((0, 1))
    for seed in range(40):
        x = search(peak(np.zeros(1)), domain, taken, seed=seed)
        taken = np.concatenate([taken, x[None]])
    index = np.sort(lattice.nearest(taken[:, 0]))
    assert len(np.unique(index)) == 40
    assert index[0] == 0
    if lattice.log:
        assert index[-1] < 500


def test_fixed_columns_are_kept_and_the_rest_is_searched() -> None:
    fixed, values = np.array([True, False, False, False, False]), np.full(5, 0.2)
    subspace = Subspace(MIXED, fixed, values, np.zeros((0, 5)))
    x = maximise(peak(np.ones(5)), subspace, np.zeros((0, 5)), generator=np.random.default_rng(0))
    assert x[0] == 0.2
    assert x[1] == 1.0


def test_the_answer_depends_on_the_generator_alone() -> None:
    domain = Domain((Dimension(), Dimension(), Dimension(n_choices=4), GRID, GRID, GRID, GRID))
    f = peak(np.full(len(domain.groups), 0.3))
    first, again = (search(f, domain, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("domain", [SMALL, MIXED])
def test_a_flat_acquisition_is_answered_at_random(domain: Domain) -> None:
    found = {search(lambda X: np.full(len(X), -700.0), domain, seed=i).tobytes() for i in range(9)}
    assert len(found) > 4


@pytest.mark.parametrize("domain", [SMALL, MIXED, Domain((Dimension(),) * 3)])
def test_minus_infinity_everywhere_is_survived(domain: Domain) -> None:
    x = search(lambda X: np.full(len(X), -np.inf), domain)
    np.testing.assert_array_equal(domain.snap(x[None])[0], x)


def test_where_all_that_is_left_is_hopeless_it_is_proposed_all_the_same() -> None:
    points = SMALL.enumerate()
    x = search(lambda X: np.full(len(X), -np.inf), SMALL, points[1:])
    np.testing.assert_array_equal(x, points[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("domain", [SMALL, MIXED])
def test_an_acquisition_that_is_no_number_is_named(domain: Domain, bad: float) -> None:
    with pytest.raises(FloatingPointError, match=rf"acquisition must be .* got {bad} at"):
        search(lambda X: np.where(X[:, 0] > 0.6, bad, X[:, 0]), domain)


@pytest.mark.parametrize(
    "domain",
    [
        Domain((Dimension(n_choices=2),) * 63),
        Domain((Dimension(n_choices=2),) * 64),
        Domain((Dimension(levels=tuple(np.linspace(0, 1, 40))),) * 12),
        Domain((Dimension(n_choices=4),) * 32),
        Domain((Dimension(levels=tuple(np.linspace(0, 1, 17))),) * 16),
    ],
)
def test_discrete_spaces_beyond_the_integers_are_searched(domain: Domain) -> None:
    at = domain.sample(1, generator=np.random.default_rng(5))[0]
    np.testing.assert_array_equal(search(peak(at), domain), at)


def test_hundreds_of_axes_are_searched() -> None:
    domain = Domain((Dimension(),) * 200 + (Dimension(n_choices=2),) * 100)
    at = domain.sample(1, generator=np.random.default_rng(5))[0]
    x, start = search(peak(at), domain), domain.sample(512, generator=np.random.default_rng(0))
    assert peak(at)(x[None])[0] > 0.5 * peak(at)(start).max()
