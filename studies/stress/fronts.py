"""Several objectives and constraints: how much of a known front is found, and how soon?

    python -m studies.fronts --seeds 10

Each problem is a family of shifted ones. Two of them are past studies of 40 trials, one by random
search and one by TPE; a third is tuned. Printed is the share of the known front's hypervolume that
the feasible trials dominate; for one objective, 1 - regret, where 0 is the reference.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.study import StudyDirection
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler

SHIFTS = (-0.1, 0.1, 0.0)  # the last one is tuned
CHECKPOINTS = (5, 10, 20, 40)
Values = tuple[tuple[float, ...], dict[str, float]]


@dataclass(frozen=True)
class Problem:
    """Objectives to be minimised and constraints, feasible at 0 and below, at a shift.

    Args:
        evaluate: From parameters and the shift to objectives and constraints.
        space: The range of each parameter.
        reference: The worst values that count.
        front: Points of the true front without a shift, densely.
    """

    evaluate: Callable[[Sequence[float], float], Values]
    space: tuple[tuple[float, float], ...]
    reference: tuple[float, ...]
    front: Sequence[tuple[float, ...]]


def zdt1(x: Sequence[float], shift: float) -> Values:
    """Zitzler, Deb & Thiele 2000, with its optimum moved into the cube."""
    g = 1.0 + 9.0 * float(np.mean([abs(v - 0.4 - shift) for v in x[1:]]))
    return (x[0], g * (1.0 - math.sqrt(x[0] / g))), {}


def fonseca(x: Sequence[float], shift: float) -> Values:
    """Fonseca & Fleming 1995."""
    a = 1.0 / math.sqrt(len(x))
    distance = [sum((v - shift + sign * a) ** 2 for v in x) for sign in (-1.0, 1.0)]
    return (1.0 - math.exp(-distance[0]), 1.0 - math.exp(-distance[1])), {}


def binh_korn(x: Sequence[float], shift: float) -> Values:
    """Binh & Korn 1997: two objectives, two constraints."""
    a, b = x[0] - 10.0 * shift, x[1] - 10.0 * shift
    objectives = 4.0 * a**2 + 4.0 * b**2, (a - 5.0) ** 2 + (b - 5.0) ** 2
    disc = (a - 5.0) ** 2 + b**2 - 25.0
    hole = 7.7 - (a - 8.0) ** 2 - (b + 3.0) ** 2
    return objectives, {"disc": disc, "hole": hole}


def gramacy(x: Sequence[float], shift: float) -> Values:
    """Gramacy et al. 2016: one linear objective, two constraints, optimum 0.5998."""
    a, b = x[0] - shift, x[1] - shift
    wave = 1.5 - a - 2.0 * b - 0.5 * math.sin(2.0 * math.pi * (a**2 - 2.0 * b))
    return (a + b,), {"wave": wave, "disc": a**2 + b**2 - 1.5}


def _line(n: int = 2001) -> list[float]:
    return np.linspace(0.0, 1.0, n).tolist()


def _binh_korn_front() -> list[tuple[float, ...]]:
    first = [binh_korn((5.0 * u * 0.6, 5.0 * u * 0.6), 0.0)[0] for u in _line()]
    return first + [binh_korn((3.0 + 2.0 * u, 3.0), 0.0)[0] for u in _line()]


PROBLEMS = {
    "zdt1": Problem(
        zdt1, ((0.0, 1.0),) * 4, (1.1, 3.0), [(u, 1.0 - math.sqrt(u)) for u in _line()]
    ),
    "fonseca": Problem(
        fonseca,
        ((-2.0, 2.0),) * 3,
        (1.1, 1.1),
        [fonseca([(2.0 * u - 1.0) / math.sqrt(3.0)] * 3, 0.0)[0] for u in _line()],
    ),
    "binh-korn": Problem(binh_korn, ((0.0, 5.0), (0.0, 3.0)), (140.0, 50.0), _binh_korn_front()),
    "gramacy": Problem(gramacy, ((0.0, 1.0),) * 2, (1.5,), [(0.5998,)]),
}


def hypervolume(points: Sequence[tuple[float, ...]], reference: Sequence[float]) -> float:
    """The area (length, for one objective) between points to be minimised and the reference."""
    if len(reference) == 1:
        return max([reference[0] - point[0] for point in points] + [0.0])
    total, lowest = 0.0, reference[1]
    for a, b in sorted(points):
        if a < reference[0] and b < lowest:
            total, lowest = total + (reference[0] - a) * (lowest - b), b
    return total


def objective(problem: Problem, shift: float) -> Callable[[optuna.Trial], Any]:
    """What Optuna calls; constraints in the way of the installed Optuna."""

    def call(trial: optuna.Trial) -> Any:
        x = [trial.suggest_float(f"x{i}", *bounds) for i, bounds in enumerate(problem.space)]
        values, constraints = problem.evaluate(x, shift)
        for key, value in constraints.items():
            trial.set_constraint(key, value)
        return values

    return call


def past_study(name: str, index: int, seed: int) -> optuna.Study:
    """One past study of 40 trials."""
    problem = PROBLEMS[name]
    kind = RandomSampler if index == 0 else TPESampler
    directions = [StudyDirection.MINIMIZE] * len(problem.reference)
    sampler = kind(seed=10 * seed + index)
    study = optuna.create_study(study_name=f"past-{index}", directions=directions, sampler=sampler)
    study.optimize(objective(problem, SHIFTS[index]), n_trials=40)
    return study


def make_sampler(kind: str, name: str, seed: int) -> BaseSampler:
    """The sampler of that name."""
    if kind == "metagp":
        return MetaGPSampler([past_study(name, i, seed) for i in (0, 1)], seed=seed)
    makers: dict[str, Callable[[], BaseSampler]] = {
        "metagp-cold": lambda: MetaGPSampler(seed=seed),
        "gp": lambda: GPSampler(seed=seed),
        "tpe": lambda: TPESampler(seed=seed),
        "random": lambda: RandomSampler(seed=seed),
    }
    return makers[kind]()


def run(job: tuple[str, str, int]) -> list[float]:
    """The share of the front after each checkpoint."""
    name, kind, seed = job
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    problem = PROBLEMS[name]
    directions = [StudyDirection.MINIMIZE] * len(problem.reference)
    with threadpool_limits(1):
        study = optuna.create_study(directions=directions, sampler=make_sampler(kind, name, seed))
        study.optimize(objective(problem, SHIFTS[-1]), n_trials=CHECKPOINTS[-1])
    whole = hypervolume(list(problem.front), problem.reference)
    shares = []
    for n in CHECKPOINTS:
        told = [trial for trial in study.trials[:n] if trial.values is not None]
        good = [tuple(t.values) for t in told if all(c <= 0.0 for c in t.constraints.values())]
        shares.append(hypervolume(good, problem.reference) / whole)
    return shares


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m studies.fronts", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    kinds = ["metagp", "metagp-cold", "gp", "tpe", "random"]
    parser.add_argument("--samplers", nargs="+", default=kinds, choices=kinds)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args(argv)
    jobs = list(itertools.product(options.problems, options.samplers, range(options.seeds)))
    rows = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for (name, kind, seed), shares in zip(jobs, pool.map(run, jobs), strict=True):
            rows.append({"problem": name, "sampler": kind, "seed": seed})
            rows[-1].update({str(n): share for n, share in zip(CHECKPOINTS, shares, strict=True)})
            print(f"{len(rows)}/{len(jobs)}", end="\r", file=sys.stderr)
    table = pd.DataFrame(rows).drop(columns="seed").groupby(["problem", "sampler"], sort=False)
    means, errors = table.mean(), table.sem()
    print((means.round(3).astype(str) + " (" + errors.round(3).astype(str) + ")").to_string())


if __name__ == "__main__":
    main()
