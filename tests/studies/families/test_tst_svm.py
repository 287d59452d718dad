"""Support vector machines."""

from __future__ import annotations

from pathlib import Path

import optuna

from studies.families import load


def test_the_svm_table_is_a_tree_whose_points_are_all_in_the_table(benchmarks: Path) -> None:
    family = load(str(benchmarks / "tst_svm.npz"))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(family.tasks[0].objective, n_trials=60)
    lengths = {trial.params["kernel"]: len(trial.params) for trial in study.trials}
    assert len(family.tasks) == 50
    assert sorted(lengths.values()) == [2, 3, 3]


def test_the_meta_features_of_the_data_sets_are_features_of_the_tasks(benchmarks: Path) -> None:
    tasks = load(str(benchmarks / "tst_svm.npz")).tasks
    assert {len(task.features) for task in tasks} == {22}
    assert len({tuple(task.features.values()) for task in tasks}) == 50
