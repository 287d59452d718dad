"""Kendall's tau with its interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, multivariate_normal

from optuna_metabo.explanation.agreement import (
    ERROR,
    _chance,
    error_of_each,
    interval,
    is_spread,
    tau,
    word,
)


def test_a_constant_prediction_agrees_with_nothing_and_one_value_says_nothing() -> None:
    assert tau(np.zeros(5), np.arange(5.0)) == 0.0
    assert tau(np.zeros(1), np.zeros(1)) is None


def test_tied_pairs_are_in_neither_order() -> None:
    predicted, y = np.array([1.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0, 0.0])
    order = [
        np.sign((predicted[i] - predicted[j]) * (y[i] - y[j])) for i in range(4) for j in range(i)
    ]
    assert tau(predicted, y) == pytest.approx(np.mean(order))
    untied = np.random.default_rng(0).permutation(9)
    expected = kendalltau(untied, np.arange(9)).statistic
    assert tau(untied, np.arange(9)) == pytest.approx(expected)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_of_few_values_anything_is_possible(n: int) -> None:
    assert interval(1.0, n) == (-1.0, 1.0)
    assert word(1.0, n) == "says nothing"


def test_the_interval_is_symmetric_holds_its_estimate_and_shrinks() -> None:
    for n in (8, 12, 50):
        for estimate in (-0.8, -0.2, 0.0, 0.5):
            low, high = interval(estimate, n)
            assert -1.0 < low < estimate < high < 1.0
            assert interval(-estimate, n) == pytest.approx((-high, -low))
    assert interval(1.0, 12)[1] == 1.0 == -interval(-1.0, 12)[0]
    widths = [np.diff(interval(0.3, n))[0] for n in (6, 12, 50, 500)]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("correlation", [0.0, 0.5, -0.7])
def test_of_many_samples_the_interval_holds_the_true_tau_in_nineteen_of_twenty(
    correlation: float,
) -> None:
    """Of a bivariate normal tau is 2/pi arcsin(correlation)."""
    true = 2.0 / np.pi * np.arcsin(correlation)
    normal = multivariate_normal([0.0, 0.0], [[1.0, correlation], [correlation, 1.0]], seed=0)
    hits = []
    for _ in range(400):
        x, y = normal.rvs(20).T
        low, high = interval(float(kendalltau(x, y).statistic), 20)
        hits.append(low <= true <= high)
    assert 0.92 < np.mean(hits) < 0.985


def with_pairs_the_other_way(n: int, n_pairs: int) -> np.ndarray:
    """An order of which so many pairs are the other way round."""
    order = list(range(n))
    order.insert(n - 1 - n_pairs, order.pop())
    return np.array(order)


@pytest.mark.parametrize("n", [6, 11, 30, 90])
def test_how_often_chance_finds_as_much_is_what_scipy_says(n: int) -> None:
    for n_pairs in (1, 2, n - 2, n - 1):
        order = with_pairs_the_other_way(n, n_pairs)
        found = kendalltau(order, np.arange(n), method="exact" if n < 60 else "asymptotic")
        assert found.statistic == pytest.approx(1.0 - 4.0 * n_pairs / (n * (n - 1)))
        assert _chance(tau(order, np.arange(n)) or 0.0, n) == pytest.approx(found.pvalue, rel=1e-9)


@pytest.mark.parametrize("error", [0.05, 0.0025, 0.05 / 300])
@pytest.mark.parametrize("n", [5, 6, 7, 9, 20])
def test_a_word_is_said_exactly_where_chance_finds_as_much_rarely(n: int, error: float) -> None:
    """But for intervals that are wider than that, where few points prove little."""
    for n_pairs in range(1, n):
        found = 1.0 - 4.0 * n_pairs / (n * (n - 1))
        for sign, said in ((1.0, "agrees"), (-1.0, "opposed")):
            is_said = word(sign * found, n, error) == said
            assert not is_said or _chance(found, n) <= error
            assert is_said or n < 20 or _chance(found, n) > error


@pytest.mark.parametrize("n", [6, 12, 80])
def test_of_a_perfect_order_half_a_pair_counts_as_the_other_way_round(n: int) -> None:
    half = 1.0 - 2.0 / (n * (n - 1))
    assert interval(1.0, n)[0] == interval(half, n)[0]
    assert interval(-1.0, n)[1] == interval(-half, n)[1]
    assert _chance(1.0, n) == _chance(half, n)


def test_words_follow_the_interval() -> None:
    assert [word(t, 20) for t in (0.7, 0.1, -0.7, None)] == [
        "agrees",
        "says nothing",
        "opposed",
        "says nothing",
    ]


def test_points_that_tell_nothing_oppose_nothing() -> None:
    assert word(-0.7, 20, is_spread=False) == "untested"
    assert word(-0.1, 20, is_spread=False) == "says nothing"
    assert word(0.7, 20, is_spread=False) == "agrees"


def test_points_are_spread_over_half_of_what_a_study_expects_of_its_own() -> None:
    own = np.linspace(-1.0, 1.0, 9)
    assert [is_spread(np.array([0.0, top]), own) for top in (0.9, 1.1, -1.1)] == [
        False,
        True,
        True,
    ]


def test_an_interval_that_misses_less_often_is_wider() -> None:
    wide, narrow = interval(0.3, 12, 0.001), interval(0.3, 12)
    assert wide[0] < narrow[0] < 0.3 < narrow[1] < wide[1]


def test_the_more_are_looked_at_the_less_an_interval_may_miss_but_for_those_that_tell() -> None:
    """One of one is as before; so are several that all tell."""
    assert error_of_each([-0.3], 20) == ERROR == error_of_each([0.7] * 30, 20)
    assert error_of_each([0.0] * 30, 20) == pytest.approx(ERROR / 30)
    assert error_of_each([0.7] * 6 + [0.0] * 24, 20) == pytest.approx(ERROR / 5)
    assert error_of_each([0.7] * 3, 4) == error_of_each([], 20) == ERROR


@pytest.mark.parametrize(("n", "n_values"), [(8, 8), (6, 3), (15, 15)])
def test_of_what_is_said_of_many_little_is_wrong(n: int, n_values: int) -> None:
    """Of twenty that say nothing in truth, a word is said of any in one report of twenty at most.

    Also of few points, and of few different values.
    """
    generator, y = np.random.default_rng(0), np.arange(n) * n_values // n
    wrong = 0
    for _ in range(100):
        taus = [tau(generator.permutation(n), y) or 0.0 for _ in range(20)]
        error = error_of_each(taus, n)
        wrong += any(word(one, n, error) != "says nothing" for one in taus)
    assert wrong <= 8
