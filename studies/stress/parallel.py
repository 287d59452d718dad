"""What does it cost to ask for many trials at once?

    python -m studies.parallel --families hpobench hpolib nb201 --workers 8 --seeds 5

Workers with a sampler of their own share one storage; as many trials run at any time as there are
workers, and the one asked first ends first. Printed is the mean regret after some trials told, and
its ratio to that of one worker.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import optuna
from optuna.storages import InMemoryStorage
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler
from studies.families import load
from studies.tables.compare import past_study


def regret(family: str, index: int, seed: int, n_workers: int, n_trials: int) -> float:
    """(best - best so far) / (best - median) after so many trials told."""
    tasks = load(family).tasks
    task = tasks[index]
    past = [past_study(family, i, seed, 50) for i in range(len(tasks)) if i != index]
    storage = InMemoryStorage()
    optuna.create_study(study_name="target", direction=task.direction, storage=storage)
    workers = [
        optuna.load_study(
            study_name="target", storage=storage, sampler=MetaGPSampler(past, seed=seed)
        )
        for _ in range(n_workers)
    ]
    running: list[tuple[optuna.Study, optuna.Trial, float]] = []
    for number in range(n_trials + n_workers - 1):
        study = workers[number % n_workers]
        trial = study.ask()
        running.append((study, trial, task.objective(trial)))
        if len(running) == n_workers:
            done, ended, value = running.pop(0)
            done.tell(ended, value)
    assert task.best is not None  # a table knows both
    assert task.median is not None
    found = float(workers[0].best_value)
    return float(np.clip((task.best - found) / (task.best - task.median), 0.0, 1.0))


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m studies.parallel", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--families", nargs="+", default=["hpobench", "hpolib", "nb201"])
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with threadpool_limits(1):
        for family in options.families:
            runs = [(i, s) for s in range(options.seeds) for i in range(len(load(family).tasks))]
            means = [
                np.mean([regret(family, i, s, n, options.trials) for i, s in runs])
                for n in (1, options.workers)
            ]
            print(
                f"{family}: one worker {means[0]:.3f}, {options.workers} workers {means[1]:.3f}, "
                f"ratio {means[1] / means[0]:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
