"""Where a point may be proposed."""

from __future__ import annotations

import numpy as np
import pytest

from optuna_metabo.acquisition import Subspace
from optuna_metabo.domain import ONE_HOT, Condition, Dimension, Domain, Lattice
from tests.acquisition.spaces import whole

GRID = Dimension(levels=(0.0, 0.25, 0.5, 0.75, 1.0))
CHOICE = Dimension(n_choices=3)


def test_every_point_is_listed_once() -> None:
    assert whole(Domain((GRID, CHOICE))).points().shape == (15, 4)
    assert len(np.unique(whole(Domain((GRID, CHOICE))).points(), axis=0)) == 15


def test_the_points_of_a_slice_hold_its_values() -> None:
    domain = Domain((Dimension(), GRID, CHOICE))
    fixed = np.array([True, False, True, True, True])
    values = np.array([0.123, 0.0, 0.0, ONE_HOT, 0.0])
    points = Subspace(domain, fixed, values, np.zeros((0, 5))).points()
    np.testing.assert_array_equal(points[:, fixed], np.tile(values[fixed], (5, 1)))
    np.testing.assert_array_equal(np.sort(points[:, 1]), np.ravel(GRID.levels))


def test_absent_branches_do_not_multiply_the_points() -> None:
    domain = Domain((Dimension(n_choices=2), GRID), (Condition(1, 0, (1,)),))
    assert len(whole(domain).points()) == 1 + 5


def test_many_axes_of_which_few_vary_can_be_listed() -> None:
    """NumPy's arrays have 32 axes or 64."""
    domain = Domain((Dimension(n_choices=2),) * 70)
    fixed = np.arange(140) >= 10
    values = np.tile([ONE_HOT, 0.0], 70)
    subspace = Subspace(domain, fixed, values, np.zeros((0, 140)))
    assert subspace.size == 32
    assert len(subspace.points()) == 32


@pytest.mark.parametrize(
    ("dimensions", "least"),
    [
        ((Dimension(n_choices=2),) * 63, 2.0**63),
        ((Dimension(n_choices=2),) * 64, 2.0**64),
        ((Dimension(levels=tuple(np.linspace(0, 1, 40))),) * 12, 40.0**12),
        ((Dimension(n_choices=4),) * 32, 2.0**64),
        ((Dimension(n_choices=2),) * 3000, np.inf),
        ((Dimension(lattice=Lattice(0, 2**40)),) * 2, 2.0**80),
    ],
)
def test_huge_spaces_have_a_huge_size(dimensions: tuple[Dimension, ...], least: float) -> None:
    assert whole(Domain(dimensions)).size >= least


def test_a_point_is_taken_up_to_the_digits_that_a_storage_changes() -> None:
    domain = Domain((Dimension(), GRID))
    subspace = whole(domain, np.array([[0.3, 0.25], [0.0, 1.0]]))
    X = np.array([[0.1 + 0.2, 0.25], [0.3, 0.5], [-0.0, 1.0]])
    np.testing.assert_array_equal(subspace.is_taken(X), [True, False, True])
    np.testing.assert_array_equal(subspace.without_taken(X), X[1:2])


def test_samples_spread_over_what_is_free_and_hold_what_is_fixed() -> None:
    domain = Domain((Dimension(), Dimension(), CHOICE))
    fixed = np.array([False, True, False, False, False])
    subspace = Subspace(domain, fixed, np.full(5, 0.2), np.zeros((0, 5)))
    X = subspace.sample(300, generator=np.random.default_rng(0))
    assert (X[:, 1] == 0.2).all()
    np.testing.assert_allclose(
        np.quantile(X[:, 0], [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.02
    )
    np.testing.assert_allclose((X[:, 2:] > 0).mean(axis=0), 1 / 3, atol=0.02)


def test_the_last_points_that_are_left_are_found() -> None:
    domain = Domain((Dimension(levels=tuple(np.linspace(0, 1, 300))),) * 2)
    everything = domain.enumerate()
    left = np.random.default_rng(0).permutation(len(everything))[:2]
    subspace = whole(domain, np.delete(everything, left, axis=0))
    found = subspace.left(generator=np.random.default_rng(1))
    np.testing.assert_array_equal(np.unique(found, axis=0), np.unique(everything[left], axis=0))
    full = whole(domain, everything)
    assert not len(full.left(generator=np.random.default_rng(0)))


def test_a_space_without_an_end_is_not_listed_for_its_last_points() -> None:
    domain = Domain((Dimension(),))
    taken = domain.sample(8192, generator=np.random.default_rng(0))
    assert not len(whole(domain, taken).left(generator=np.random.default_rng(0)))


def test_what_is_given_stays_where_its_parent_says_that_it_does_not_exist() -> None:
    domain = Domain((Dimension(n_choices=2), Dimension()), (Condition(1, 0, (0,)),))
    x = np.array([0.0, ONE_HOT, 0.3])
    subspace = Subspace(domain, np.array([False, False, True]), x, np.zeros((0, 3)))
    np.testing.assert_array_equal(subspace.project(x[None]), x[None])
