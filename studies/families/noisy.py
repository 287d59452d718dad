"""Noisy copies of families: the sampler is told a noisy value, regret is that of the true one."""

from __future__ import annotations

import dataclasses
import functools
import hashlib

import numpy as np
import optuna

from studies.families.tasks import Family, TuningTask


def noisy(family: Family, percent: int) -> Family:
    """The family with normal noise on what samplers are told.

    Args:
        family: Of tasks whose optimum and median are known.
        percent: The standard deviation, in percent of the distance from median to optimum.

    Raises:
        ValueError: If the optimum or the median of a task is not known.
    """
    name = f"noisy{percent}-{family.name}"
    tasks = [_noisy_task(name, task, percent) for task in family.tasks]
    return Family(name, tuple(tasks), family.targets)


def _noisy_task(family: str, task: TuningTask, percent: int) -> TuningTask:
    best, median = task.scale()
    deviation = percent / 100 * abs(best - median)
    told = functools.partial(_told, f"{family}/{task.name}", deviation)
    return dataclasses.replace(task, told=told)


def _told(task: str, deviation: float, trial: optuna.Trial, value: float) -> float:
    """The value with a noise that only the task, the run's seed and the trial decide.

    So two samplers that make the same trial are told the same, and a resumed run is the same.
    """
    seed = trial.study.user_attrs.get("seed")
    text = repr((task, seed, trial.number, sorted(trial.params.items())))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    generator = np.random.default_rng(int.from_bytes(digest, "big"))
    return value + deviation * float(generator.normal())
