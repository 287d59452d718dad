"""The grids of networks that `python -m studies.record` trained once, replayed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import optuna
import pandas as pd

from studies.families.lookup import Key, table_task
from studies.families.tasks import Family, TuningTask

RECORDED = Path(__file__).parents[1] / "networks" / "recorded"
# Families, and the data sets (with an architecture that is not the usual one) they are made of.
REPLAYED = {
    "mnist": ("mnist",),
    "cifar10": ("cifar10",),
    "imdb": ("imdb",),
    "ag_news": ("ag_news",),
    "images": ("mnist", "cifar10"),
    "texts": ("imdb", "ag_news"),
    "everything": ("mnist", "cifar10", "imdb", "ag_news"),
    "mnist-mlp": ("mnist-mlp",),
    "cifar10-mlp": ("cifar10-mlp",),
    "imdb-bag": ("imdb-bag",),
    "ag_news-bag": ("ag_news-bag",),
}


def recorded(name: str, datasets: Sequence[str]) -> Family:
    """The 162 configurations of a network on each task of some data sets, trained once."""
    paths = [path for one in datasets for path in sorted((RECORDED / one).glob("*.csv"))]
    return Family(name, tuple(_task(f"{path.parent.name}/{path.stem}") for path in paths))


def recorded_table(task: str) -> pd.DataFrame:
    """The grid of one task: parameters, then validation scores, costs and test scores."""
    return pd.read_csv(RECORDED / f"{task}.csv")


def _task(name: str) -> TuningTask:
    frame = recorded_table(name)
    names = list(frame.columns[: frame.columns.get_loc("accuracy")])
    grid = {one: frame[one].unique().tolist() for one in names}

    def suggest(trial: optuna.Trial) -> Key:
        return tuple(trial.suggest_categorical(one, grid[one]) for one in names)

    keys = zip(*(frame[one].tolist() for one in names), strict=True)
    values = dict(zip(keys, frame["accuracy"].tolist(), strict=True))
    return table_task(name, "maximize", suggest, values, grid)
