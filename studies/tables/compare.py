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
import itertools
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

import numpy as np

from studies.commands import Parser, command, count, existing_file, positive
from studies.families import load
from studies.past import MODES
from studies.progress import Progress, say
from studies.tables.methods import METHODS
from studies.tables.page import selected, write_report
from studies.tables.runs import HEADER, Run, execute


def planned(options: argparse.Namespace) -> Iterator[Run]:
    """Every run that is asked for; runs of one seed stand together, they share their sources."""
    for name, seed in itertools.product(options.families, range(options.seeds)):
        tasks = [task.name for task in load(name).tuned[:: options.every]]
        chosen = np.linspace(0, len(tasks) - 1, min(options.tasks or len(tasks), len(tasks)))
        for i, sampler in itertools.product(chosen.round().astype(int), options.samplers):
            past = options.sources, options.source_trials
            yield Run(name, options.mode, *past, tasks[int(i)], sampler, seed, options.trials)


def completed(path: Path) -> set[Run]:
    """The runs in a result file.

    The last one is cut off it if it was being written when the process was killed: rows are
    missing, or the end of a line.

    Raises:
        ValueError: If the file is no result file.
    """
    if not path.exists():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        lines = file.readlines()
    reader = csv.DictReader(lines)
    if reader.fieldnames != HEADER:
        raise ValueError(f"{path} exists and is no result file: it would be appended to")
    is_cut = not lines[-1].endswith("\n")
    whole = [_run_of(row) for row in csv.DictReader(lines[: len(lines) - is_cut])]
    if whole and whole.count(whole[-1]) < whole[-1].trials:
        whole = [run for run in whole if run != whole[-1]]
    if len(whole) + 1 < len(lines):
        _replace(path, "".join(lines[: len(whole) + 1]))
    return {*whole}


def _replace(path: Path, text: str) -> None:
    """Whole or not at all."""
    copy = path.with_name(path.name + ".new")
    copy.write_text(text, encoding="utf-8", newline="")
    copy.replace(path)


def _run_of(row: dict[str, str]) -> Run:
    return Run(
        row["family"],
        row["mode"],
        int(row["sources"]),
        int(row["source_trials"]),
        row["task"],
        row["sampler"],
        int(row["seed"]),
        int(row["trials"]),
    )


def run_all(runs: Sequence[Run], path: Path, n_jobs: int) -> None:
    """Makes the runs in so many processes, appending each to the file when it is complete."""
    is_new = not path.exists()
    with (
        path.open("a", newline="", encoding="utf-8") as file,
        ProcessPoolExecutor(n_jobs) as pool,
        Progress(len(runs)) as progress,
    ):
        writer = csv.writer(file)
        if is_new:
            writer.writerow(HEADER)
        futures = {pool.submit(execute, run): run for run in runs}
        for future in as_completed(futures):
            run = futures[future]
            try:
                rows = future.result()
            except NotImplementedError as error:
                say(f"{run.family}, {run.sampler}: left out, {error}", sys.stderr)
                rows = []
            writer.writerows([*asdict(run).values(), *row] for row in rows)
            file.flush()
            progress.step(f"{run.family} {run.task} {run.sampler}")


def add_run(parser: Parser) -> None:
    """The options of ``run``."""
    parser.add_argument(
        "--families", nargs="+", required=True, help="names, tables or folders of them"
    )
    parser.add_argument(
        "--samplers", nargs="+", default=list(METHODS), choices=list(METHODS), help="by name"
    )
    parser.add_argument(
        "--mode", choices=MODES, default="normal", help="what is done to the past studies' values"
    )
    parser.add_argument("--seeds", type=positive, default=5, help="runs of each sampler and task")
    parser.add_argument("--trials", type=positive, default=50, help="of each run")
    parser.add_argument("--sources", type=count, default=0, help="so many past studies, 0 for all")
    parser.add_argument("--source-trials", type=positive, default=50, help="of each past study")
    parser.add_argument("--tasks", type=positive, help="only so many tasks, evenly spread")
    parser.add_argument("--every", type=positive, default=1, help="only every so manyth task")
    parser.add_argument("--jobs", type=positive, default=1, help="processes")
    parser.add_argument("--out", type=Path, required=True, help="result file, appended to")


def add_report(parser: Parser) -> None:
    """The options of ``report``."""
    parser.add_argument("results", type=existing_file, nargs="+", help="files of `run`")
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    parser.add_argument("--name", default="", help="of the page, by default the mode")
    parser.add_argument("--samplers", nargs="+", default=[], help="only these (default: all)")


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("compare", __doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="make the runs", description="Make the runs.")
    add_run(run)
    text = "tables and figures from result files"
    report = commands.add_parser("report", help=text, description=f"{text.capitalize()}.")
    add_report(report)
    options = parser.parse_args(argv)
    if options.command == "report":
        with report.refusing():
            rows = selected(options.results, options.samplers)
            options.out.mkdir(parents=True, exist_ok=True)
        write_report(rows, options.out, options.name)
        return
    with run.refusing():
        done = completed(options.out)
        runs = [one for one in planned(options) if one not in done]
        options.out.parent.mkdir(parents=True, exist_ok=True)
    print(f"{len(done)} runs in {options.out}, {len(runs)} to go", file=sys.stderr)
    with run.resumable():
        run_all(runs, options.out, options.jobs)


if __name__ == "__main__":
    main()
