"""Several objectives and constraints: how much of a known front is found, and how soon?

    python -m studies.stress.fronts --seeds 10

Each problem is a family of shifted ones. Two of them are past studies of 40 trials, one by random
search and one by TPE; a third is tuned. Printed is the share of the known front's hypervolume that
the feasible trials dominate; for one objective, 1 - regret, where 0 is the reference.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import moocore
import numpy as np
import optuna
import pandas as pd
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler
from studies.commands import command, positive
from studies.families import Direction
from studies.markdown import to_markdown
from studies.past import past_study
from studies.progress import Progress
from studies.stress.problems import PROBLEMS, Problem

SHIFTS = (-0.1, 0.1, 0.0)  # the last one is tuned
CHECKPOINTS = (5, 10, 20, 40)
SAMPLERS = ("metagp", "metagp-cold", "gp", "tpe", "random")
Job = tuple[str, str, int]


def hypervolume(points: Sequence[Sequence[float]], reference: Sequence[float]) -> float:
    """The volume between points to be minimised and the reference; 0 where there is no point."""
    table = np.array(points, dtype=float).reshape(-1, len(reference))
    return float(moocore.hypervolume(table, ref=np.array(reference)))


def objective(problem: Problem, shift: float) -> Callable[[optuna.Trial], Any]:
    """What Optuna calls."""

    def call(trial: optuna.Trial) -> Any:
        """The values of a trial, which keeps its constraints."""
        x = [trial.suggest_float(f"x{i}", *bounds) for i, bounds in enumerate(problem.space)]
        values, constraints = problem.evaluate(x, shift)
        for key, value in constraints.items():
            trial.set_constraint(key, value)
        return values

    return call


def directions(problem: Problem) -> list[Direction]:
    """All objectives are minimised."""
    return ["minimize"] * len(problem.reference)


def shifted_studies(problem: Problem, seed: int) -> list[optuna.Study]:
    """One past study of 40 trials for each shift but the last."""
    return [
        past_study(
            f"past-{i}",
            objective(problem, shift),
            directions(problem),
            index=i,
            seed=10 * seed + i,
            n_trials=40,
        )
        for i, shift in enumerate(SHIFTS[:-1])
    ]


def make_sampler(kind: str, problem: Problem, seed: int) -> BaseSampler:
    """The sampler of that name."""
    if kind == "metagp":
        return MetaGPSampler(shifted_studies(problem, seed), seed=seed)
    makers: dict[str, Callable[[], BaseSampler]] = {
        "metagp-cold": lambda: MetaGPSampler(seed=seed),
        "gp": lambda: GPSampler(seed=seed),
        "tpe": lambda: TPESampler(seed=seed),
        "random": lambda: RandomSampler(seed=seed),
    }
    return makers[kind]()


def run(job: Job) -> list[float]:
    """The share of the front after each checkpoint."""
    name, kind, seed = job
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    problem = PROBLEMS[name]
    with threadpool_limits(1):
        sampler = make_sampler(kind, problem, seed)
        study = optuna.create_study(directions=directions(problem), sampler=sampler)
        study.optimize(objective(problem, SHIFTS[-1]), n_trials=CHECKPOINTS[-1])
    whole = hypervolume(problem.front, problem.reference)
    found = (hypervolume(feasible(study.trials[:n]), problem.reference) for n in CHECKPOINTS)
    return [volume / whole for volume in found]


def feasible(trials: Sequence[optuna.trial.FrozenTrial]) -> list[list[float]]:
    """The values of the trials that keep all constraints."""
    told = [trial for trial in trials if trial.values is not None]
    return [t.values for t in told if all(c <= 0.0 for c in t.constraints.values())]


def table_of(jobs: Sequence[Job], shares: Sequence[Sequence[float]]) -> pd.DataFrame:
    """Means over seeds with their standard errors, at each checkpoint."""
    rows = pd.DataFrame(shares, columns=[str(n) for n in CHECKPOINTS])
    rows[["problem", "sampler"]] = [job[:2] for job in jobs]
    groups = rows.groupby(["problem", "sampler"], sort=False)
    means, errors = groups.mean().round(3), groups.sem().round(3)
    told = errors.map(lambda error: f" ({error})").where(errors.notna(), "")
    return means.map(str) + told


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.fronts", __doc__)
    names = list(PROBLEMS)
    parser.add_argument("--problems", nargs="+", default=names, choices=names, help="by name")
    parser.add_argument(
        "--samplers", nargs="+", default=list(SAMPLERS), choices=SAMPLERS, help="by name"
    )
    parser.add_argument("--seeds", type=positive, default=10, help="runs of each sampler")
    parser.add_argument("--jobs", type=positive, default=1, help="processes")
    options = parser.parse_args(argv)
    jobs = list(itertools.product(options.problems, options.samplers, range(options.seeds)))
    shares = []
    with ProcessPoolExecutor(options.jobs) as pool, Progress(len(jobs)) as progress:
        for job, found in zip(jobs, pool.map(run, jobs), strict=True):
            shares.append(found)
            progress.step(" ".join(map(str, job)))
    print(to_markdown(table_of(jobs, shares)))


if __name__ == "__main__":
    main()
