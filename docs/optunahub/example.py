"""Two finished studies, and a third of a related task that starts with what they know."""

from __future__ import annotations

import math
from collections.abc import Callable

import optuna
import optunahub

MetaGPSampler = optunahub.load_module(package="samplers/metagp").MetaGPSampler


def task(best_lr: float, best_depth: int) -> Callable[[optuna.Trial], float]:
    """An objective; the best parameters of related tasks lie near each other."""

    def objective(trial: optuna.Trial) -> float:
        lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
        depth = trial.suggest_int("depth", 1, 8)
        return math.log10(lr / best_lr) ** 2 + 0.1 * (depth - best_depth) ** 2

    return objective


optuna.logging.set_verbosity(optuna.logging.WARNING)
past = []
for name, objective in {"past-a": task(1e-3, 4), "past-b": task(2e-3, 5)}.items():
    study = optuna.create_study(study_name=name, sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, n_trials=30)
    past.append(study)

sampler = MetaGPSampler(past, seed=0)
study = optuna.create_study(study_name="new", sampler=sampler)
study.optimize(task(1.5e-3, 4), n_trials=10)

print("first value:", round(study.trials[0].value, 4), "best value:", round(study.best_value, 4))
print(sampler.explain(study))
