"""What does it cost to ask for many trials at once?

    python -m studies.stress.parallel --families hpobench hpolib nb201 --workers 8 --seeds 5

Workers with a sampler of their own share one storage; as many trials run at any time as there are
workers, and the one asked first ends first. Printed is the mean regret after some trials told, and
its ratio to that of one worker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import optuna
from optuna.storages import InMemoryStorage
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler
from studies.commands import command, positive
from studies.families import TuningTask
from studies.past import others, past_studies
from studies.progress import Progress
from studies.regret import regret
from studies.stress.tables import FAMILIES, tables


def tune(
    task: TuningTask, past: Sequence[optuna.Study], seed: int, n_workers: int, n_trials: int
) -> float:
    """Regret after so many trials told."""
    storage = InMemoryStorage()
    optuna.create_study(study_name="target", direction=task.direction, storage=storage)
    workers = [
        optuna.load_study(
            study_name="target", storage=storage, sampler=MetaGPSampler(past, seed=seed)
        )
        for _ in range(n_workers)
    ]
    running: deque[tuple[optuna.Study, optuna.Trial, float]] = deque()
    for number in range(n_trials + n_workers - 1):
        study = workers[number % n_workers]
        trial = study.ask()
        running.append((study, trial, task.objective(trial)))
        if len(running) == n_workers:
            done, ended, value = running.popleft()
            done.tell(ended, value)
    return float(regret(workers[0].best_value, *task.scale()))


def compare(family: str, n_workers: int, n_trials: int, n_seeds: int, progress: Progress) -> str:
    """The line of one family."""
    tasks, means = tables(family), []
    for n in (1, n_workers):
        found = []
        for seed, index in np.ndindex(n_seeds, len(tasks)):
            past = past_studies(family, others(family, index), seed)
            found.append(tune(tasks[index], past, seed, n, n_trials))
            progress.step(f"{family} {tasks[index].name}, {n} workers")
        means.append(np.mean(found))
    return (
        f"{family}: one worker {means[0]:.3f}, {n_workers} workers {means[1]:.3f}, "
        f"ratio {means[1] / means[0]:.2f}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.parallel", __doc__)
    parser.add_argument("--families", nargs="+", default=FAMILIES, help="with a known optimum")
    parser.add_argument("--workers", type=positive, default=8, help="trials that run at a time")
    parser.add_argument("--trials", type=positive, default=40, help="of each run")
    parser.add_argument("--seeds", type=positive, default=5, help="runs of each task")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with parser.refusing():
        n_tasks = sum(len(tables(family)) for family in options.families)
    with threadpool_limits(1), Progress(2 * options.seeds * n_tasks) as progress:
        for family in options.families:
            line = compare(family, options.workers, options.trials, options.seeds, progress)
            print(line, flush=True)


if __name__ == "__main__":
    main()
