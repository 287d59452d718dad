"""Values of different tasks on one scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm

from optuna_metabo.ensembles.scores import normal_scores, tempered_scores, winsorise

FLAT_TOP = np.r_[np.ones(6), 0.9, 0.5, 0.2, 0.0]


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30))
def test_very_low_values_are_drawn_up_to_twice_the_distance_of_the_best(y: list[int]) -> None:
    values = np.array(y, dtype=float)
    best, median = values.max(), np.median(values)
    assume(median < best)
    expected = [max(value, median - 2.0 * (best - median)) for value in values]
    np.testing.assert_array_equal(winsorise(values), expected)


@given(
    st.lists(st.integers(-1000, -1), min_size=1, max_size=10),
    st.integers(1, 20),
    st.sampled_from([0.0, 1e-15]),
)
def test_where_most_are_as_good_as_the_best_the_others_give_the_scale(
    worse: list[int], more: int, rounding: float
) -> None:
    y = np.r_[np.ones(len(worse) + more), 1.0 + np.array(worse) / 100]
    y[0] += rounding
    found = winsorise(y)
    middle = np.median(y[len(worse) + more :])
    np.testing.assert_array_equal(found, np.maximum(y, middle - 2.0 * (y.max() - middle)))
    assert len(np.unique(found)) > 1


def test_a_plateau_of_best_values_leaves_the_order_of_the_others() -> None:
    found = winsorise(FLAT_TOP)
    np.testing.assert_array_equal(found, FLAT_TOP)
    scores = tempered_scores(FLAT_TOP)
    assert (np.diff(scores[5:]) < 0.0).all()


def test_a_diverged_value_beside_a_plateau_does_not_set_the_scale() -> None:
    found = winsorise(np.r_[np.ones(6), 0.9, 0.8, -1e9])
    np.testing.assert_allclose(found[6:], [0.9, 0.8, 0.4])


def test_values_that_are_all_the_same_stay_so() -> None:
    for y in (np.full(3, 0.1), np.zeros(4), np.array([7.0])):
        np.testing.assert_array_equal(winsorise(y), y)
        np.testing.assert_array_equal(tempered_scores(y), np.zeros(len(y)))


def test_winsorising_alters_no_argument() -> None:
    y = np.array([1.0, 0.9, 0.8, -50.0])
    before = y.copy()
    assert winsorise(y) is not y
    np.testing.assert_array_equal(y, before)


def test_normal_scores_are_the_quantiles_of_the_mean_ranks() -> None:
    found = normal_scores(np.array([5.0, 1.0, 1.0, -3.0]))
    np.testing.assert_allclose(found, norm.ppf([3.5 / 4, 0.5, 0.5, 0.5 / 4]))


@pytest.mark.parametrize(("scale", "shift"), [(1e-100, 0.0), (1e100, 0.0), (3.0, -7.0)])
def test_scores_hang_on_no_unit(scale: float, shift: float) -> None:
    y = np.random.default_rng(0).normal(size=20)
    np.testing.assert_allclose(tempered_scores(scale * y + shift), tempered_scores(y), atol=1e-9)


def test_tempered_scores_are_half_values_and_half_ranks() -> None:
    y = np.array([1.0, 0.9, 0.5, -50.0])
    drawn = np.array([1.0, 0.9, 0.5, 0.1])  # the median is .7, the best .3 above it
    ranks = norm.ppf([3.5 / 4, 2.5 / 4, 1.5 / 4, 0.5 / 4])
    expected = [(part - part.mean()) / part.std() for part in (drawn, ranks)]
    np.testing.assert_allclose(tempered_scores(y), np.mean(expected, axis=0))
