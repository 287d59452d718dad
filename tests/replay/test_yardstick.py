from __future__ import annotations

import math

import numpy as np
import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState, create_trial

from optuna_metabo.replay import Pool, Yardstick
from tests.replay.making import SPACE, listed, strange


def _yardstick(values: list[list[float]]) -> Yardstick:
    return Yardstick.of(Pool.of(listed(values)))


def test_regret_is_the_formula() -> None:
    yardstick = _yardstick([[1.0], [3.0], [2.0], [5.0], [4.0]])
    assert yardstick.regret(yardstick.found([0, 1, 2, 4, 3])).tolist() == [1.0, 1.0, 1.0, 0.5, 0.0]
    assert yardstick.regret(yardstick.found([3])).tolist() == [0.0]


def test_what_is_to_be_minimised_is_measured_the_other_way_round() -> None:
    study = optuna.create_study(direction="minimize")
    for value in (4.0, 1.0, 2.0):
        study.add_trial(
            create_trial(params={"x": 0.5}, distributions={"x": SPACE["x"]}, value=value)
        )
    yardstick = Yardstick.of(Pool.of(study))
    assert yardstick.trials_to(yardstick.found([0, 2, 1]), "best") == 3.0


def test_goals_are_near_the_best_value_and_among_the_best_ranks() -> None:
    values = [[float(value)] for value in range(300)]
    yardstick = _yardstick([*values, [1000.0], [999.0], [800.0], [992.0]])
    assert yardstick.goals == {"close": 990.0, "top": 800.0, "best": 1000.0}
    found = yardstick.found([5, 302, 303, 300])
    trials = [yardstick.trials_to(found, goal) for goal in ("top", "close", "best")]
    assert trials == [2.0, 3.0, 4.0]
    assert yardstick.trials_to(yardstick.found([1, 2]), "top") == math.inf


@pytest.mark.parametrize(("n", "n_top"), [(50, 1), (100, 1), (101, 2), (200, 2), (201, 3)])
def test_the_best_hundredth_is_rounded_up_to_whole_results(n: int, n_top: int) -> None:
    yardstick = _yardstick([[float(value)] for value in range(n)])
    assert (yardstick.results[:, 0] >= yardstick.goals["top"]).sum() == n_top


def test_a_negative_best_value_has_a_goal_below_it() -> None:
    assert _yardstick([[-100.0], [-200.0]]).goals["close"] == -101.0


def test_failed_pruned_and_infeasible_trials_are_no_results() -> None:
    study = listed([[1.0], [2.0]])
    for state, options in (
        (TrialState.FAIL, {}),
        (TrialState.PRUNED, {"intermediate_values": {0: 9.0}}),
        (TrialState.COMPLETE, {"value": 9.0, "system_attrs": {"constraints": [1.0]}}),
    ):
        study.add_trial(
            create_trial(state=state, params={"x": 0.1, "n": 1}, distributions=SPACE, **options)  # type: ignore[arg-type]
        )
    yardstick = Yardstick.of(Pool.of(study))
    assert yardstick.n_results == 2
    assert yardstick.best == 2.0
    assert yardstick.regret(yardstick.found([2, 3, 4, 0])).tolist() == [1.0] * 4


def test_infinite_values_count_as_the_most_extreme_finite_one() -> None:
    yardstick = _yardstick([[-math.inf], [1.0], [3.0], [math.inf]])
    assert yardstick.results[:, 0].tolist() == [1.0, 1.0, 3.0, 3.0]
    assert _yardstick([[math.inf], [-math.inf]]).best == 1.0


@pytest.mark.parametrize("factor", [1.0, 2.0**1021, 2.0**-1070])
def test_one_objective_does_not_depend_on_its_unit(factor: float) -> None:
    """Values up to the largest float of both signs: differences of two are beyond it."""
    values = np.array([[-6.0], [2.0], [-7.0], [4.0], [-7.5], [7.5]])
    yardstick = _yardstick((factor * values).tolist())
    found = yardstick.found(range(6))
    expected = [1.0, 5.5 / 9.5, 5.5 / 9.5, 3.5 / 9.5, 3.5 / 9.5, 0.0]
    assert yardstick.regret(found).tolist() == pytest.approx(expected, rel=1e-12)
    assert {yardstick.trials_to(found, goal) for goal in yardstick.goals} == {6.0}


def test_a_best_value_near_the_lowest_float_is_not_reached_without_a_result() -> None:
    study = listed([[-1.785e308], [-1.788e308], [-1.79e308]])
    study.add_trial(
        create_trial(state=TrialState.FAIL, params={"x": 0.1}, distributions={"x": SPACE["x"]})
    )
    yardstick = Yardstick.of(Pool.of(study))
    assert yardstick.trials_to(yardstick.found([3, 0]), "close") == 2.0
    assert yardstick.regret(yardstick.found([3, 2, 1, 0])).tolist() == [1.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("values", [[[1.0], [1.0]], [[1.0]]])
def test_without_two_different_values_no_order_is_better(values: list[list[float]]) -> None:
    yardstick = _yardstick(values)
    assert not yardstick.tells
    assert yardstick.regret(yardstick.found([0])).tolist() == [0.0]


def _brute_force(ranks: np.ndarray, n: int = 200) -> float:
    ticks = (np.arange(n) + 0.5) / n
    grid = np.stack(np.meshgrid(*[ticks] * ranks.shape[1]), axis=-1)[..., None, :]
    return float((grid <= ranks).all(axis=-1).any(axis=-1).mean())


@pytest.mark.parametrize("m", [2, 3])
def test_the_hypervolume_is_that_of_a_grid(m: int) -> None:
    Y = np.random.default_rng(m).normal(size=(10, m))
    yardstick = _yardstick(Y.tolist())
    ranks = Y.argsort(axis=0).argsort(axis=0) / 10 + 0.1
    n = {2: 200, 3: 50}[m]
    for k in (1, 4, 10):
        found = yardstick.found(range(k))[-1]
        assert found == pytest.approx(_brute_force(ranks[:k], n), abs=1e-9)


def test_what_is_better_in_one_objective_and_equal_in_the_other_takes_its_place() -> None:
    found = Yardstick(np.array([[0.5, 0.3], [0.5, 0.8], [0.9, 0.8]])).found([0, 1, 2])
    np.testing.assert_allclose(found, [0.15, 0.4, 0.72])


@pytest.mark.parametrize("m", [2, 3, 4])
def test_the_best_is_found_to_the_last_digit_in_whatever_order(m: int) -> None:
    yardstick = _yardstick(np.random.default_rng(m).normal(size=(12, m)).tolist())
    generator = np.random.default_rng(1)
    for _ in range(10):
        assert yardstick.found(generator.permutation(12).tolist())[-1] == yardstick.best


def test_of_several_objectives_each_counts_by_the_part_of_results_that_is_no_better() -> None:
    Y = np.random.default_rng(0).integers(0, 4, size=(12, 2)).astype(float)
    expected = (Y[None] <= Y[:, None]).mean(axis=1)
    np.testing.assert_allclose(_yardstick(Y.tolist()).results, expected)


def test_several_objectives_do_not_depend_on_their_scales() -> None:
    Y = np.random.default_rng(0).normal(size=(12, 2))
    rows = list(range(12))
    other = _yardstick(np.column_stack([Y[:, 0], np.exp(9 * Y[:, 1])]).tolist())
    np.testing.assert_allclose(_yardstick(Y.tolist()).found(rows), other.found(rows))


@pytest.mark.parametrize("m", [1, 2])
def test_regret_is_zero_as_soon_as_all_of_the_front_is_found(m: int) -> None:
    Y = np.random.default_rng(m).integers(0, 9, size=(15, m)).astype(float)
    yardstick = _yardstick(Y.tolist())
    regret = yardstick.regret(yardstick.found(range(15)))
    for k in range(1, 16):
        known = set(map(tuple, yardstick.results[:k].tolist()))
        assert (yardstick.front <= known) == (regret[k - 1] < 1e-12)


def test_strange_studies_are_measured() -> None:
    pool = Pool.of(strange("strange", 0, InMemoryStorage()))
    yardstick = Yardstick.of(pool)
    regret = yardstick.regret(yardstick.found(range(len(pool))))
    assert regret[0] > regret[-1] == 0.0
