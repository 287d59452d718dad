"""A trial with given parameters."""

from __future__ import annotations

import optuna

from studies.families import TuningTask


def ask(
    task: TuningTask, params: dict[str, object], number: int = 0
) -> tuple[optuna.Trial, float]:
    """A trial with these parameters and what a sampler would be told; it is the number-th."""
    study = optuna.create_study(direction=task.direction)
    for _ in range(number):
        study.ask()
    study.enqueue_trial(params)
    trial = study.ask()
    return trial, task.measure(trial)
