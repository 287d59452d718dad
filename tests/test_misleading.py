"""A past that misleads is left, whatever trials end like: a study never stays at its optimum."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import combinations

import numpy as np
import optuna
import pytest
from optuna.pruners import (
    BasePruner,
    MedianPruner,
    NopPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    ThresholdPruner,
)

from optuna_metabo import MetaGPSampler, proposal

N_TRIALS = 25
THERE, HERE = 0.3, 0.8
PRUNERS = {
    "halving": SuccessiveHalvingPruner(),
    "threshold": ThresholdPruner(upper=0.3, n_warmup_steps=10),
    "median": MedianPruner(n_startup_trials=1),
    "percentile": PercentilePruner(25.0, n_startup_trials=0),
}


@pytest.fixture(scope="module")
def past() -> optuna.Study:
    study = optuna.create_study(study_name="past", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(
        lambda trial: (
            (trial.suggest_float("x", 0, 1) - THERE) ** 2
            + (trial.suggest_int("k", 1, 9) - 5) ** 2 / 100
        ),
        n_trials=20,
    )
    return study


def at_random(objective: Callable[[optuna.Trial], float], seed: int, n: int) -> optuna.Study:
    """A past study of so many random trials."""
    study = optuna.create_study(
        study_name=f"past-{seed}", sampler=optuna.samplers.RandomSampler(seed)
    )
    study.optimize(objective, n_trials=n)
    return study


def n_there(
    past: optuna.Study, objective: Callable[[optuna.Trial], float], pruner: BasePruner
) -> int:
    """Trials of a new study near the old optimum."""
    study = optuna.create_study(sampler=MetaGPSampler([past], seed=4), pruner=pruner)
    study.optimize(objective, n_trials=N_TRIALS)
    return sum(abs(trial.params["x"] - THERE) < 0.05 for trial in study.trials)


def curve(trial: optuna.Trial) -> float:
    value = (trial.suggest_float("x", 0, 1) - HERE) ** 2
    value += (trial.suggest_int("k", 1, 9) - 5) ** 2 / 100
    for step in range(1, 28):
        trial.report(value + 1 / step, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return value


def pruned_at_once(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    if x < 0.5:
        raise optuna.TrialPruned
    return (x - HERE) ** 2


def infinite(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    return math.inf if x < 0.5 else (x - HERE) ** 2


@pytest.mark.parametrize("pruner", PRUNERS)
def test_pruned_trials_lead_away(past: optuna.Study, pruner: str) -> None:
    assert n_there(past, curve, PRUNERS[pruner]) <= N_TRIALS // 3


@pytest.mark.parametrize("objective", [pruned_at_once, infinite])
def test_trials_that_say_no_more_than_bad_lead_away(
    past: optuna.Study, objective: Callable[[optuna.Trial], float]
) -> None:
    assert n_there(past, objective, NopPruner()) <= N_TRIALS // 3


def test_a_training_that_diverges_teaches_as_much_whatever_it_ends_like() -> None:
    """Here and in the past, and the study is soon where none does."""

    def run(ending: float) -> list[dict[str, float]]:
        def objective(trial: optuna.Trial, best: float, cliff: float) -> float:
            x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
            return ending if x > cliff else (x - best) ** 2 + (y - 0.3) ** 2

        past = at_random(lambda trial: objective(trial, 0.7, 0.8), 0, 25)
        study = optuna.create_study(sampler=MetaGPSampler([past], seed=0))
        study.optimize(lambda trial: objective(trial, 0.4, 0.5), n_trials=8)
        return [trial.params for trial in study.trials]

    failed, infinite = run(math.nan), run(math.inf)
    assert failed == infinite
    assert sum(params["x"] > 0.5 for params in failed) <= 3


def test_pruned_trials_without_a_report_lead_away_at_once(past: optuna.Study) -> None:
    def pruned(trial: optuna.Trial) -> float:
        trial.suggest_float("x", 0, 1)
        trial.suggest_int("k", 1, 9)
        raise optuna.TrialPruned

    study = optuna.create_study(sampler=MetaGPSampler([past], seed=0))
    study.optimize(pruned, n_trials=6)
    assert sum(abs(trial.params["x"] - THERE) < 0.1 for trial in study.trials) <= 2


@pytest.mark.parametrize("seed", [4, 10])
def test_a_past_that_knows_of_a_slope_alone_keeps_no_study_on_its_edge(seed: int) -> None:
    """The new study has the slope, too, and a hill where past studies are as anywhere."""
    generator = np.random.default_rng(seed)
    centre = generator.uniform(0.15, 0.7, 2)

    def slope(trial: optuna.Trial, height: float) -> float:
        x = np.array([trial.suggest_float(name, 0.0, 1.0) for name in "xy"])
        return float(-height * np.exp(-np.sum((x - centre) ** 2) / 0.05) - 0.2 * x[0])

    sources = [at_random(lambda trial: slope(trial, 0.0), seed * 50 + i, 40) for i in range(5)]
    sampler = MetaGPSampler(sources, seed=seed)
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: slope(trial, 1.0), n_trials=40)
    assert study.best_value < -0.7
    kinds = [one.origin.kind for one in sampler.explain(study).trials]
    elsewhere = [i for i, kind in enumerate(kinds) if kind == "elsewhere"]
    assert elsewhere
    assert all(i >= 10 and i % 3 < 2 for i in elsewhere)


@pytest.mark.parametrize("seed", [1, 4])
def test_a_past_that_knows_of_one_hill_does_not_keep_a_study_from_a_better_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    here, there = generator.uniform(0.15, 0.4, 3), generator.uniform(0.65, 0.85, 3)

    def hills(trial: optuna.Trial, height: float) -> float:
        x = np.array([trial.suggest_float(name, 0.0, 1.0) for name in "xyz"])
        old, new = (np.exp(-8.0 * np.sum((x - one) ** 2)) for one in (here, there))
        return float(-max(0.7 * old, height * new))

    sources = [at_random(lambda trial: hills(trial, 0.0), seed * 50 + i, 40) for i in range(4)]
    study = optuna.create_study(sampler=MetaGPSampler(sources, seed=seed))
    study.optimize(lambda trial: hills(trial, 1.0), n_trials=36)
    assert study.best_value < -0.95


def test_on_a_plateau_past_studies_are_followed_until_five_values_are_equal(
    past: optuna.Study,
) -> None:
    def flat(trial: optuna.Trial) -> float:
        return 0.0 * (trial.suggest_float("x", 0, 1) + trial.suggest_int("k", 1, 9))

    sampler = MetaGPSampler([past], seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(flat, n_trials=8)
    kinds = [one.origin.kind for one in sampler.explain(study).trials]
    assert [i for i, kind in enumerate(kinds) if kind == "elsewhere"] == [5, 6, 7]


def test_after_equal_values_a_trial_is_where_past_studies_expect_more_than_of_most() -> None:
    def valley(trial: optuna.Trial, least: float = 0.0, at: float = 0.3) -> float:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_int("k", 1, 9)
        found = (
            (x - at) ** 2 + ((y - 5) / 9) ** 2 + trial.suggest_categorical("c", [0.0, 0.1, 0.4])
        )
        return max(found, least)

    past = [at_random(partial(valley, at=0.3 + 0.05 * i), i, 30) for i in range(2)]
    study = optuna.create_study(sampler=MetaGPSampler(past, seed=0))
    study.optimize(lambda trial: valley(trial, least=0.2), n_trials=5)
    median = np.median([trial.value for one in past for trial in one.trials])
    assert max(trial.value for trial in study.trials) < median


def test_where_trials_fail_no_point_that_is_known_to_be_bad_is_repeated() -> None:
    def failing(trial: optuna.Trial, limit: float) -> float:
        x, k = trial.suggest_float("x", 0, 1), trial.suggest_int("k", 1, 10)
        value = (4.0 * (x - 0.6)) ** 2 + (k - 5) ** 2 / 10
        return value if x <= limit else math.nan

    past = [at_random(partial(failing, limit=1.0), seed, 30) for seed in range(2)]
    study = optuna.create_study(sampler=MetaGPSampler(past, seed=0))
    study.optimize(lambda trial: failing(trial, 0.4), n_trials=24)
    told = [trial for trial in study.trials if trial.value is not None]
    bad = [trial.params for trial in told if trial.value > study.best_value + 0.5]
    near = [abs(a["x"] - b["x"]) < 0.01 and a["k"] == b["k"] for a, b in combinations(bad, 2)]
    assert len(told) > 8
    assert not any(near)


@pytest.mark.parametrize("n_told", [1, 3])
def test_a_trial_that_is_partly_enqueued_gets_what_is_expected_to_be_best_beside(
    n_told: int,
) -> None:
    def valley(trial: optuna.Trial) -> float:
        x, k = trial.suggest_float("x", 0, 1), trial.suggest_int("k", 1, 10)
        return (4.0 * (x - 0.6)) ** 2 + (k - 5) ** 2 / 10

    past = [at_random(valley, seed, 30) for seed in range(2)]
    study = optuna.create_study(sampler=MetaGPSampler(past, seed=0))
    study.optimize(valley, n_trials=n_told)
    study.enqueue_trial({"x": 0.0})
    study.optimize(valley, n_trials=1)
    assert study.trials[-1].params["x"] == 0.0
    assert abs(study.trials[-1].params["k"] - 5) <= 1


@pytest.mark.parametrize("tried", [(0.2, 0.2), (0.1, 0.3), (1.2, 1.6)])
def test_what_past_studies_hardly_varied_is_not_taken_for_known(
    tried: tuple[float, float],
) -> None:
    def objective(trial: optuna.Trial, low: float = 0.0, high: float = 1.0) -> float:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", low, high)
        return (x - THERE) ** 2 + (y - HERE) ** 2

    past = [at_random(lambda trial: objective(trial, *tried), seed, 20) for seed in range(3)]
    study = optuna.create_study(sampler=MetaGPSampler(past, seed=0))
    study.optimize(objective, n_trials=6)
    assert study.best_value < 0.02


def test_a_choice_that_no_past_study_had_is_soon_tried() -> None:
    worth = {"a": 1.0, "b": 0.9, "c": 0.8, "d": 0.5}

    def objective(trial: optuna.Trial, choices: str = "abcd") -> float:
        kind = trial.suggest_categorical("kind", list(choices))
        return worth[kind] + (trial.suggest_float("x", 0, 1) - THERE) ** 2

    past = [at_random(lambda trial: objective(trial, "abc"), seed, 30) for seed in range(3)]
    study = optuna.create_study(sampler=MetaGPSampler(past, seed=0))
    study.optimize(objective, n_trials=10)
    assert study.best_value < 0.55


def of_four(optimum: np.ndarray, most: float = np.inf) -> Callable[[optuna.Trial], float]:
    """A bowl; where the first two parameters are larger together all trials fail."""

    def objective(trial: optuna.Trial) -> float:
        x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(4)])
        if x[0] + x[1] > most:
            raise MemoryError
        return float(np.sum((x - optimum) ** 2))

    return objective


def test_where_the_past_promises_what_fails_a_study_begins_anew_and_is_better_for_it() -> None:
    """As on a smaller machine: the optimum of all is where three of four points fail."""
    optimum, best = np.array([0.75, 0.8, 0.4, 0.6]), []
    for seed in range(3):
        generator = np.random.default_rng(seed)
        past = [
            at_random(of_four(optimum + generator.normal(0, 0.04, 4)), 10 * seed + i, 30)
            for i in range(3)
        ]
        study = optuna.create_study(sampler=MetaGPSampler(past, seed=seed))
        study.optimize(of_four(optimum, most=0.7), n_trials=12, catch=(MemoryError,))
        kinds = [one.origin.kind for one in study.sampler.explain(study).trials]
        assert kinds[0] == "common"
        assert "anew" in kinds[1:4]
        best.append(study.best_value)
    assert np.mean(best) < 0.6


@pytest.mark.parametrize("is_early", [False, True])
def test_a_failure_counts_once_however_early_it_was(
    is_early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For what a trial does, which is then what is told of it: three of the first five failed."""
    places = ((0.9, 0.9), (0.8, 0.9), (0.9, 0.8), (0.1, 0.1), (0.2, 0.1))

    def objective(trial: optuna.Trial) -> float:
        a = trial.suggest_float("a", 0, 1)
        if trial.number == 2 and is_early:
            raise RuntimeError
        b = trial.suggest_float("b", 0, 1)
        if trial.number < 3:
            raise RuntimeError
        return (a - 0.9) ** 2 + (b - 0.9) ** 2

    def bowl(trial: optuna.Trial) -> float:
        return sum((trial.suggest_float(name, 0, 1) - 0.9) ** 2 for name in "ab")

    study = optuna.create_study(sampler=MetaGPSampler([at_random(bowl, 0, 30)], seed=0))
    for place in places:
        study.enqueue_trial(dict(zip("ab", place, strict=True)))
    study.optimize(objective, n_trials=5, catch=RuntimeError)
    numbers, original = [], proposal.quasi_random
    monkeypatch.setattr(
        proposal,
        "quasi_random",
        lambda *a, number, **rules: numbers.append(number) or original(*a, number=number, **rules),
    )
    study.optimize(objective, n_trials=1)
    assert numbers == [5]
    assert study.sampler.explain(study).trials[5].origin.kind == "anew"
