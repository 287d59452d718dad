"""TPE filled by ranks."""

from __future__ import annotations

import math
from collections.abc import Callable

import optuna
from optuna.distributions import FloatDistribution

from studies.tables.filling import RankedTPE

AXIS = FloatDistribution(0.0, 1.0)


def source(units: Callable[[float], float]) -> optuna.Study:
    """A study whose best point is at .8, in some units."""
    study = optuna.create_study(direction="maximize")
    for i in range(30):
        x = i / 29
        value = units(-((x - 0.8) ** 2))
        study.add_trial(
            optuna.create_trial(params={"x": x}, distributions={"x": AXIS}, value=value)
        )
    return study


def proposals(units: Callable[[float], float], own: Callable[[float], float]) -> list[float]:
    study = optuna.create_study(direction="maximize", sampler=RankedTPE([source(units)], 0))
    study.optimize(lambda trial: own(trial.suggest_float("x", 0.0, 1.0)), n_trials=8)
    return [trial.params["x"] for trial in study.trials]


def test_units_of_sources_and_of_the_study_do_not_matter() -> None:
    plain = proposals(lambda value: value, lambda x: -x)
    assert (
        proposals(lambda value: 1000.0 * math.exp(5.0 * value), lambda x: 3.0 - 9.0 * x) == plain
    )


def test_the_first_trial_is_near_the_best_of_the_sources() -> None:
    assert abs(proposals(lambda value: value, lambda x: 0.0)[0] - 0.8) < 0.2


def test_the_study_holds_its_own_trials_only() -> None:
    study = optuna.create_study(direction="maximize", sampler=RankedTPE([source(float)], 0))
    study.optimize(lambda trial: trial.suggest_float("x", 0.0, 1.0), n_trials=3)
    assert len(study.trials) == 3
