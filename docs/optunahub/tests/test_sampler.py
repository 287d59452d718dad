"""The package as the registry loads it."""

from __future__ import annotations

from pathlib import Path

import optuna
import optunahub

PACKAGE = Path(__file__).resolve().parents[1]
MetaGPSampler = optunahub.load_local_module(
    package=PACKAGE.name, registry_root=str(PACKAGE.parent)
).MetaGPSampler


def objective(trial: optuna.Trial) -> float:
    return (trial.suggest_float("x", -5, 5) - 1) ** 2


def test_the_first_trial_is_near_the_optimum_of_a_past_study() -> None:
    past = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    past.optimize(objective, n_trials=30)
    sampler = MetaGPSampler([past], seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.optimize(objective, n_trials=5)
    assert study.trials[0].value < 0.5
    assert [source.name for source in sampler.explain(study).sources] == [past.study_name]


def test_without_past_studies_it_samples_too() -> None:
    study = optuna.create_study(sampler=MetaGPSampler(seed=0, n_startup_trials=2))
    study.optimize(objective, n_trials=4)
    assert len(study.trials) == 4
