"""What are pruned trials worth to the sampler?

    python -m studies.stress.pruning --families hpobench hpolib nb201 --seeds 5

A table's value is what a learning curve reaches after eight epochs: before, it stands between the
median configuration and that value, with noise. A median rule stops trials. Printed is the mean
regret after some epochs in all, with pruned trials told as such and with their reports withheld
from the sampler. ``--past opposed`` negates the values of past studies: trials where these expect
the best are then pruned first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np
import optuna
from optuna.trial import TrialState
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler
from studies.commands import command, positive
from studies.families import TuningTask
from studies.past import MODES, altered, others, past_studies
from studies.progress import Progress
from studies.regret import regret
from studies.stress.tables import FAMILIES, tables

N_EPOCHS = 8
NOISE = 0.05  # of the distance between the best and the median configuration
PASTS = (*MODES, "none")
N_UNPRUNED = 2  # so many trials are completed before the rule prunes any


def learning_curve(
    task: TuningTask, final: float, generator: np.random.Generator
) -> Iterator[float]:
    """What a trial reports after each epoch: from the median value to ``final``, less noisy."""
    best, median = task.scale()
    for epoch in range(1, N_EPOCHS + 1):
        part = epoch / N_EPOCHS
        wobble = NOISE * (best - median) * (1.0 - part) * generator.standard_normal()
        yield median + part * (final - median) + wobble


def is_pruned(report: float, epoch: int, peers: Sequence[float], *, is_up: bool) -> bool:
    """The median rule: worse than the median of the reports at this epoch, between its ends."""
    difference = report - float(np.median(peers))
    return 1 < epoch < N_EPOCHS and (difference < 0.0 if is_up else difference > 0.0)


def tune(
    task: TuningTask, past: Sequence[optuna.Study], seed: int, budget: int, told: bool
) -> float:
    """Regret after ``budget`` epochs; ``told`` says whether the sampler sees the reports."""
    study = optuna.create_study(direction=task.direction, sampler=MetaGPSampler(past, seed=seed))
    noise, spent = np.random.default_rng(seed), 0
    values: list[float] = []
    reports: list[list[float]] = [[] for _ in range(N_EPOCHS)]
    is_up = task.direction == "maximize"
    while spent < budget:
        trial = study.ask()
        final = task.objective(trial)
        for epoch, report in enumerate(learning_curve(task, final, noise), start=1):
            spent += 1
            peers = reports[epoch - 1]
            stop = len(values) > N_UNPRUNED and is_pruned(report, epoch, peers, is_up=is_up)
            peers.append(report)
            if told:
                trial.report(report, epoch)
            if stop:
                study.tell(trial, state=TrialState.PRUNED)
                break
        else:
            study.tell(trial, final)
            values.append(final)
    return float(regret(max(values) if is_up else min(values), *task.scale()))


def past_of(family: str, index: int, seed: int, mode: str) -> list[optuna.Study]:
    """The studies of the other tasks, as they are or altered; or none."""
    if mode == "none":
        return []
    generator = np.random.default_rng([seed, index])
    return [
        altered(one, mode, generator) for one in past_studies(family, others(family, index), seed)
    ]


def compare(family: str, options: argparse.Namespace, progress: Progress) -> str:
    """The line of one family."""
    tasks, means = tables(family), []
    for told in (True, False):
        found = []
        for seed, index in np.ndindex(options.seeds, len(tasks)):
            past = past_of(family, index, seed, options.past)
            found.append(tune(tasks[index], past, seed, options.epochs, told))
            progress.step(f"{family} {tasks[index].name}, {'told' if told else 'withheld'}")
        means.append(np.mean(found))
    return f"{family}: told {means[0]:.3f}, withheld {means[1]:.3f}"


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.pruning", __doc__)
    parser.add_argument("--families", nargs="+", default=FAMILIES, help="with a known optimum")
    parser.add_argument("--epochs", type=positive, default=160, help="of each run, in all")
    parser.add_argument("--seeds", type=positive, default=5, help="runs of each task")
    parser.add_argument("--past", choices=PASTS, default="normal", help="what past studies say")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with parser.refusing():
        n_tasks = sum(len(tables(family)) for family in options.families)
    with threadpool_limits(1), Progress(2 * options.seeds * n_tasks) as progress:
        for family in options.families:
            print(compare(family, options, progress), flush=True)


if __name__ == "__main__":
    main()
