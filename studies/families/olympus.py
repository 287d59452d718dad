"""Tables of chemistry and materials, https://github.com/aspuru-guzik-group/olympus (MIT).

The folder holds ``NAME.csv`` without a header and ``NAME.json`` for each task; the columns are the
``parameters`` and the ``measurements`` of the latter. Häse et al. 2021.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from scipy.spatial import KDTree

from studies.families.lookup import Key, table_task
from studies.families.tasks import Direction, Family, TuningTask


def olympus(folder: Path) -> Family:
    """One task for each table; a table of mixtures or of categories."""
    tasks = []
    for path in sorted(folder.glob("*.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        table = pd.read_csv(path.with_suffix(".csv"), header=None)
        names = [one["name"] for one in about["parameters"]]
        table.columns = [*names, "value"]
        is_mixture = about["constraints"]["parameters"] == "simplex"
        direction: Direction = about["default_goal"]
        tasks.append((_mixture if is_mixture else _reaction)(path.stem, direction, table))
    return Family(folder.name, tuple(tasks))


def _reaction(name: str, direction: Direction, table: pd.DataFrame) -> TuningTask:
    """Molecules as categories.

    Each task is one aryl group with three halogens; the aryl halides differ from task to task, the
    halogen is the parameter that all tasks share.
    """
    table = table.assign(aryl_halide=table["aryl_halide"].map(_halogen))
    table = table.rename(columns={"aryl_halide": "halogen"})
    names = [column for column in table.columns if column != "value"]
    grid: dict[str, list[Any]] = {one: sorted(table[one].unique().tolist()) for one in names}

    def suggest(trial: optuna.Trial) -> Key:
        return tuple(trial.suggest_categorical(one, grid[one]) for one in names)

    keys = zip(*(table[one].tolist() for one in names), strict=True)
    values = dict(zip(keys, table["value"].tolist(), strict=True))
    return table_task(name, direction, suggest, values, grid)


def _halogen(smiles: str) -> str:
    found = re.findall("Cl|Br|I", smiles)
    if len(found) != 1:
        raise ValueError(f"expected an aryl halide with one of Cl, Br and I, got {smiles!r}")
    return found[0]


def _mixture(name: str, direction: Direction, table: pd.DataFrame) -> TuningTask:
    """An amount in [0, 1] of each component; what is made is the nearest mixture of the table.

    Only ratios count: the amounts are divided by their sum, as users of Optuna write a simplex.
    The table's mixtures are of at most four of the six components, in steps of .1; the nearest is
    that of the least Euclidean distance.
    """
    names = [column for column in table.columns if column != "value"]
    values, mixtures = table["value"].to_numpy(), KDTree(table[names].to_numpy())

    def objective(trial: optuna.Trial) -> float:
        amounts = np.array([trial.suggest_float(one, 0.0, 1.0) for one in names])
        row = nearest(mixtures, amounts)
        trial.set_user_attr("row", row)
        return float(values[row])

    best = values.min() if direction == "minimize" else values.max()
    return TuningTask(name, direction, objective, float(best), float(np.median(values)))


def nearest(mixtures: KDTree, amounts: np.ndarray) -> int:
    """The row of the nearest mixture; amounts that are all 0 are taken for equal ones."""
    total = amounts.sum()
    shares = amounts / total if total > 0.0 else np.full(len(amounts), 1.0 / len(amounts))
    return int(mixtures.query(shares)[1])
