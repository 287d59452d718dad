"""The first points of a study: ranks, and complements of one another."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition import log_expected_improvement
from optuna_metabo.ensembles.portfolio import Portfolio, Ranks
from optuna_metabo.ensembles.under_way import UnderWay

LINE = np.linspace(0.0, 1.0, 101)[:, None]


def functions(X: Array) -> Array:
    """One rises, one falls, one has its peak in the middle."""
    x = X[:, 0]
    return np.stack([x, np.exp(-5.0 * x), -((x - 0.5) ** 2)])


def test_worth_is_twice_the_rank_above_the_median_whatever_the_units() -> None:
    worth = Ranks.of(functions, LINE).worth(LINE)
    np.testing.assert_allclose(worth[0], np.maximum(2.0 * LINE[:, 0] - 1.0, 0.0), atol=0.02)
    np.testing.assert_allclose(worth[1], worth[0][::-1], atol=0.02)
    assert worth[2].argmax() == 50


def test_beyond_the_best_reference_worth_goes_on_rising_and_stays_below_one() -> None:
    ranks = Ranks.of(lambda X: X.T, LINE[:90])
    worth = ranks.worth(np.array([[0.89], [0.95], [1.5], [9.0]]))[0]
    assert (np.diff(worth) > 0.0).all()
    assert worth[-1] <= 1.0


def test_the_last_step_beyond_the_reference_is_that_of_an_exponential() -> None:
    ranks = Ranks.of(lambda X: X.T, LINE[:100])  # 0 to .99; from the best tenth on it is .09
    beyond = np.array([[1.0], [1.08], [1.5]])
    rank = 0.995 + 0.005 * -np.expm1(-(beyond[:, 0] - 0.99) / 0.09)
    np.testing.assert_allclose(ranks.worth(beyond)[0], 2.0 * rank - 1.0, rtol=1e-12)


def test_a_function_that_is_the_same_everywhere_has_ranks() -> None:
    ranks = Ranks.of(lambda X: np.zeros((1, len(X))), LINE)
    assert np.isfinite(ranks(LINE)).all()


def portfolio_of(opinions: Array, pending: Array = LINE[:0]) -> Portfolio:
    """With opinions that may err otherwise a tenth of the line away."""
    ranks = Ranks.of(functions, LINE)
    return Portfolio(ranks, opinions, opinions, UnderWay(pending, np.array([0.06])))


def test_the_second_point_complements_the_first() -> None:
    opinions = np.array([0.5, 0.4, 0.1])
    portfolio = portfolio_of(opinions)
    first = LINE[portfolio.posterior(LINE).mean.argmax()]
    assert first[0] > 0.95
    best = portfolio.posterior(first[None]).means.max(axis=1)
    second = LINE[log_expected_improvement(portfolio.posterior(LINE), best).argmax()]
    assert second[0] < 0.1


def test_beside_other_objectives_it_counts_how_bad_a_point_is() -> None:
    portfolio = portfolio_of(np.ones(3) / 3)
    alone, beside = (one.posterior(LINE).means[0] for one in (portfolio, portfolio.beside_others))
    assert (alone[:50] == 0.0).all()
    np.testing.assert_allclose(beside, LINE[:, 0], atol=0.01)


def test_what_is_not_known_of_a_point_is_little_next_to_one_under_way() -> None:
    pending = np.array([[0.3], [0.6]])
    variance = portfolio_of(np.ones(3) / 3, pending).posterior(LINE).variances
    assert (variance == variance[0]).all()
    np.testing.assert_allclose(variance[0, [30, 60]], 0.0, atol=1e-6)
    np.testing.assert_allclose(variance[0, [0, 100]], 0.01, rtol=1e-3)
    left = portfolio_of(np.ones(3) / 3).posterior(LINE).variances
    np.testing.assert_allclose(left, 0.01)


def test_where_all_agree_points_asked_at_once_spread_over_what_is_good() -> None:
    opinions, found = np.array([0.0, 0.0, 1.0]), LINE[50:51]
    for _ in range(4):
        portfolio = portfolio_of(opinions, found)
        best = portfolio.posterior(found).means.max(axis=1)
        ei = log_expected_improvement(portfolio.posterior(LINE), best)
        found = np.concatenate([found, LINE[ei.argmax()][None]])
    assert len(np.unique(found)) == 5
    assert np.ptp(found) > 0.1
    assert (abs(found - 0.5) < 0.1).all()
