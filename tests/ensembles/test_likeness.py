"""Whether studies of alike features are alike, and what weights follow."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array
from scipy.optimize import approx_fprime
from scipy.stats import sem

from optuna_metabo.ensembles.likeness import _PENALTIES, Likeness, Pairs, Scales

GRID = np.linspace(0.0, 1.0, 50)
K = 24


def bowls(centres: Array) -> Array:
    """Functions of mean 0 and deviation 1, each with an optimum of its own."""
    phi = -((GRID - centres[:, None]) ** 2)
    phi = phi - phi.mean(axis=1, keepdims=True)
    return np.asarray(phi / phi.std(axis=1, keepdims=True))


def described(seed: int = 0) -> tuple[Array, Array]:
    """One feature that tells the optimum, two that tell nothing; and the functions."""
    generator = np.random.default_rng(seed)
    centres = generator.random(K)
    values = np.column_stack([10.0 ** (5 * centres), generator.random(K), generator.random(K)])
    return values, bowls(centres)


def learned(values: Array, phi: Array) -> Likeness:
    return Likeness.learn(values, lambda some: phi[some])


def test_the_feature_that_tells_counts_and_the_others_hardly_do() -> None:
    found = learned(*described())
    assert not found.says_nothing
    assert found.gain > 0.5
    assert found.rates[0] > 0.8 * found.rates.sum()


def test_sources_with_alike_features_have_the_weight() -> None:
    values, phi = described()
    weights = learned(values, phi).weights(np.array([1e2, 0.5, 0.5]))  # the optimum is at .4
    near = np.abs(np.log10(values[:, 0]) / 5 - 0.4) < 0.15
    assert weights.mean() == pytest.approx(1.0)
    assert weights.min() > 0.0
    assert weights[near].sum() > 0.7 * K


@pytest.mark.parametrize("best", [1, 2, 3])
def test_the_rates_are_those_of_the_penalty_by_which_sources_left_out_are_predicted_best(
    best: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, phi = described()
    distances = Scales.of(values).distances(values, values)
    expected = Pairs(phi @ phi.T / phi.shape[1], distances).rates(_PENALTIES)[best - 1]
    errors = np.random.default_rng(0).random((len(_PENALTIES) + 1, K)) + 1.0
    errors[best] -= 1.0
    monkeypatch.setattr(Pairs, "left_out", lambda self, penalties: errors)
    np.testing.assert_array_equal(learned(values, phi).rates, expected)


@pytest.mark.parametrize("seed", range(5))
def test_permuted_features_say_nothing(seed: int) -> None:
    values, phi = described(seed)
    found = learned(np.random.default_rng(seed + 100).permutation(values), phi)
    assert found.says_nothing
    np.testing.assert_array_equal(found.weights(values[0]), np.ones(K))


def test_constant_unknown_and_few_features_say_nothing() -> None:
    values, phi = described()
    few = np.where(np.arange(K)[:, None] < 4, values, np.nan)
    for nothing in (np.ones((K, 1)), np.full((K, 2), np.nan), few):
        assert learned(nothing, phi).says_nothing


def test_five_sources_that_have_a_feature_are_enough_and_four_say_nothing() -> None:
    centres, found = np.linspace(0.0, 1.0, 5), []
    for n in (4, 5):
        values = np.r_[centres[:n], np.full(5 - n, np.nan)][:, None]
        found.append(learned(values, bowls(centres)).gain)
    assert found[0] == 0.0 < found[1]


def test_the_error_of_the_gain_is_the_standard_error_of_its_mean() -> None:
    values, phi = described()
    found = learned(values, phi)
    distances = Scales.of(values).distances(values, values)
    errors = Pairs(phi @ phi.T / phi.shape[1], distances).left_out(_PENALTIES)
    gains = errors[0] - errors[1:]
    best = gains[gains.mean(axis=1).argmax()]
    assert found.gain == pytest.approx(best.mean() / errors[0].mean())
    assert found.error == pytest.approx(sem(best) / errors[0].mean())


def test_a_feature_that_no_source_has_hides_no_other() -> None:
    values, phi = described()
    values[:, 1] = np.nan
    found = learned(values, phi)
    assert not found.says_nothing
    assert found.rates[0] > 0.8 * found.rates.sum()


def test_what_is_alike_in_any_case_says_nothing() -> None:
    values, phi = described()
    assert learned(values, np.tile(phi[:1], (K, 1))).says_nothing


def test_the_units_of_a_feature_do_not_matter() -> None:
    values, phi = described()
    other = np.column_stack([np.log10(values[:, 0]), -values[:, 1], 1e6 * values[:, 2]])
    own, own_other = np.array([1e2, 0.5, 0.5]), np.array([2.0, -0.5, 5e5])
    np.testing.assert_allclose(
        learned(values, phi).weights(own), learned(other, phi).weights(own_other), rtol=1e-6
    )


def test_what_is_not_known_stands_neither_near_nor_far() -> None:
    values, phi = described()
    values[3, 0] = np.nan
    found = learned(values, phi)
    assert not found.says_nothing
    weights = found.weights(np.array([1e2, 0.5, 0.5]))
    assert weights.min() < weights[3] < weights.max()
    np.testing.assert_array_equal(found.weights(np.full(3, np.nan)), np.ones(K))
    weights = found.weights(np.array([np.nan, 0.5, 0.5]))
    assert np.ptp(weights) < 1.0  # the features that are left say next to nothing


def test_a_study_of_which_one_feature_is_known_is_told_by_that_one() -> None:
    found = Likeness(np.column_stack([np.arange(6.0)] * 2), rates=np.array([3.0, 0.0]))
    weights = found.weights(np.array([1.0, np.nan]))
    assert weights.argmax() == 1
    np.testing.assert_allclose(weights, found.weights(np.array([1.0, 4.0])))


def test_a_value_beyond_those_of_the_sources_is_that_of_the_last_one() -> None:
    values, phi = described()
    found = learned(values, phi)
    far, farther = (found.weights(np.array([x, 0.5, 0.5])) for x in (1e7, np.finfo(float).max))
    np.testing.assert_array_equal(far, farther)
    assert far.argmax() == values[:, 0].argmax()


def test_equal_weights_err_by_the_distance_to_the_mean_of_the_others() -> None:
    _, phi = described()
    pairs = Pairs(phi @ phi.T / phi.shape[1], np.zeros((K, K, 1)))
    fold = np.arange(K) % 5
    expected = [np.mean((phi[j] - phi[fold != fold[j]].mean(axis=0)) ** 2) for j in range(K)]
    np.testing.assert_allclose(pairs.left_out(())[0], expected)


def test_the_slope_of_the_loss_is_that_of_finite_differences() -> None:
    values, phi = described()
    distances = Scales.of(values).distances(values, values)
    pairs, at = Pairs(phi @ phi.T / phi.shape[1], distances), np.array([0.7, 0.3, 0.1])
    numeric = approx_fprime(at, lambda rates: pairs.loss(rates, 0.03)[0], 1e-7)
    np.testing.assert_allclose(pairs.loss(at, 0.03)[1], numeric, rtol=1e-4)


def test_equal_values_have_one_rank_and_distances_are_in_deviations() -> None:
    values = np.array([[2.0], [2.0], [7.0], [np.nan]])
    scales = Scales.of(values)
    u = scales.ranks(values)[:, 0]
    np.testing.assert_allclose(u[:3], [1 / 3, 1 / 3, 2.5 / 3])
    distances = scales.distances(values, values)[:, :, 0]
    np.testing.assert_allclose(distances[0, 2], (u[2] - u[0]) / u[:3].std())
    # What is not known is as far as two sources are, not counting each from itself.
    np.testing.assert_allclose(distances[3], 2.0 / 3.0 * distances[0, 2])


def test_of_one_source_that_has_a_feature_no_distance_is_known() -> None:
    values = np.array([[2.0], [np.nan], [np.nan]])
    np.testing.assert_array_equal(Scales.of(values).distances(values, values), np.zeros((3, 3, 1)))
