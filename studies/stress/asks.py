"""What does an ask cost in a study that the sampler runs itself, on tasks of a family?

    python -m studies.stress.asks --families ../shared/benchmarks/lcbench --studies 100 --tasks 3

MetaGPSampler, with past studies of the other tasks, and GPSampler tune a task one after the other.
Where a sampler has been its values are alike, and what it fits and climbs depends on the task: a
smooth function takes less than what is measured. Told is the median of the asks that follow, with
the evaluation in them, in milliseconds of the processor with one thread.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import BaseSampler, GPSampler
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler
from studies.commands import command, positive
from studies.families import TuningTask, load, short
from studies.markdown import publish, rounded, to_markdown
from studies.past import others, past_studies
from studies.progress import Progress

INTRODUCTION = """# Asks on tasks

Milliseconds of the processor for one ask, with one thread: the median of {asks} after {trials}
trials of the sampler's own. MetaGPSampler has {studies} past studies of 50 trials, of the other
tasks. The ratio is how many times as long GPSampler takes. [Performance](../performance.md) tells
how cost grows, on a smooth function.
"""


def past(family: str, index: int, n_studies: int) -> list[optuna.Study]:
    """So many past studies of a family's other tasks, each task as often as it needs."""
    indices = others(family, index)
    seeds = range(-(-n_studies // len(indices)))
    made = itertools.chain.from_iterable(past_studies(family, indices, seed) for seed in seeds)
    return [*itertools.islice(made, n_studies)]


def milliseconds(task: TuningTask, sampler: BaseSampler, n_trials: int, n_asks: int) -> float:
    """The median of the asks after so many trials."""
    study = optuna.create_study(direction=task.direction, sampler=sampler)
    times = []
    for _ in range(n_trials + n_asks):
        before = time.process_time()
        trial = study.ask()
        value = task.objective(trial)
        times.append(time.process_time() - before)
        study.tell(trial, value)
    return 1e3 * float(np.median(times[n_trials:]))


def places(family: str, n_tasks: int) -> Iterator[tuple[int, TuningTask]]:
    """An even spread of the tasks that are tuned."""
    tasks = load(family).tuned
    every = max(1, len(tasks) // n_tasks)
    for task in tasks[::every][:n_tasks]:
        yield load(family).index(task.name), task


def table_of(rows: Sequence[tuple[str, str, float, float]]) -> pd.DataFrame:
    """A row for each task, with the ratio, and the median of all below."""
    table = pd.DataFrame(rows, columns=["family", "task", "MetaGPSampler", "GPSampler"])
    table["ratio"] = table["GPSampler"] / table["MetaGPSampler"]
    table = table.set_index(["family", "task"])
    table.loc[("all", "median"), :] = table.median()
    return rounded(table, 1)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.asks", __doc__)
    add = parser.add_argument
    add("--families", nargs="+", default=["hpobench"], help="names, tables or folders of them")
    add("--studies", type=positive, default=100, help="past studies")
    add("--tasks", type=positive, default=3, help="of each family that are tuned")
    add("--trials", type=positive, default=50, help="before those that are timed")
    add("--asks", type=positive, default=11, help="that are timed")
    add("--out", type=Path, help="the page; without it, it is printed")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with parser.refusing():
        todo = [(name, *one) for name in options.families for one in places(name, options.tasks)]
    rows = []
    with Progress(len(todo)) as progress, threadpool_limits(1):
        for family, index, task in todo:
            ours = MetaGPSampler(past(family, index, options.studies), seed=0)
            own = milliseconds(task, ours, options.trials, options.asks)
            other = milliseconds(task, GPSampler(seed=0), options.trials, options.asks)
            rows.append((short(family), task.name, own, other))
            progress.step(f"{short(family)} {task.name}")
    made = f"python -m studies.stress.asks {' '.join(argv or sys.argv[1:])}"
    head = INTRODUCTION.format(**vars(options))
    text = "\n".join([head, to_markdown(table_of(rows)), "", "```bash", made, "```", ""])
    publish(text, options.out)


if __name__ == "__main__":
    main()
