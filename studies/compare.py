"""How many trials do samplers need, with and without past studies?

    python -m studies.compare run --families hpobench hpolib nb201 --out results.csv
    python -m studies.compare report results.csv --out docs/results

One task of a family is left out; the others are completed studies, half of them made by random
search and half by TPE. Every sampler then tunes the left-out task. The result file holds a row for
each trial; a run that is complete in it is not made again. The report's tables and figures are in
docs/results.
"""

from __future__ import annotations

import argparse
import csv
import functools
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import optuna
from optuna.samplers import RandomSampler, TPESampler
from threadpoolctl import threadpool_limits

from studies.families import load
from studies.methods import METHODS
from studies.tables import write_report

MODES = ("normal", "opposed", "shuffled")


@dataclass(frozen=True)
class Run:
    """One sampler on one task; the columns of the result file before those of each trial.

    ``sources`` is how many past studies are drawn, 0 for all.
    """

    family: str
    mode: str
    sources: int
    source_trials: int
    task: str
    sampler: str
    seed: int
    trials: int


# The number of the trial, its value, seconds of asking, and the row of the table it looked up.
Row = tuple[int, float, float, int | str]
HEADER = [*(field.name for field in fields(Run)), "trial", "value", "seconds", "row"]


@functools.lru_cache(maxsize=256)
def past_study(family: str, index: int, seed: int, n_trials: int) -> optuna.Study:
    """The completed study of one task; by random search for even indices, else by TPE."""
    task = load(family).tasks[index]
    kind = RandomSampler if index % 2 == 0 else TPESampler
    study = optuna.create_study(
        study_name=task.name, direction=task.direction, sampler=kind(seed=1000 * seed + index)
    )
    study.set_user_attr("seed", seed)
    study.optimize(task.measure, n_trials=n_trials)
    return study


def altered(study: optuna.Study, mode: str, generator: np.random.Generator) -> optuna.Study:
    """The same points with the values negated or permuted."""
    values = np.array([trial.values[0] for trial in study.trials])
    values = -values if mode == "opposed" else generator.permutation(values)
    other = optuna.create_study(study_name=study.study_name, direction=study.direction)
    for trial, value in zip(study.trials, values, strict=True):
        other.add_trial(
            optuna.create_trial(
                params=trial.params, distributions=trial.distributions, value=float(value)
            )
        )
    return other


def source_studies(run: Run) -> list[optuna.Study]:
    """The studies of all or some of the other tasks, altered as the mode says."""
    family = load(run.family)
    generator = np.random.default_rng([run.seed, len(run.task)])
    others = [i for i, task in enumerate(family.tasks) if task.name != run.task]
    if run.sources:
        others = sorted(generator.permutation(others)[: run.sources].tolist())
    found = [past_study(run.family, i, run.seed, run.source_trials) for i in others]
    if run.mode in ("opposed", "shuffled"):
        found = [altered(study, run.mode, generator) for study in found]
    return found


def execute(run: Run) -> list[Row]:
    """A row for each trial, with its true value; fewer rows where a grid is exhausted."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    family = load(run.family)
    task = next(task for task in family.tasks if task.name == run.task)
    study = optuna.create_study(study_name="target", direction=task.direction)
    study.set_user_attr("seed", run.seed)
    METHODS[run.sampler](study, source_studies(run), task, run.seed)
    rows = []
    with threadpool_limits(1):
        for number in range(1, run.trials + 1):
            start, trial = time.perf_counter(), study.ask()
            value = task.objective(trial)
            seconds = time.perf_counter() - start
            rows.append((number, value, seconds, trial.user_attrs.get("row", "")))
            study.tell(trial, task.told(trial, value))
    return rows


def planned(arguments: argparse.Namespace) -> Iterator[Run]:
    """Every run that is asked for; runs of one seed stand together, they share their sources."""
    for name, seed in itertools.product(arguments.families, range(arguments.seeds)):
        tasks = [task.name for task in load(name).tuned[:: arguments.every]]
        chosen = np.linspace(0, len(tasks) - 1, min(arguments.tasks or len(tasks), len(tasks)))
        for i, sampler in itertools.product(chosen.round().astype(int), arguments.samplers):
            past = arguments.sources, arguments.source_trials
            yield Run(name, arguments.mode, *past, tasks[int(i)], sampler, seed, arguments.trials)


def completed(path: Path) -> set[Run]:
    """The runs in a result file."""
    if not path.exists():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        Run(
            row["family"],
            row["mode"],
            int(row["sources"]),
            int(row["source_trials"]),
            row["task"],
            row["sampler"],
            int(row["seed"]),
            int(row["trials"]),
        )
        for row in rows
    }


def run_all(arguments: argparse.Namespace) -> None:
    """Makes the runs that the result file lacks, appending each when it is complete."""
    path: Path = arguments.out
    done = completed(path)
    runs = [run for run in planned(arguments) if run not in done]
    print(f"{len(done)} runs in {path}, {len(runs)} to go", file=sys.stderr)
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("a", newline="", encoding="utf-8") as file,
        ProcessPoolExecutor(arguments.jobs) as pool,
    ):
        writer = csv.writer(file)
        if new:
            writer.writerow(HEADER)
        futures = {pool.submit(execute, run): run for run in runs}
        for i, future in enumerate(as_completed(futures), start=1):
            run = futures[future]
            try:
                rows = future.result()
            except NotImplementedError as error:
                print(f"{run.family}, {run.sampler}: left out, {error}", file=sys.stderr)
                continue
            head = list(asdict(run).values())
            writer.writerows([*head, *row] for row in rows)
            file.flush()
            print(f"{i}/{len(runs)} {run.family} {run.task} {run.sampler}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m studies.compare", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="make the runs")
    run.add_argument("--families", nargs="+", required=True, help="names, tables or folders")
    run.add_argument("--samplers", nargs="+", default=list(METHODS), choices=list(METHODS))
    run.add_argument("--mode", choices=MODES, default="normal")
    run.add_argument("--seeds", type=int, default=5)
    run.add_argument("--trials", type=int, default=50)
    run.add_argument("--sources", type=int, default=0, help="so many past studies, 0 for all")
    run.add_argument("--source-trials", type=int, default=50)
    run.add_argument("--tasks", type=int, help="only so many tasks, evenly spread")
    run.add_argument("--every", type=int, default=1, help="only every so manyth task")
    run.add_argument("--jobs", type=int, default=1, help="processes")
    run.add_argument("--out", type=Path, required=True, help="result file, appended to")
    report = commands.add_parser("report", help="tables and figures from result files")
    report.add_argument("results", type=Path, nargs="+")
    report.add_argument("--out", type=Path, required=True, help="a folder")
    report.add_argument("--name", default="", help="of the page, by default the mode")
    report.add_argument("--samplers", nargs="+", default=[], help="only these")
    arguments = parser.parse_args(argv)
    if arguments.command == "run":
        try:
            for name in arguments.families:
                load(name)
        except (ValueError, OSError, ImportError) as error:
            parser.error(str(error))
        run_all(arguments)
    else:
        write_report(arguments.results, arguments.out, arguments.name, arguments.samplers)


if __name__ == "__main__":
    main()
