"""A study that learned from two past studies, one of them opposed, and left one out."""

from __future__ import annotations

import warnings

import optuna
import pytest

from optuna_metabo import MetaGPSampler

Studies = tuple[optuna.Study, MetaGPSampler]


def bowl(trial: optuna.Trial) -> float:
    return (trial.suggest_float("x", 0, 1) - 0.3) ** 2 + trial.suggest_float("y", 0, 1)


def past(name: str, sign: float, n_trials: int = 20) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(study_name=name, sampler=sampler)
    study.optimize(lambda trial: sign * bowl(trial), n_trials=n_trials)
    return study


@pytest.fixture(scope="session")
def studies() -> Studies:
    sampler = MetaGPSampler([past("good", 1.0), past("bad", -1.0), past("empty", 1.0, 0)], seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.enqueue_trial({"x": 0.9, "y": 0.9})
    with pytest.warns(UserWarning, match="left out: 'empty'"):
        study.optimize(bowl, n_trials=10)
    return study, sampler


@pytest.fixture(scope="session")
def namesakes() -> Studies:
    """Three past studies of one name, one of which cannot be used, and one of a name of ours."""
    sources = [
        past("same", 1.0),
        past("same", 0.0),
        past("same", -1.0, 15),
        past("(without past studies)", 1.0, 10),
    ]
    sampler = MetaGPSampler(sources, seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # one is left out
        study.optimize(bowl, n_trials=8)
    return study, sampler
