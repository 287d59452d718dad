"""Where the search starts."""

from __future__ import annotations

import numpy as np
import pytest

from optuna_metabo.acquisition.starts import _around, apart, candidates
from optuna_metabo.domain import Condition, Dimension, Domain
from tests.acquisition.spaces import whole

SQUARE = Domain((Dimension(), Dimension()))


def test_starts_are_the_best_and_keep_their_distance() -> None:
    X = np.random.default_rng(0).random((400, 2))
    values = -((X - 0.5) ** 2).sum(axis=1)
    rows = apart(X, values, SQUARE, 6)
    assert rows[0] == values.argmax()
    assert len(rows) == 6
    distance = np.linalg.norm(X[rows][:, None] - X[rows], axis=2)
    assert distance[np.triu_indices(6, 1)].min() >= 0.2
    left_out = np.setdiff1d(np.flatnonzero(values > values[rows].min()), rows)
    nearest = np.linalg.norm(X[left_out][:, None] - X[rows], axis=2).min(axis=1)
    assert (nearest < 0.2 * np.sqrt(2.0)).all()


@pytest.mark.parametrize("d", [1, 4, 16])
def test_starts_keep_a_distance_that_grows_with_the_root_of_the_axes(d: int) -> None:
    """So that it is as far along a diagonal of any cube."""
    along = np.array([0.0, 0.19, 0.21, 0.4, 0.42])
    X = np.repeat(along[:, None], d, axis=1)
    np.testing.assert_array_equal(apart(X, -along, Domain((Dimension(),) * d), 6), [0, 2, 4])


def test_fewer_starts_where_all_points_are_near() -> None:
    X = 0.5 + 1e-3 * np.random.default_rng(0).random((50, 2))
    assert len(apart(X, X[:, 0], SQUARE, 6)) == 1


def test_every_branch_has_a_start() -> None:
    domain = Domain((Dimension(n_choices=2), Dimension(), Dimension()), (Condition(1, 0, (1,)),))
    X = domain.sample(64, generator=np.random.default_rng(0))
    has_child = domain.present(X)[:, 1]
    values = np.where(has_child, 1.0, 0.0) + X[:, 3]
    assert set(has_child[apart(X, values, domain, 4)]) == {True, False}


def test_branches_take_half_of_the_starts_at_most() -> None:
    axis = Dimension(n_choices=8)
    domain = Domain((axis, *[Dimension()] * 8), tuple(Condition(1 + j, 0, (j,)) for j in range(8)))
    X = domain.sample(256, generator=np.random.default_rng(0))
    branch = X[:, :8].argmax(axis=1)
    X[:, 8:] += 2.0 * np.random.default_rng(1).random((256, 8))  # far apart within a branch, too
    values = np.where(branch == 3, 10.0, -branch)
    assert (branch[apart(X, values, domain, 4)] == 3).sum() >= 2


def test_candidates_lie_in_the_space_around_the_given_points_and_are_not_taken() -> None:
    domain = Domain((Dimension(), Dimension(levels=(0.0, 0.5, 1.0)), Dimension(n_choices=3)))
    given = domain.sample(4, generator=np.random.default_rng(1))
    subspace = whole(domain, given[:2])
    X = candidates(subspace, given, generator=np.random.default_rng(2))
    np.testing.assert_array_equal(domain.snap(X), X)
    assert not subspace.is_taken(X).any()
    assert (given[2] == X).all(axis=1).any()
    near = np.abs(X[:, None, 0] - given[:, 0]).min(axis=1) < 0.02
    assert near.mean() > 0.2


def test_some_moves_go_along_few_axes_and_some_along_all() -> None:
    domain, x = Domain((Dimension(),) * 10), np.full((1, 10), 0.5)
    n_moved = (_around(x, 64, domain, np.random.default_rng(0)) != x).sum(axis=1)
    assert (n_moved == 10).sum() > 10
    assert ((n_moved > 0) & (n_moved < 6)).sum() > 10


def test_all_taken_points_are_candidates_where_nothing_else_is_left() -> None:
    domain = Domain((Dimension(levels=(0.0, 1.0)),))
    subspace = whole(domain, np.array([[0.0], [1.0]]))
    X = candidates(subspace, np.zeros((0, 1)), generator=np.random.default_rng(0))
    assert set(X[:, 0]) == {0.0, 1.0}
