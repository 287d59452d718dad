"""What does it cost to ask, by past studies, trials and parameters?

    python -m studies.stress.speed --out docs/performance.md

Asks are timed one after another in studies that hold some random trials, with MetaGPSampler and,
beside it in the same run, GPSampler and TPESampler. Fitting is timed in a process of its own, so
that its memory is known, and importing in fresh processes in turn. These times are those of the
processor, with one thread. Then each sampler runs a study of its own, with the threads that it
takes if it is let, and its asks are timed by the clock as well. A page of tables is written.
"""

from __future__ import annotations

import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler, GPSampler, TPESampler
from optuna.trial import create_trial
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler
from studies.commands import command, count, positive
from studies.markdown import publish
from studies.progress import Progress
from studies.stress.speed_page import Measured, page

# GPSampler fits to all trials, with a cost that grows with their cube: beyond, it takes minutes.
GP_MOST = 200
# Trials and parameters of a study that a sampler runs itself before its asks are timed.
RUN, RUN_PARAMETERS = 50, 7
# Asks before those that are timed.
WARM_UP = 2
IMPORTS = {
    "import optuna": "import optuna",
    "import optuna_metabo": "import optuna_metabo",
    "with MetaGPSampler": "import optuna_metabo; optuna_metabo.MetaGPSampler",
}


class Seconds(NamedTuple):
    """Of the processor, all threads together, and by the clock."""

    processor: float
    clock: float


@dataclass(frozen=True)
class Problem:
    """A smooth function of d parameters in [0, 1] with a few valleys, to be minimised."""

    d: int
    seed: int

    def value(self, x: np.ndarray) -> float:
        """At a point, of shape ``(d,)``."""
        centre = np.random.default_rng([self.seed, self.d]).uniform(0.3, 0.7, self.d)
        return float(np.sum((x - centre) ** 2 + 0.1 * np.sin(9.0 * (x - centre))))

    def study(self, n_trials: int, sampler: BaseSampler | None = None) -> optuna.Study:
        """A study that holds random trials."""
        space: dict[str, BaseDistribution] = {
            f"x{j:02d}": FloatDistribution(0.0, 1.0) for j in range(self.d)
        }
        name = f"study-{self.d}-{self.seed}"
        study = optuna.create_study(study_name=name, sampler=sampler)
        for x in np.random.default_rng([self.d, self.seed]).random((n_trials, self.d)):
            params = dict(zip(space, x.tolist(), strict=True))
            study.add_trial(create_trial(params=params, distributions=space, value=self.value(x)))
        return study

    def ask(self, study: optuna.Study) -> Seconds:
        """What one trial's parameters take; the trial is told its value."""
        processor, clock = time.process_time(), time.perf_counter()
        trial = study.ask()
        x = [trial.suggest_float(f"x{j:02d}", 0.0, 1.0) for j in range(self.d)]
        seconds = Seconds(time.process_time() - processor, time.perf_counter() - clock)
        study.tell(trial, self.value(np.array(x)))
        return seconds


def past(d: int, k: int, n_trials: int) -> list[optuna.Study]:
    """So many past studies of different problems; a problem is told by its seed."""
    return [Problem(d, seed).study(n_trials) for seed in range(1, k + 1)]


def ask_times(sampler: BaseSampler, d: int, n: int, n_asks: int) -> np.ndarray:
    """Milliseconds of asks from the n-th trial on."""
    problem = Problem(d, 0)
    study = problem.study(n, sampler)
    times = [problem.ask(study).processor for _ in range(WARM_UP + n_asks)]
    return 1e3 * np.array(times[WARM_UP:])


def fit(d: int, k: int, n_trials: int) -> dict[str, float]:
    """What the first ask takes, which learns from the sources, and the first of another study.

    To be called in a fresh process.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    studies, problem = past(d, k, n_trials), Problem(d, 0)
    with threadpool_limits(1):
        # SciPy is loaded by an ask that learns nothing.
        problem.ask(problem.study(WARM_UP, MetaGPSampler(seed=0, n_startup_trials=1)))
        before = _peak_megabytes()
        sampler = MetaGPSampler(studies, seed=0)
        seconds = problem.ask(problem.study(0, sampler)).processor
        after = _peak_megabytes()
        first = problem.ask(problem.study(0, sampler)).processor
    return {"fit, s": seconds, "more memory, MB": after - before, "first ask after, s": first}


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fits(d: int, counts: Sequence[int], n_trials: int, progress: Progress) -> pd.DataFrame:
    """A row for each number of past studies."""
    rows = {}
    for k in counts:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rows[k] = pool.submit(fit, d, k, n_trials).result()
        progress.step(f"fit of {k} studies")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("past studies")


def imports(times: int, progress: Progress) -> pd.DataFrame:
    """Milliseconds of the processor in fresh processes, in turn, and their ratio to Optuna's."""
    found: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(times):
        for name, statement in IMPORTS.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", statement], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found[name].append(1e3 * used)
        progress.step("imports")
    table = pd.DataFrame({"ms": pd.Series(found).map(np.median)}).rename_axis("statement")
    table["ratio"] = table["ms"] / table.loc["import optuna", "ms"]
    return table


Sampler = tuple[str, int, Callable[[], BaseSampler]]


def samplers(d: int, counts: Sequence[int], n_trials: int) -> Iterator[Sampler]:
    """Names, the most trials that are tried, and how a sampler is made."""
    studies = past(d, max(counts, default=0), n_trials)
    for k in counts:
        make = partial(MetaGPSampler, studies[:k], seed=0)
        yield f"MetaGPSampler, {k} studies", sys.maxsize, make
    yield "GPSampler", GP_MOST, partial(GPSampler, seed=0)
    yield "TPESampler", sys.maxsize, partial(TPESampler, seed=0)


def asks(
    several: Iterator[Sampler], d: int, lengths: Sequence[int], n_asks: int, progress: Progress
) -> pd.DataFrame:
    """Rows of sampler, parameters, trials, and the median and the 95 % of its asks."""
    rows = []
    for name, most, make in several:
        sampler = make()
        for n in lengths:
            if n <= most:
                times = ask_times(sampler, d, n, n_asks)
                rows.append((name, d, n, *np.quantile(times, (0.5, 0.95)).tolist()))
            progress.step(f"{name}, {d} parameters, {n} trials")
    return pd.DataFrame(rows, columns=["sampler", "parameters", "trials", "median", "95 %"])


def runs(several: Iterator[Sampler], n_asks: int, progress: Progress) -> pd.DataFrame:
    """A row for each sampler: milliseconds of its asks in a study that it has run so far."""
    rows = {}
    for name, most, make in several:
        if most >= RUN:
            problem = Problem(RUN_PARAMETERS, 0)
            study = problem.study(0, make())
            times = 1e3 * np.array([problem.ask(study) for _ in range(RUN + n_asks)][RUN:])
            processor, clock = np.median(times, axis=0)
            late = np.quantile(times[:, 1], 0.95)
            rows[name] = {"clock, median": clock, "clock, 95 %": late, "processor": processor}
        progress.step(f"{name} in a study of its own")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("sampler")


def machine() -> str:
    """Where the figures were made."""
    return (
        f"Python {platform.python_version()}, Optuna {version('optuna')}, "
        f"NumPy {np.__version__}, {platform.machine()}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.speed", __doc__)
    add = parser.add_argument
    add("--studies", nargs="+", type=count, default=[0, 1, 10, 100, 1000], help="past studies")
    add("--trials", nargs="+", type=count, default=[0, 10, 50, 200, 1000], help="when it is asked")
    add("--parameters", nargs="+", type=positive, default=[5, 14], help="of the search space")
    add("--past-trials", type=positive, default=100, help="of each past study")
    add("--asks", type=positive, default=15, help="that are timed in each place")
    add("--imports", type=positive, default=10, help="of each statement")
    add("--out", type=Path, help="the page; without it, it is printed")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    fitted = [k for k in options.studies if k]
    n_samplers = len(options.studies) + 2
    n_cells = n_samplers * (len(options.trials) * len(options.parameters) + 1)
    with Progress(options.imports + len(fitted) + n_cells) as progress:
        imported = imports(options.imports, progress)
        fit_table = fits(max(options.parameters), fitted, options.past_trials, progress)
        several = samplers(RUN_PARAMETERS, options.studies, options.past_trials)
        run = runs(several, options.asks, progress)
        with threadpool_limits(1):
            parts = [
                asks(
                    samplers(d, options.studies, options.past_trials),
                    d,
                    options.trials,
                    options.asks,
                    progress,
                )
                for d in options.parameters
            ]
    measured = Measured(pd.concat(parts), run, fit_table, imported)
    text = page(measured, options.past_trials, machine())
    publish(text, options.out)


if __name__ == "__main__":
    main()
