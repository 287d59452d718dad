"""Completed studies to learn from."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.samplers import RandomSampler, TPESampler

from studies.families import Direction, load

N_TRIALS = 50
# What past studies say: what was measured, the opposite, or nothing.
MODES = ("normal", "opposed", "shuffled")


def past_study(
    name: str,
    objective: Callable[[optuna.Trial], Any],
    directions: Sequence[Direction],
    *,
    index: int,
    seed: int,
    n_trials: int,
) -> optuna.Study:
    """A completed study; by random search for even indices, else by TPE.

    Its attribute ``seed`` decides the noise of noisy tasks.
    """
    kind: Any = RandomSampler if index % 2 == 0 else TPESampler
    study = optuna.create_study(study_name=name, directions=directions, sampler=kind(seed=seed))
    study.set_user_attr("seed", seed)
    study.optimize(objective, n_trials=n_trials)
    return study


@functools.lru_cache(maxsize=256)
def _of_family(family: str, index: int, seed: int, n_trials: int) -> optuna.Study:
    task = load(family).tasks[index]
    study = past_study(
        task.name,
        task.measure,
        [task.direction],
        index=index,
        seed=1000 * seed + index,
        n_trials=n_trials,
    )
    describe(study, task.features)
    return study


def describe(study: optuna.Study, features: Mapping[str, float]) -> None:
    """Features become user attributes of a study."""
    for name, value in features.items():
        study.set_user_attr(name, value)


def past_studies(
    family: str, indices: Iterable[int], seed: int, n_trials: int = N_TRIALS
) -> list[optuna.Study]:
    """The completed studies of some of a family's tasks; made once in each process."""
    return [_of_family(family, index, seed, n_trials) for index in indices]


def altered(study: optuna.Study, mode: str, generator: np.random.Generator) -> optuna.Study:
    """The same points with the values negated (``"opposed"``) or permuted (``"shuffled"``); a
    ``"normal"`` study is itself.
    """
    if mode == "normal":
        return study
    values = np.array([trial.values[0] for trial in study.trials])
    values = -values if mode == "opposed" else generator.permutation(values)
    other = optuna.create_study(study_name=study.study_name, direction=study.direction)
    for trial, value in zip(study.trials, values, strict=True):
        other.add_trial(
            optuna.create_trial(
                params=trial.params, distributions=trial.distributions, value=float(value)
            )
        )
    describe(other, study.user_attrs)
    return other


def others(family: str, index: int) -> list[int]:
    """The indices of the tasks that are left when one is left out."""
    return [i for i in range(len(load(family).tasks)) if i != index]
