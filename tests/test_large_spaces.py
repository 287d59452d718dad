"""Studies over spaces that are too large to be listed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import optuna
import pytest

from optuna_metabo import MetaGPSampler

Objective = Callable[[optuna.Trial], float]


def booleans(trial: optuna.Trial) -> float:
    return float(sum(trial.suggest_categorical(f"b{i}", [False, True]) for i in range(63)))


def integers(trial: optuna.Trial) -> float:
    return float(sum(abs(trial.suggest_int(f"i{i}", 0, 39) - 13) for i in range(12)))


def choices(trial: optuna.Trial) -> float:
    return float(sum(trial.suggest_categorical(f"c{i}", "abcd") == "c" for i in range(32)))


def steps(trial: optuna.Trial) -> float:
    return sum(abs(trial.suggest_float(f"s{i}", 0, 1, step=0.05) - 0.3) for i in range(16))


def run(objective: Objective, n_trials: int, sources: list[optuna.Study]) -> optuna.Study:
    study = optuna.create_study(sampler=MetaGPSampler(sources or None, seed=0))
    study.optimize(objective, n_trials=n_trials)
    return study


@pytest.mark.parametrize("objective", [booleans, integers, choices, steps])
@pytest.mark.parametrize("n_sources", [0, 1])
def test_discrete_spaces_beyond_the_integers(objective: Objective, n_sources: int) -> None:
    sources = [optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))] * n_sources
    for source in sources:
        source.optimize(objective, n_trials=12)
    study = run(objective, 8, sources)
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 8


@pytest.mark.parametrize(
    "suggest",
    [
        lambda trial: trial.suggest_int("x", 1, 10**9, log=True),
        lambda trial: trial.suggest_int("x", 0, 2**40),
        lambda trial: trial.suggest_float("x", 0.0, 100.0, step=0.001),
        lambda trial: trial.suggest_float("x", 1.0, 1.0 + 40 * math.ulp(1.0)),
    ],
    ids=["logarithmic", "long", "stepped", "narrow"],
)
def test_no_point_is_proposed_twice_on_a_grid_too_long_to_list(
    suggest: Callable[[optuna.Trial], float],
) -> None:
    """The best point is an end of the range, where rounding gathers most of what is encoded."""
    study = run(lambda trial: float(suggest(trial)), 30, [])
    assert len({trial.params["x"] for trial in study.trials}) == 30


def test_a_logarithmic_integer_is_explored_by_its_logarithm() -> None:
    sampler = MetaGPSampler(seed=0, n_startup_trials=32)
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: float(trial.suggest_int("x", 1, 60_000, log=True)), n_trials=32)
    logs = np.log([trial.params["x"] for trial in study.trials]) / np.log(60_000)
    np.testing.assert_allclose(np.quantile(logs, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.1)
