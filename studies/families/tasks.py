"""What a family is made of: tasks to tune, whatever stands behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import optuna

Direction = Literal["maximize", "minimize"]


def _exactly(trial: optuna.Trial, value: float) -> float:
    """Without noise."""
    return value


@dataclass(frozen=True)
class TuningTask:
    """One tuning task.

    Args:
        name: Of the task.
        direction: ``"maximize"`` or ``"minimize"``.
        objective: What is tuned.
        best: The optimum, or ``None`` where it is not known.
        median: The value of the median configuration, or ``None``.
        grid: The search space as a grid, if it is one.
        told: What a sampler is told of a value, from the trial and the value: the value.
        features: Numbers that are known of the task before its first value.
    """

    name: str
    direction: Direction
    objective: Callable[[optuna.Trial], float]
    best: float | None = None
    median: float | None = None
    grid: dict[str, list[Any]] | None = None
    told: Callable[[optuna.Trial, float], float] = _exactly
    features: Mapping[str, float] = field(default_factory=dict)

    def measure(self, trial: optuna.Trial) -> float:
        """What a sampler is told of a trial."""
        return self.told(trial, self.objective(trial))

    def scale(self) -> tuple[float, float]:
        """The optimum and the value of the median configuration, between which regret is measured.

        Raises:
            ValueError: If they are not known, as of a live task.
        """
        if self.best is None or self.median is None:
            raise ValueError(f"the optimum of task {self.name!r} is not known")
        return self.best, self.median


@dataclass(frozen=True)
class Family:
    """Related tasks, most often of one search space.

    Args:
        name: Of the family.
        tasks: All of them.
        targets: The names of those that are tuned, the others are only sources; by default all.
    """

    name: str
    tasks: tuple[TuningTask, ...]
    targets: tuple[str, ...] = ()

    @property
    def tuned(self) -> list[TuningTask]:
        """The tasks that are targets."""
        return [task for task in self.tasks if not self.targets or task.name in self.targets]

    def index(self, task: str) -> int:
        """Where the task of that name stands.

        Raises:
            ValueError: If there is none.
        """
        names = [one.name for one in self.tasks]
        if task not in names:
            raise ValueError(f"family {self.name!r} has the tasks {names}, not {task!r}")
        return names.index(task)

    def task(self, name: str) -> TuningTask:
        """The task of that name; raises as :meth:`index` does."""
        return self.tasks[self.index(name)]
