"""What is said at a study's first ask."""

from __future__ import annotations

import optuna
import pytest

from optuna_metabo import MetaGPSampler


def line(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0, 1)


def past(name: str, n_trials: int) -> optuna.Study:
    study = optuna.create_study(study_name=name, sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(line, n_trials=n_trials)
    return study


def run(sampler: MetaGPSampler) -> None:
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.optimize(line, n_trials=2)


@pytest.mark.filterwarnings("ignore:source studies left out")
def test_one_line_says_what_is_used_and_what_is_left_out(log: list[tuple[str, str]]) -> None:
    run(MetaGPSampler([past("good", 5), past("empty", 0)], seed=0))
    said = [text for level, text in log if level == "INFO"]
    assert said == ["'new' learns from 1 past study: 'good'; 1 past study left out: 'empty'."]


def test_a_sampler_that_does_not_listen_does_not_say_it_learns(
    log: list[tuple[str, str]],
) -> None:
    run(MetaGPSampler([past("good", 5)], seed=0, surrogate="none"))
    assert log == [("INFO", "'new' learns from no past study.")]


def test_without_past_studies_nothing_is_said(log: list[tuple[str, str]]) -> None:
    run(MetaGPSampler(seed=0))
    assert log == []
