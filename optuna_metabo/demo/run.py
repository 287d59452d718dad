"""Past studies into a sqlite file, then a new task tuned by several samplers."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from numpy import ndarray as Array
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, RDBStorage

from optuna_metabo.demo.tasks import GRID, NEW, PAST
from optuna_metabo.explanation import Explanation
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.shapes import Float

CHECKPOINTS = (1, 3, 5, 10, 20)
METAGP, TPE = "MetaGPSampler", "TPESampler"


@dataclass(frozen=True)
class Plan:
    """How much to run.

    Args:
        past_trials: Trials of each past study.
        trials: Trials of each run on the new task.
        seeds: Runs of each sampler.
    """

    past_trials: int = 40
    trials: int = 20
    seeds: int = 8


@dataclass(frozen=True)
class Result:
    """Best values so far of each sampler, shape [seeds trials], and the explanation of one run."""

    best: dict[str, Float[Array, "seeds trials"]]
    explanation: Explanation

    def trials_to(self, name: str, value: float) -> int | None:
        """The first trial at which a sampler's mean reaches ``value``, or ``None``."""
        reached = np.flatnonzero(self.best[name].mean(axis=0) >= value - 1e-12)
        return int(reached[0]) + 1 if len(reached) else None


def samplers(past: Sequence[optuna.Study]) -> dict[str, Callable[[int], BaseSampler]]:
    """The compared samplers, each made from a seed."""
    found: dict[str, Callable[[int], BaseSampler]] = {
        METAGP: lambda seed: MetaGPSampler(past, seed=seed),
        "MetaGPSampler, no past studies": lambda seed: MetaGPSampler(seed=seed),
        TPE: lambda seed: TPESampler(seed=seed),
        "RandomSampler": lambda seed: RandomSampler(seed=seed),
        "GridSampler": lambda seed: GridSampler(GRID, seed=seed),
    }
    if importlib.util.find_spec("torch") is not None:
        found["GPSampler"] = _gp_sampler
    return found


def _gp_sampler(seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.GPSampler(seed=seed)


def run_demo(database: Path, plan: Plan, report: Callable[[str], None]) -> Result:
    """Tunes the past tasks, then the new one with every sampler.

    Args:
        database: A sqlite file that does not exist yet; it keeps the past studies and the first
            run of each sampler.
        plan: How much to run.
        report: Called with a line of progress from time to time.
    """
    storage = RDBStorage(f"sqlite:///{database}")
    past = []
    for i, task in enumerate(PAST):
        report(f"past study {i + 1} of {len(PAST)}: {task.name}, {plan.past_trials} trials")
        sampler = TPESampler(seed=i) if i % 2 else RandomSampler(seed=i)
        study = _study(task.name, sampler, storage)
        study.optimize(task.objective(), n_trials=plan.past_trials)
        past.append(study)
    best: dict[str, list[Float[Array, " trials"]]] = {}
    objective = NEW.objective()
    for name, make in samplers(past).items():
        for seed in range(plan.seeds):
            report(f"new task: {name}, run {seed + 1} of {plan.seeds}")
            kept = storage if seed == 0 else None
            study = _study(f"{NEW.name}, {name}", make(seed), kept)
            study.optimize(objective, n_trials=plan.trials)
            values = np.maximum.accumulate([trial.values[0] for trial in study.trials])
            best.setdefault(name, []).append(values)
            if name == METAGP and seed == 0:
                explanation = MetaGPSampler(past, seed=seed).explain(study)
    storage.engine.dispose()
    return Result({name: np.array(runs) for name, runs in best.items()}, explanation)


def _study(name: str, sampler: BaseSampler, storage: BaseStorage | None) -> optuna.Study:
    return optuna.create_study(
        study_name=name, sampler=sampler, storage=storage, direction="maximize"
    )


def table(result: Result) -> list[list[str]]:
    """Rows of cells, the first the head: mean best values, and trials to reach TPE's last."""
    n = next(iter(result.best.values())).shape[1]
    points = [point for point in CHECKPOINTS if point <= n]
    goal = float(result.best[TPE][:, -1].mean())
    rows = [["sampler", *[f"trial {point}" for point in points], f"trials to {goal:.4f}"]]
    for name, runs in result.best.items():
        mean = runs.mean(axis=0)
        reached = result.trials_to(name, goal)
        last = f"> {n}" if reached is None else str(reached)
        rows.append([name, *[f"{mean[point - 1]:.4f}" for point in points], last])
    return rows
