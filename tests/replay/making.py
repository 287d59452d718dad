"""Small studies to be replayed."""

from __future__ import annotations

import numpy as np
import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.samplers import RandomSampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import Study
from optuna.trial import TrialState, create_trial

SPACE = {"x": FloatDistribution(0.0, 1.0), "n": IntDistribution(1, 9)}


def bowl(
    name: str = "bowl",
    *,
    optimum: float = 0.3,
    n_trials: int = 12,
    seed: int = 0,
    storage: BaseStorage | None = None,
) -> Study:
    """Random points of a bowl that is to be minimised."""
    study = optuna.create_study(study_name=name, storage=storage, sampler=RandomSampler(seed=seed))
    study.optimize(
        lambda trial: (
            (trial.suggest_float("x", 0, 1) - optimum) ** 2 + trial.suggest_int("n", 1, 9) / 100
        ),
        n_trials=n_trials,
    )
    return study


def bowls(n: int = 3, n_trials: int = 12) -> InMemoryStorage:
    """A storage with alike bowls."""
    storage = InMemoryStorage()
    for i in range(n):
        bowl(f"bowl-{i}", optimum=0.3 + 0.02 * i, n_trials=n_trials, seed=i, storage=storage)
    return storage


def listed(values: list[list[float]], **options: object) -> Study:
    """A study of so many objectives, to be maximised, with the given values of its trials."""
    study = optuna.create_study(directions=["maximize"] * len(values[0]), **options)  # type: ignore[arg-type]
    for i, row in enumerate(values):
        x = i / len(values)
        study.add_trial(create_trial(params={"x": x, "n": 1}, distributions=SPACE, values=row))
    return study


def strange(name: str, seed: int, storage: BaseStorage) -> Study:
    """All that is found in storages: ranges, kinds and choices that change, failures."""
    generator = np.random.default_rng(seed)
    study = optuna.create_study(study_name=name, storage=storage)

    def objective(trial: optuna.Trial) -> float:
        late = trial.number > 5
        if trial.number == 3:
            raise ValueError("before the first parameter")
        kind = trial.suggest_categorical(f"kind{late}", ["a", "b"] + ["c"] * late)
        if kind == "b":
            trial.suggest_float("only b", 1e-4, 1.0, log=True)
        trial.suggest_float("x", 0.0, 2.0 if late else 1.0)
        if trial.number == 7:
            raise ValueError("after some")
        trial.report(1.0, 0)
        if trial.number == 8:
            raise optuna.TrialPruned
        return float("inf") if trial.number == 4 else float(10.0 ** generator.uniform(-5, 5))

    study.sampler = RandomSampler(seed=seed)
    study.optimize(objective, n_trials=14, catch=ValueError)
    again = study.trials[0]
    kinds = {**again.distributions, "x": IntDistribution(0, 2)}
    study.add_trial(again)
    study.add_trial(create_trial(params={**again.params, "x": 1}, distributions=kinds, value=0.5))
    study.ask()
    assert {one.state for one in study.trials} >= {TrialState.FAIL, TrialState.RUNNING}
    return study
