"""Train all 162 grid configurations of each task once and keep the results as tables.

    python -m studies.record --data-dir ../shared/data      # every task; 70 minutes of one core
    python -m studies.record --data-dir ../shared/data --tasks mnist/low imdb/short
    python -m studies.record --data-dir ../shared/data --models mlp bag

`studies/networks/recorded/<data set>/<task>.csv`, for another model `<data set>-<model>/`, has one
row per configuration: the hyperparameters, the validation scores to tune on, the costs, and the
test scores, to be looked at for the configuration finally chosen only. Rows are appended to a
`.part` file as they come, so that an interrupted recording goes on where it stopped; the finished
table takes its name with a `.json` beside it that says how it was made.
"""

from __future__ import annotations

import csv
import dataclasses
import itertools
import json
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from studies.commands import Parser, command, count, positive, valid
from studies.families.recorded import RECORDED
from studies.networks.data import Prepared, prepare
from studies.networks.objectives import Values, measurements, run_configuration
from studies.networks.tasks import (
    IMAGE_MODELS,
    TASKS,
    TEXT_MODELS,
    NetworkTask,
    get_task,
    grid,
    grid_points,
)
from studies.networks.training import evaluate, pick_device
from studies.progress import Progress, say

PACKAGES = ("torch", "torchvision", "datasets", "tokenizers", "numpy")


def round_robin(tasks: list[NetworkTask]) -> list[NetworkTask]:
    """The tasks ordered so that every data set has its first task before any has its second."""
    groups = [list(group) for _, group in itertools.groupby(tasks, key=lambda task: task.dataset)]
    return [task for row in itertools.zip_longest(*groups) for task in row if task is not None]


def with_models(task: NetworkTask, models: list[str]) -> list[NetworkTask]:
    """The task with each of the models that fit its data."""
    kin = IMAGE_MODELS if task.model in IMAGE_MODELS else TEXT_MODELS
    return [task.with_model(model) for model in models if model in kin]


def record_task(task: NetworkTask, data: Prepared, folder: Path, *, seed: int = 0) -> Path:
    """Measure every configuration not yet in the table; returns the finished table's path."""
    table = folder / f"{task.table}.csv"
    part = table.with_suffix(".csv.part")
    if table.exists():
        return table
    part.parent.mkdir(parents=True, exist_ok=True)
    done, points = _done(task, part), grid_points(task)
    with Progress(len(points), done=len(done)) as progress:
        for params in points:
            if _key(task, params) not in done:
                _append(part, measure(task, data, params, seed=seed))
                progress.step(task.name)
    record = run_record(task, data, part, seed=seed)
    table.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    return part.rename(table)


def measure(task: NetworkTask, data: Prepared, params: Values, *, seed: int) -> Values:
    """One row of the table."""
    network, run = run_configuration(task, data, params, seed=seed)
    test = dataclasses.asdict(evaluate(network, data.test))
    row = params | measurements(task, data, params, run)
    return row | {f"test_{name}": value for name, value in test.items()}


def _key(task: NetworkTask, row: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in grid(task))


def _done(task: NetworkTask, part: Path) -> set[tuple[str, ...]]:
    """The configurations in an unfinished table, after a half-written last line is cut off."""
    if not part.exists():
        return set()
    lines = part.read_text().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    part.write_text("".join(whole))
    return {_key(task, row) for row in csv.DictReader(whole)}


def _append(part: Path, row: Values) -> None:
    is_new = not part.exists() or not part.stat().st_size
    with part.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow({name: _rounded(value) for name, value in row.items()})


def _rounded(value: float | int | str) -> float | int | str:
    """Six digits say all there is in a score of 1000 examples."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def run_record(task: NetworkTask, data: Prepared, table: Path, *, seed: int) -> dict[str, object]:
    """How a table was made: versions, machine, seed, task, sizes and seconds."""
    with table.open() as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    parts = {"train": data.train, "valid": data.valid, "test": data.test}
    return {
        "task": dataclasses.asdict(task),
        "examples": {name: len(split.labels) for name, split in parts.items()},
        "seed": seed,
        "training_seconds": round(seconds, 1),
        "finished": time.strftime("%Y-%m-%d", time.gmtime()),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": str(pick_device()),
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def make_parser() -> Parser:
    """The command line."""
    parser = command("record", __doc__)
    parser.add_argument(
        "--tasks", nargs="+", type=valid(get_task), default=list(TASKS), metavar="TASK",
        help="see python -m studies.tasks",
    )  # fmt: skip
    parser.add_argument(
        "--models", nargs="+", default=["cnn", "lstm"], choices=[*IMAGE_MODELS, *TEXT_MODELS],
        help="each is recorded for the tasks that it fits",
    )  # fmt: skip
    parser.add_argument("--data-dir", help="Parquet files instead of the hub")
    parser.add_argument("--cache-dir", help="where prepared tensors are kept")
    parser.add_argument("--out", type=Path, default=RECORDED, help="a folder")
    parser.add_argument("--seed", type=count, default=0, help="of rows and training")
    parser.add_argument(
        "--threads", type=positive, default=1, help="CPU threads for one training run"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Record the tasks asked for, in turns over the data sets."""
    parser = make_parser()
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    device = pick_device()
    chosen = [get_task(name) for name in options.tasks]
    fitted = [task for one in chosen for task in with_models(one, options.models)]
    for task in round_robin(fitted):
        start = time.perf_counter()
        with parser.refusing():
            data = prepare(
                task, data_dir=options.data_dir, cache_dir=options.cache_dir, seed=options.seed
            ).to(device)
        with parser.resumable():
            table = record_task(task, data, options.out, seed=options.seed)
        say(f"{table} {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
