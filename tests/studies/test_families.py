"""Families of tasks: the registry, tables of one's own, the recorded grids."""

from __future__ import annotations

from pathlib import Path

import optuna
import pandas as pd
import pytest

from studies.families import NAMED, load
from studies.families.recorded import REPLAYED, recorded_table

SVM = Path(__file__).parents[3] / "shared" / "benchmarks" / "tst_svm.npz"


def test_an_unknown_family_raises() -> None:
    with pytest.raises(ValueError, match=r"hpobench.*got 'nonsense'"):
        load("nonsense")


def test_a_table_without_values_raises(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("task,x\na,1\n")
    with pytest.raises(ValueError, match="expected columns task, parameters and value"):
        load(str(path))


def test_an_unknown_task_raises(toy: str) -> None:
    with pytest.raises(ValueError, match=r"task-1.*not 'task-9'"):
        load(toy).task("task-9")


def test_a_table_has_its_optimum_and_a_live_task_has_none(toy: str) -> None:
    assert load(toy).task("task-2").scale()[0] == 0.0
    with pytest.raises(ValueError, match="optimum of task 'digits-noisy' is not known"):
        load("digits").task("digits-noisy").scale()


def test_a_trial_remembers_its_row_and_gets_its_value(toy: str) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(load(toy).task("task-2").objective, n_trials=10)
    values = pd.read_csv(toy).query("task == 'task-2'")["value"].tolist()
    assert [trial.values[0] for trial in study.trials] == [
        values[trial.user_attrs["row"]] for trial in study.trials
    ]


@pytest.mark.skipif(not SVM.exists(), reason=f"{SVM.name} is not beside the checkout")
def test_the_svm_table_is_a_tree_whose_points_are_all_in_the_table() -> None:
    family = load(str(SVM))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(family.tasks[0].objective, n_trials=60)
    lengths = {trial.params["kernel"]: len(trial.params) for trial in study.trials}
    assert len(family.tasks) == 50
    assert sorted(lengths.values()) == [2, 3, 3]


@pytest.mark.parametrize("name", ["mnist", "cifar10", "imdb", "ag_news"])
def test_recorded_tasks_hold_the_whole_grid(name: str) -> None:
    family = load(name)
    assert len(family.tasks) >= 4
    for task in family.tasks:
        assert len(recorded_table(task.name)) == 162
        assert task.grid is not None
        assert [len(values) for values in task.grid.values()] == [3, 3, 3, 3, 2]


def test_every_recorded_family_is_registered() -> None:
    assert set(REPLAYED) <= set(NAMED)
