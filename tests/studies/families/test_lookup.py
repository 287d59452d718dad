"""Tasks that look their values up."""

from __future__ import annotations

import optuna
import pandas as pd

from studies.families import load


def test_a_trial_remembers_its_row_and_gets_its_value(toy: str) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(load(toy).task("task-2").objective, n_trials=10)
    values = pd.read_csv(toy).query("task == 'task-2'")["value"].tolist()
    assert [trial.values[0] for trial in study.trials] == [
        values[trial.user_attrs["row"]] for trial in study.trials
    ]
