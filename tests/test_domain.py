"""The encoded search space."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optuna_metabo.domain import ABSENT, ONE_HOT, Condition, Dimension, Domain, Lattice, extent

GRID = Dimension(levels=(0.0, 0.25, 0.5, 0.75, 1.0))
LATTICES = [
    Lattice(0, 300),
    Lattice(0, 10**9),
    Lattice(0, 2**53),
    Lattice(1, 300, log=True),
    Lattice(1, 10**9, log=True),
    Lattice(1000, 10**6, log=True),
    Lattice(1, 10**30, log=True),
]
AXES = [
    Dimension(),
    GRID,
    Dimension(levels=(0.5,)),
    Dimension(n_choices=3),
    *[Dimension(lattice=lattice) for lattice in LATTICES],
]


@pytest.mark.parametrize("axis", AXES)
@given(u=st.lists(st.floats(0.0, 1.0, exclude_max=True), min_size=1, max_size=8))
def test_every_drawn_value_is_admissible_and_lies_in_the_unit_interval(
    axis: Dimension, u: list[float]
) -> None:
    columns = axis.from_unit(np.array(u))
    assert columns.shape == (len(u), axis.n_columns)
    np.testing.assert_array_equal(axis.snap(columns), columns)
    assert columns.min() >= 0.0
    assert columns.max() <= 1.0


@pytest.mark.parametrize("axis", AXES)
@given(x=st.lists(st.floats(-1.0, 2.0), min_size=3, max_size=3))
def test_snapping_twice_changes_no_bit(axis: Dimension, x: list[float]) -> None:
    once = axis.snap(np.array([x[: axis.n_columns]]))
    assert axis.snap(once).tobytes() == once.tobytes()
    # What came back from a storage differs in its last digits.
    if math.isfinite(axis.size) and axis.size < 1e9:
        assert axis.snap(once * (1.0 + 1e-14)).tobytes() == once.tobytes()


@pytest.mark.parametrize("lattice", LATTICES)
@given(i=st.integers(0, 10**6))
def test_the_nearest_integer_of_a_place_is_the_one_that_stands_there(
    lattice: Lattice, i: int
) -> None:
    index = np.array([float(min(i, lattice.high - lattice.low))])
    np.testing.assert_array_equal(lattice.nearest(lattice.places(index)), index)


@pytest.mark.parametrize("lattice", LATTICES)
def test_a_lattice_reaches_from_0_to_1(lattice: Lattice) -> None:
    np.testing.assert_allclose(lattice.places(np.array([0.0, lattice.size - 1.0])), [0.0, 1.0])
    assert lattice.size == pytest.approx(lattice.high - lattice.low + 1)


def test_the_last_integer_of_a_long_lattice_is_the_nearest_one_to_its_end() -> None:
    lattice = Lattice(1, 10**15 + 175, log=True)
    assert lattice.nearest(np.array([1.0])).tolist() == [lattice.size - 1.0]


def test_where_cells_meet_the_upper_one_begins() -> None:
    found = Dimension(n_choices=2).from_unit(np.array([0.5]))
    np.testing.assert_array_equal(found, [[0.0, ONE_HOT]])


def test_the_values_of_a_regular_grid_are_equally_likely() -> None:
    u = (np.arange(1000) + 0.5) / 1000
    for axis in (GRID, Dimension(lattice=Lattice(0, 4)), Dimension(n_choices=5)):
        counts = np.unique(axis.from_unit(u), axis=0, return_counts=True)[1]
        np.testing.assert_array_equal(counts, 200)


@pytest.mark.parametrize("high", [200, 60_000, 10**9])
def test_the_values_of_a_logarithmic_grid_are_likely_by_their_logarithm(high: int) -> None:
    places = np.log(np.arange(1, 201)) / np.log(200)
    listed = Dimension(levels=tuple(places.tolist()))
    axis = listed if high == 200 else Dimension(lattice=Lattice(1, high, log=True))
    x = axis.from_unit(np.random.default_rng(0).random(20_000))[:, 0]
    np.testing.assert_allclose(np.quantile(x, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.05)
    assert 0.02 < (x == 0.0).mean() < 0.16


def test_a_listed_and_an_unlisted_grid_are_the_same() -> None:
    x = np.random.default_rng(0).random((100, 1))
    for lattice, log in ((Lattice(0, 50), False), (Lattice(1, 50, log=True), True)):
        unlisted = Dimension(lattice=lattice)
        levels = unlisted.at(np.arange(lattice.size))[:, 0]
        listed = Dimension(levels=tuple(levels.tolist()))
        if log:  # one rounds halfway between the logarithms, the other halfway between integers
            assert np.abs(listed.nearest(x) - unlisted.nearest(x)).max() <= 1
        else:
            np.testing.assert_array_equal(listed.snap(x), unlisted.snap(x))


def test_samples_of_hundreds_of_axes_are_spread() -> None:
    domain = Domain((Dimension(),) * 300 + (Dimension(n_choices=2),) * 100)
    X = domain.sample(64, generator=np.random.default_rng(0))
    assert X.shape == (64, 500)
    np.testing.assert_allclose(X[:, :300].mean(axis=0), 0.5, atol=0.05)


def test_sizes_beyond_the_integers_and_beyond_the_floats() -> None:
    assert Domain((Dimension(n_choices=2),) * 63).size == 2.0**63
    assert Domain((Dimension(n_choices=4),) * 32).size == 2.0**64
    assert Domain((Dimension(n_choices=2),) * 3000).size == math.inf
    assert Domain((Dimension(), GRID)).size == math.inf
    assert Domain(()).size == 1.0


def test_absent_parameters_stand_in_the_middle() -> None:
    domain = Domain((Dimension(n_choices=2), Dimension()), (Condition(1, 0, (1,)),))
    X = domain.sample(64, generator=np.random.default_rng(0))
    first = X[:, 0] > 0
    assert (X[first, 2] == 0.5).all()
    assert len(np.unique(X[~first, 2])) > 10
    np.testing.assert_array_equal(domain.present(X)[:, 1], ~first)


@pytest.mark.parametrize("turned", [False, True])
def test_a_child_of_an_absent_parent_is_absent(turned: bool) -> None:
    choice = Dimension(n_choices=2)
    conditions = [Condition(1, 0, (1,)), Condition(2, 1, (0,))]
    domain = Domain((choice, choice, Dimension()), tuple(conditions[:: -1 if turned else 1]))
    X = domain.sample(64, generator=np.random.default_rng(0))
    present = domain.present(X)
    assert not (present[:, 2] & ~present[:, 1]).any()
    np.testing.assert_array_equal(domain.tidy(X), X)


def test_a_child_is_absent_where_its_parent_has_no_value_yet() -> None:
    domain = Domain((Dimension(n_choices=2), Dimension()), (Condition(1, 0, (0,)),))
    assert domain.present(np.zeros((1, 3))).tolist() == [[True, False]]


def test_a_numeric_parent_has_an_interval() -> None:
    domain = Domain((GRID, Dimension()), (Condition(1, 0, (0.6, np.inf)),))
    X = np.array([[0.5, 0.1], [0.75, 0.1]])
    np.testing.assert_array_equal(domain.present(X)[:, 1], [False, True])
    np.testing.assert_array_equal(domain.tidy(X), [[0.5, 0.5], [0.75, 0.1]])


def test_parameters_that_wait_for_each_other_are_an_error() -> None:
    conditions = (Condition(0, 1, (0.0, 0.5)), Condition(1, 0, (0.0, 0.5)))
    domain = Domain((Dimension(), Dimension()), conditions)
    with pytest.raises(ValueError, match="before itself"):
        domain.present(np.zeros((1, 2)))


def test_all_points_are_listed_once_with_the_branches_of_a_tree() -> None:
    tree = Domain((Dimension(n_choices=2), GRID), (Condition(1, 0, (1,)),))
    assert len(tree.enumerate()) == 1 + 5
    part = tree.enumerate(np.array([True, False]))
    np.testing.assert_allclose(part, [[0.0, ONE_HOT, 0.5], [ONE_HOT, 0.0, 0.5]])


def test_of_a_space_without_a_choice_left_the_one_point_is_enumerated() -> None:
    domain = Domain((Dimension(n_choices=1), GRID))
    np.testing.assert_array_equal(Domain((GRID,)).enumerate(np.array([False])), [[0.5]])
    np.testing.assert_array_equal(domain.enumerate(np.array([True, False])), [[ONE_HOT, 0.5]])


def test_what_is_absent_is_nothing_that_was_tried_but_a_value_in_the_middle_is() -> None:
    X = np.array([[ABSENT, 0.9, ABSENT], [0.7, ABSENT, ABSENT], [0.9, 0.8, ABSENT]])
    told = np.array([[True, True, False], [True, False, False], [True, True, False]])
    np.testing.assert_allclose(extent(X, told), [0.4, 0.1, 0.0])
    assert extent(X[:0], told[:0]).tolist() == [0.0, 0.0, 0.0]


def test_points_of_which_something_is_unknown_stand_at_several_places() -> None:
    domain = Domain((Dimension(), Dimension(n_choices=2)))
    X = np.array([[0.2, ONE_HOT, 0.0], [0.7, 0.0, 0.0]])
    unknown = np.array([[False] * 3, [False, True, True]])
    found = domain.spread(X, unknown, np.array([1, 4]), generator=np.random.default_rng(0))
    np.testing.assert_array_equal(found[:, 0], [0.2, 0.7, 0.7, 0.7, 0.7])
    np.testing.assert_array_equal(found[0], X[0])
    np.testing.assert_allclose(found[1:, 1:].sum(axis=1), ONE_HOT)
    assert len(np.unique(found[1:], axis=0)) == 2
