"""Families and their tasks."""

from __future__ import annotations

import optuna
import pytest

from studies.families import Family, TuningTask, load
from tests.studies.families.asking import ask


def square(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", -1.0, 1.0) ** 2


def test_an_unknown_task_raises(toy: str) -> None:
    with pytest.raises(ValueError, match=r"task-1.*not 'task-9'"):
        load(toy).task("task-9")


def test_a_table_has_its_optimum_and_a_live_task_has_none(toy: str) -> None:
    assert load(toy).task("task-2").scale()[0] == 0.0
    with pytest.raises(ValueError, match="optimum of task 'digits-noisy' is not known"):
        load("digits").task("digits-noisy").scale()


def test_a_sampler_is_told_the_value_unless_the_task_says_otherwise() -> None:
    task = TuningTask("square", "minimize", square)
    assert ask(task, {"x": 0.5})[1] == 0.25
    loud = TuningTask("square", "minimize", square, told=lambda _, value: value + 1.0)
    assert ask(loud, {"x": 0.5})[1] == 1.25


def test_all_tasks_are_tuned_unless_the_targets_are_named() -> None:
    tasks = tuple(TuningTask(name, "minimize", square) for name in "abc")
    assert Family("all", tasks).tuned == list(tasks)
    assert [task.name for task in Family("some", tasks, targets=("b",)).tuned] == ["b"]
