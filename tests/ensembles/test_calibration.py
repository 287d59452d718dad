"""Errors of sources that were left out, turned round."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from optuna_metabo.ensembles.calibration import (
    Calibration,
    believed_spread,
    plausible,
    unit,
    usual_spread,
)
from optuna_metabo.surrogate import Posterior


def posterior(m: int) -> Posterior:
    generator = np.random.default_rng(0)
    means, variances = generator.normal(size=(2, m)), generator.uniform(0.1, 2.0, (2, m))
    return Posterior(np.array([0.3, 0.7]), means, variances)


def below(predicted: Posterior, y: np.ndarray) -> np.ndarray:
    return predicted.weights @ ndtr((y - predicted.means) / np.sqrt(predicted.variances))


def test_an_error_is_in_units_of_the_deviation_and_of_the_distance_from_the_best() -> None:
    one = Posterior(np.ones(1), np.array([[1.0, -4.0, -4.0]]), np.array([[0.25, 9.0, 9.0]]))
    found = unit(one, np.array([1.0, 1.0, 0.0]), best=0.0, spread=0.0)
    np.testing.assert_allclose(found, [0.5, 5.0, 3.0])
    found = unit(one, np.array([1.0, 1.0, 0.0]), best=0.0, spread=1.2)
    np.testing.assert_allclose(found, [1.3, 5.0, 3.0])


def test_an_error_far_from_told_values_is_no_smaller_than_the_spread_of_the_sources() -> None:
    """However near one another the told values are, which is what the mean and variance know."""
    sure = Posterior(np.ones(1), np.full((1, 3), -1e-6), np.full((1, 3), 1e-12))
    found = unit(sure, np.array([1.0, 0.5, 0.0]), best=0.0, spread=10.0)
    np.testing.assert_allclose(found, [10.0, 5.0, 1e-6])


@pytest.mark.parametrize(("spread", "deviation"), [(3.0, 0.1), (0.0, 1.5)])
def test_no_value_is_predicted_much_farther_below_the_best_than_values_have_been(
    spread: float, deviation: float
) -> None:
    """Nor is any surer to be there; what is nearer stays as it is."""
    means, variances = np.array([[2.0, -4.0, -90.0]]), np.array([[1e4, 4.0, 1e-4]])
    found = plausible(Posterior(np.ones(1), means, variances), 1.0, spread, deviation)
    np.testing.assert_allclose(found.mean, [2.0, -4.0, -5.0])
    np.testing.assert_allclose(found.variance, [36.0, 4.0, 1e-4])


def test_the_usual_spread_has_the_units_of_the_values() -> None:
    generator = np.random.default_rng(3)
    values = [generator.normal(size=50) for _ in range(4)]
    moved = [100.0 * y - 7.0 for y in values]
    assert usual_spread(moved) == pytest.approx(100.0 * usual_spread(values))


def test_sources_of_other_units_count_by_factors() -> None:
    y = np.linspace(0.0, 1.0, 101)
    assert usual_spread([y, 100.0 * y]) == pytest.approx(9.5)


def test_sources_whose_values_do_not_differ_say_nothing_of_the_spread() -> None:
    y = np.linspace(0.0, 1.0, 101)
    assert usual_spread([np.full(20, 3.0), y]) == pytest.approx(0.95)
    assert usual_spread([np.full(20, 3.0)]) == 0.0


def test_the_sources_spread_is_believed_until_many_values_lie_nearer_to_one_another() -> None:
    def told(n: int) -> np.ndarray:
        return np.linspace(5.0, 5.1, n)

    assert [believed_spread(1e6, told(n)) for n in (1, 2, 9)] == [1e6] * 3
    found = [believed_spread(1e6, told(n)) for n in (10, 20, 50, 100, 300)]
    np.testing.assert_allclose(found, [10.0, 2.5, 0.4, 0.1, 0.1])
    assert believed_spread(0.01, told(300)) == 0.01
    assert believed_spread(1e6, np.full(300, 5.0)) == 1e6


def test_one_diverged_value_is_no_spread() -> None:
    y = np.linspace(0.0, 1.0, 50)
    assert usual_spread([np.r_[y, -1e12]]) == pytest.approx(0.95, abs=0.05)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_values_with_the_errors_that_were_seen_are_covered(level: float) -> None:
    """Skewed errors, as those of values with a long tail; the reach beyond only widens."""
    m, generator = 4000, np.random.default_rng(1)
    found = generator.exponential(3.0, 2000) - 0.5
    predicted, units = posterior(m), generator.uniform(0.5, 2.0, m)
    y = predicted.mean - units * (generator.exponential(3.0, m) - 0.5)
    corrected = Calibration.of(found, 9).correct(predicted, units)
    inside = np.abs(2.0 * below(corrected, y) - 1.0) <= level
    assert level - 0.02 <= inside.mean() <= level + 0.08


def test_the_fewer_sources_the_more_likely_is_a_stranger() -> None:
    found = np.random.default_rng(2).normal(size=500)
    far = posterior(1).mean - 9.0
    beyond = [
        below(Calibration.of(found, n).correct(posterior(1), np.ones(1)), far)[0]
        for n in (1, 3, 9)
    ]
    np.testing.assert_allclose(np.divide(beyond, beyond[2]), [5.0, 2.5, 1.0], rtol=0.01)


def test_of_very_many_sources_the_quantiles_are_those_of_the_errors() -> None:
    found = np.random.default_rng(2).normal(size=5000)
    corrected = Calibration.of(found, 10_000).correct(posterior(1), np.array([3.0]))
    for p in (0.1, 0.5, 0.9):
        y = posterior(1).mean - 3.0 * np.quantile(found, 1.0 - p)
        assert below(corrected, y)[0] == pytest.approx(p, abs=0.01)


def test_a_value_outside_of_everything_seen_is_still_possible() -> None:
    corrected = Calibration.of(np.linspace(-1.0, 1.0, 50), 9).correct(posterior(3), np.ones(3))
    for side in (-1.0, 1.0):
        share = below(corrected, posterior(3).mean + side * 2.0)
        assert np.minimum(share, 1.0 - share).min() > 0.01


def test_a_strangers_errors_are_of_the_usual_size_twice() -> None:
    found = np.random.default_rng(2).normal(size=4000)
    stranger = Calibration.of(found, 9).widths[-1]
    assert stranger == pytest.approx(2.0 * np.quantile(np.abs(found), 0.95))


def test_how_far_errors_reach_of_a_stranger_does_not_depend_on_their_sign() -> None:
    found = np.random.default_rng(2).exponential(size=500)
    one, other = Calibration.of(found, 9), Calibration.of(-found, 9)
    assert one.widths[-1] == pytest.approx(other.widths[-1])


def test_one_absurd_error_changes_little() -> None:
    found = np.random.default_rng(2).normal(size=200)
    one, other = (
        Calibration.of(e, 9).correct(posterior(3), np.ones(3)) for e in (found, np.r_[found, 1e12])
    )
    np.testing.assert_allclose(one.mean, other.mean, atol=0.05)
    np.testing.assert_allclose(one.variance, other.variance, rtol=0.2)


@pytest.mark.parametrize("absurd", [1e12, -1e12])
def test_an_absurd_error_of_few_is_a_large_one_on_its_side(absurd: float) -> None:
    found = np.r_[np.random.default_rng(2).normal(size=12), absurd]
    largest = 30.0 * float(np.median(np.abs(found)))
    one, other = (Calibration.of(e, 9) for e in (found, np.r_[found[:-1], np.sign(absurd) * 1e3]))
    assert 1.0 < np.abs(one.centres).max() <= largest
    np.testing.assert_array_equal(one.centres, other.centres)
    np.testing.assert_array_equal(one.widths, other.widths)


def test_errors_that_are_all_the_same_give_a_proper_distribution() -> None:
    corrected = Calibration.of(np.zeros(10), 9).correct(posterior(3), np.ones(3))
    assert (corrected.variances > 0.0).all()
    np.testing.assert_allclose(corrected.mean, posterior(3).mean)


def test_where_no_error_was_seen_there_is_one_of_a_few_units() -> None:
    unseen, units = Calibration.of(np.zeros(0), 1), np.array([1.0, 2.0, 0.1])
    corrected = unseen.correct(posterior(3), units)
    np.testing.assert_allclose(corrected.mean, posterior(3).mean)
    np.testing.assert_allclose(np.sqrt(corrected.variance), 3.0 * units)
