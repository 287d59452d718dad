"""Kendall's tau with its interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, multivariate_normal

from optuna_metabo.explanation.agreement import interval, tau, word


def test_a_constant_prediction_agrees_with_nothing_and_one_value_says_nothing() -> None:
    assert tau(np.zeros(5), np.arange(5.0)) == 0.0
    assert tau(np.zeros(1), np.zeros(1)) is None


@pytest.mark.parametrize("n", [0, 1, 4])
def test_of_few_values_anything_is_possible(n: int) -> None:
    assert interval(1.0, n) == (-1.0, 1.0)
    assert word(1.0, n) == "says nothing"


def test_the_interval_is_symmetric_holds_its_estimate_and_shrinks() -> None:
    for n in (6, 12, 50):
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


def test_words_follow_the_interval() -> None:
    assert [word(t, 20) for t in (0.7, 0.1, -0.7, None)] == [
        "agrees",
        "says nothing",
        "opposed",
        "says nothing",
    ]
