"""Tasks that look their values up in a table.

A numeric grid is suggested as the integer index of its values, so that its order is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import optuna

from studies.families.tasks import Direction, TuningTask

Key = tuple[Any, ...]
Suggest = Callable[[optuna.Trial], Key]


def table_task(
    name: str,
    direction: Direction,
    suggest: Suggest,
    values: dict[Key, float],
    grid: dict[str, list[Any]] | None = None,
) -> TuningTask:
    """A task that looks values up; the trial remembers the row of the table as ``row``."""
    numbers = np.array(list(values.values()))
    best = numbers.max() if direction == "maximize" else numbers.min()
    rows = {key: row for row, key in enumerate(values)}

    def objective(trial: optuna.Trial) -> float:
        key = suggest(trial)
        trial.set_user_attr("row", rows[key])
        return values[key]

    return TuningTask(name, direction, objective, float(best), float(np.median(numbers)), grid)


def suggest_index(trial: optuna.Trial, name: str, choices: Sequence[Any]) -> int:
    """The index of a choice: strings are suggested as categories, numbers as their index."""
    if isinstance(choices[0], str):
        return list(choices).index(trial.suggest_categorical(name, list(choices)))
    return trial.suggest_int(name, 0, len(choices) - 1)


def index_grid(space: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """What :func:`suggest_index` suggests, as a grid."""
    return {
        name: list(choices) if isinstance(choices[0], str) else list(range(len(choices)))
        for name, choices in space.items()
    }
