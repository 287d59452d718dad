"""Which points of a long task are kept."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optuna_metabo.tasks import Task
from optuna_metabo.thinning import (
    by_even_ranks,
    by_rank,
    evenly,
    near_zero,
    of_several,
    rare_first,
)

RULES = [by_even_ranks, by_rank, near_zero, rare_first]


def values(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(1.0, 2.0, n)


def outcomes(n_succeeded: int, n_failed: int) -> np.ndarray:
    y = np.r_[np.ones(n_succeeded), -np.ones(n_failed)]
    return np.random.default_rng(0).permutation(y)


@pytest.mark.parametrize("rule", RULES)
@given(st.lists(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0]), max_size=60), st.integers(2, 40))
def test_exactly_so_many_different_rows_are_kept(
    rule: Callable[[np.ndarray, int], np.ndarray], y: list[float], most: int
) -> None:
    rows = rule(np.array(y), most)
    assert len(rows) == min(len(y), most)
    assert (np.diff(rows) > 0).all()
    assert set(rows.tolist()) <= set(range(len(y)))


def test_the_best_half_and_a_spread_of_the_other_ranks() -> None:
    y = values(1000)
    rows = set(by_rank(y, 128).tolist())
    assert set(heapq.nlargest(64, range(1000), key=y.__getitem__)) <= rows
    ranks = np.sort(np.argsort(np.argsort(-y))[list(rows)])
    assert ranks[-1] == 999  # the worst
    assert np.diff(ranks[64:]).max() <= 16  # 936 ranks over 64 points


@given(st.integers(0, 2**16), st.integers(3, 50))
def test_the_rule_of_rank_is_that_of_a_task(seed: int, most: int) -> None:
    y = values(120, seed).round(1)
    task = Task(np.arange(120.0)[:, None], y)
    np.testing.assert_array_equal(task.thinned(most).X[:, 0], by_rank(y, most))


def test_an_even_spread_of_ranks_holds_the_best_and_the_worst() -> None:
    y = values(1000)
    ranks = np.sort(np.argsort(np.argsort(y))[by_even_ranks(y, 101)])
    assert (ranks[0], ranks[-1]) == (0, 999)
    assert set(np.diff(ranks)) <= {9, 10, 11}


@pytest.mark.parametrize("rule", RULES)
def test_a_task_is_thinned_by_the_rule_that_is_asked_for(
    rule: Callable[[np.ndarray, int], np.ndarray],
) -> None:
    task = Task(np.arange(120.0)[:, None], values(120), np.array([True]))
    thinned = task.thinned(10, rule)
    np.testing.assert_array_equal(thinned.X[:, 0], rule(task.y, 10))
    assert thinned.known is task.known


def test_the_border_of_a_constraint_is_kept_first() -> None:
    y = values(1000)
    rows = set(near_zero(y, 128).tolist())
    assert set(heapq.nsmallest(64, range(1000), key=lambda i: abs(y[i]))) <= rows
    assert {int(y.argmin()), int(y.argmax())} <= rows  # and how far it goes on both sides


def test_every_failure_is_kept_and_a_spread_of_successes() -> None:
    y = outcomes(3000, 100)
    rows = rare_first(y, 128)
    assert (y[rows] < 0.0).sum() == 100
    kept = rows[y[rows] > 0.0]
    assert np.diff(kept).max() < 2 * 3100 / 28


def test_every_success_is_kept_where_failing_is_the_rule() -> None:
    y = outcomes(5, 500)
    assert (y[rare_first(y, 128)] > 0.0).sum() == 5


@pytest.mark.parametrize(("n_succeeded", "n_failed"), [(500, 500), (500, 120), (120, 400)])
def test_what_is_not_rare_shares_with_the_rest(n_succeeded: int, n_failed: int) -> None:
    y = outcomes(n_succeeded, n_failed)
    assert abs(y[rare_first(y, 128)].sum()) <= 1.0


def test_a_task_of_one_value_is_spread_over_its_rows() -> None:
    np.testing.assert_array_equal(rare_first(-np.ones(9), 3), [0, 4, 8])


def test_an_even_spread_holds_both_ends() -> None:
    np.testing.assert_array_equal(evenly(np.arange(10, 21), 3), [10, 15, 20])
    np.testing.assert_array_equal(evenly(np.arange(3), 5), [0, 1, 2])


def test_of_several_outputs_each_keeps_its_share_of_the_points_that_it_has_values_of() -> None:
    y, slack = values(1000), values(1000, seed=1)
    y[::2] = np.nan
    odd = np.arange(1, 1000, 2)
    rows = of_several([(y, by_rank), (slack, near_zero)], 100)
    shares = odd[by_rank(y[odd], 50)], near_zero(slack, 50)
    assert set(rows.tolist()) == {*shares[0].tolist(), *shares[1].tolist()}
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(of_several([(y, by_rank)], 1000), np.arange(1000))
