"""A family of one's own, from a CSV file."""

from __future__ import annotations

from pathlib import Path

import optuna
import pandas as pd

from studies.families.lookup import Key, index_grid, suggest_index, table_task
from studies.families.tasks import Family


def csv_table(path: Path) -> Family:
    """A CSV file: column ``task``, then the parameters, then ``value``, which is maximised.

    Raises:
        ValueError: If a column is missing.
    """
    frame = pd.read_csv(path)
    names = [column for column in frame.columns if column not in ("task", "value")]
    if not names or not {"task", "value"} <= set(frame.columns):
        raise ValueError(f"{path}: expected columns task, parameters and value")
    grid = {name: sorted(frame[name].unique().tolist()) for name in names}

    def suggest(trial: optuna.Trial) -> Key:
        return tuple(grid[name][suggest_index(trial, name, grid[name])] for name in names)

    tasks = []
    for task, rows in frame.groupby("task", sort=True):
        keys = zip(*(rows[name].tolist() for name in names), strict=True)
        values = dict(zip(keys, rows["value"].tolist(), strict=True))
        tasks.append(table_task(str(task), "maximize", suggest, values, index_grid(grid)))
    return Family(path.stem, tuple(tasks))
