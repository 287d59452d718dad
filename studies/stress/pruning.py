"""What are pruned trials worth to the sampler?

    python -m studies.pruning --families hpobench hpolib nb201 --seeds 5

A table's value is what a learning curve reaches after eight epochs: before, it stands between the
median configuration and that value, with noise. A
median rule stops trials. Printed is
the mean regret after some epochs in all, with pruned trials told as such and with their reports
withheld from the sampler.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import optuna
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler
from studies.families import Task, load
from studies.tables.compare import past_study

N_EPOCHS = 8
NOISE = 0.05  # of the distance between the best and the median configuration


def tune(task: Task, past: Sequence[optuna.Study], seed: int, budget: int, told: bool) -> float:
    """Regret after ``budget`` epochs; ``told`` says whether the sampler sees the reports."""
    assert task.best is not None  # a table knows both
    assert task.median is not None
    span, noise = task.best - task.median, np.random.default_rng(seed)
    study = optuna.create_study(direction=task.direction, sampler=MetaGPSampler(past, seed=seed))
    spent = 0
    values: list[float] = []
    reports: list[list[float]] = [[] for _ in range(N_EPOCHS + 1)]
    while spent < budget:
        trial = study.ask()
        final = task.objective(trial)
        for epoch in range(1, N_EPOCHS + 1):
            spent += 1
            part = epoch / N_EPOCHS
            wobble = NOISE * span * (1.0 - part) * noise.standard_normal()
            report = task.median + part * (final - task.median) + wobble
            others = reports[epoch]
            is_bad = len(values) > 2 and (report - np.median(others)) * span < 0.0
            others.append(report)
            if told:
                trial.report(report, epoch)
            if epoch < N_EPOCHS and epoch > 1 and is_bad:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, final)
            values.append(final)
    best = max(values) if span > 0 else min(values)
    return float(np.clip((task.best - best) / span, 0.0, 1.0))


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m studies.pruning", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--families", nargs="+", default=["hpobench", "hpolib", "nb201"])
    parser.add_argument("--epochs", type=int, default=160, help="in all")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="without past studies")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with threadpool_limits(1):
        for family in options.families:
            tasks, means = load(family).tasks, []
            for told in (True, False):
                found = []
                for seed, index in np.ndindex(options.seeds, len(tasks)):
                    others = [i for i in range(len(tasks)) if i != index and not options.cold]
                    past = [past_study(family, i, seed, 50) for i in others]
                    found.append(tune(tasks[index], past, seed, options.epochs, told))
                means.append(np.mean(found))
            print(f"{family}: told {means[0]:.3f}, withheld {means[1]:.3f}", flush=True)


if __name__ == "__main__":
    main()
