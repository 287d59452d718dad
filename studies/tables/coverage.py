"""How often do the model's intervals hold the true value?

    python -m studies.tables.coverage --families hpobench levy10-near --seeds 3

MetaGPSampler tunes the left-out task. After 2, 5, 10 and 30 of its trials, what it believes of up
to 256 random points that it has not seen is compared with their true values: a central interval of
95 % should hold 95 % of them.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from optuna_metabo import (
    Averaging,
    Domain,
    MetaGPSampler,
    Model,
    Posterior,
    Prediction,
    Prior,
    Surrogate,
    Task,
    TransferModel,
)
from studies.commands import Parser, command, count, positive
from studies.families import TuningTask, load, short
from studies.markdown import rounded, to_markdown
from studies.progress import Progress
from studies.tables.methods import METHODS
from studies.tables.runs import Run, source_studies

LEVELS = (0.5, 0.8, 0.95)
TOLD = (2, 5, 10, 30)
N_PROBES = 256


@dataclass(frozen=True)
class Watched:
    """A surrogate that remembers what it is asked, so that a public sampler predicts.

    Told trials and points are put into a study as running trials too, so that a proposal has them
    all on its axes, in the order of their numbers.

    Args:
        inner: The surrogate.
        priors: What it has learned.
        pending: The running trials that it was asked with.
    """

    inner: Surrogate
    priors: list[Prior] = field(default_factory=list)
    pending: list[np.ndarray] = field(default_factory=list)

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Learns as the inner surrogate does."""
        self.priors.append(self.inner.learn(sources, domain, generator=generator))
        return _WatchedPrior(self)


@dataclass(frozen=True)
class _WatchedPrior:
    watched: Watched

    def condition(self, target: Task, pending: np.ndarray) -> Model:
        self.watched.pending.append(pending)
        return self.watched.priors[-1].condition(target, pending[:0])


def predict(
    told: Sequence[FrozenTrial],
    points: Sequence[FrozenTrial],
    sources: Sequence[optuna.Study],
    task: TuningTask,
    seed: int,
) -> Posterior:
    """What MetaGPSampler believes of some points after some trials; to be maximised.

    Args:
        told: The trials of the new study.
        points: Trials with the parameters of the points; their values are not looked at.
        sources: The completed studies that the sampler learns from, at least one.
        task: What is tuned; its direction counts.
        seed: Of the sampler.
    """
    watched = Watched(Averaging())
    sampler = MetaGPSampler(sources, surrogate=watched, seed=seed)
    study = optuna.create_study(direction=task.direction, sampler=sampler)
    study.add_trials([*told, *map(_running, [*told, *points])])
    study.ask(told[0].distributions)
    X, where = np.split(watched.pending[-1], [len(told)])
    sign = 1.0 if task.direction == "maximize" else -1.0
    values_as_they_are = Task.observed(X, sign * np.array([trial.values[0] for trial in told]))
    model = watched.priors[-1].condition(values_as_they_are, where[:0])
    reported = model.reported if isinstance(model, TransferModel) else model
    return reported.posterior(where)


def _running(point: FrozenTrial) -> FrozenTrial:
    return optuna.trial.create_trial(
        state=TrialState.RUNNING, params=point.params, distributions=point.distributions
    )


def probability_below(posterior: Posterior, y: np.ndarray) -> np.ndarray:
    """The mixture's distribution function at ``y``, sum_s w_s Phi((y - mu_s) / sigma_s).

    Args:
        posterior: At m points.
        y: A value at each, shape [m].
    """
    return posterior.weights @ ndtr((y - posterior.means) / np.sqrt(posterior.variances))


def inside(posterior: Posterior, y: np.ndarray, level: float) -> np.ndarray:
    """Whether each value lies in the central interval that holds so much of the mixture.

    The interval ends at the quantiles (1 - level) / 2 and (1 + level) / 2.
    """
    return np.abs(2.0 * probability_below(posterior, y) - 1.0) <= level


def width(posterior: Posterior, y: np.ndarray) -> float:
    """The median width of the central intervals of 95 %, relative to how far the values ``y`` lie
    apart.
    """
    expected = Prediction.of(posterior, 1.0)
    widths = expected.high - expected.low
    return float(np.median(widths) / np.ptp(y)) if np.ptp(y) > 0.0 else np.nan


def probes(task: TuningTask, seed: int) -> list[FrozenTrial]:
    """Random points with their true values."""
    study = optuna.create_study(direction=task.direction, sampler=RandomSampler(seed=seed))
    study.optimize(task.objective, n_trials=N_PROBES)
    return study.trials


def measure(run: Run, told: Sequence[int]) -> list[dict[str, float]]:
    """For each number of trials the share of unseen points in the intervals; their width."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    task, sources = load(run.family).task(run.task), source_studies(run)
    study = optuna.create_study(study_name="target", direction=task.direction)
    study.set_user_attr("seed", run.seed)
    METHODS[run.sampler](study, sources, task, run.seed)
    study.optimize(task.measure, n_trials=run.trials)
    points, sign = probes(task, run.seed), 1.0 if task.direction == "maximize" else -1.0
    found = []
    for n in told:
        first = study.trials[:n]
        seen = [trial.params for trial in first]
        unseen = [point for point in points if point.params not in seen]
        posterior = predict(first, unseen, sources, task, run.seed)
        y = sign * np.array([point.values[0] for point in unseen])
        shares = {f"{level:.0%}": inside(posterior, y, level).mean() for level in LEVELS}
        found.append({"trials": n, **shares, "width": width(posterior, y)})
    return found


def planned(
    families: Sequence[str], seeds: int, every: int, sources: int, trials: int
) -> Iterator[Run]:
    """Every run of the command."""
    for name, seed in itertools.product(families, range(seeds)):
        for task in load(name).tuned[::every]:
            yield Run(name, "normal", sources, 50, task.name, "metagp", seed, trials)


def coverage_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean shares over tasks and seeds and the median width, by family and number of trials."""
    cells = rows.groupby(["family", "trials"], sort=False)
    table = cells[[f"{level:.0%}" for level in LEVELS]].mean()
    return table.assign(width=cells["width"].median())


def page(table: pd.DataFrame, made: str) -> str:
    """The table for the documentation, with the command that makes it."""
    parts = [
        "# Coverage",
        "The share of unseen random points whose true value lies inside the central interval\n"
        "that should hold 50, 80 and 95 % of them, after so many trials: the mean over tasks and\n"
        "seeds.\n"
        "The 95 % intervals are meant to hold also where the study is not of the sources' kind,\n"
        "but not for what neither its values nor past studies give a sign of.\n"
        "The width is theirs, the median over points and then over tasks and seeds, relative to\n"
        "how far the true values lie apart.",
        to_markdown(rounded(table, 2)),
        "\n".join(["```bash", made, "```"]),
    ]
    return "\n\n".join(parts) + "\n"


def _parser() -> Parser:
    parser = command("tables.coverage", __doc__)
    parser.add_argument("--families", nargs="+", required=True, help="names, tables or folders")
    parser.add_argument("--seeds", type=positive, default=1, help="runs of each task")
    parser.add_argument("--every", type=positive, default=1, help="only every so manyth task")
    parser.add_argument("--sources", type=count, default=0, help="so many past studies, 0 for all")
    parser.add_argument(
        "--trials", type=positive, nargs="+", default=list(TOLD), help="when it is measured"
    )
    parser.add_argument("--out", type=Path, help="the page's file (default: none)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = _parser()
    options = parser.parse_args(argv)
    with parser.refusing():
        most = options.families, options.seeds, options.every, options.sources
        runs = list(planned(*most, max(options.trials)))
    rows = []
    with Progress(len(runs)) as progress, threadpool_limits(1):
        for run in runs:
            family = short(run.family)
            rows += [{"family": family, **one} for one in measure(run, options.trials)]
            progress.step(f"{family} {run.task}")
    made = f"python -m studies.tables.coverage {' '.join(argv or sys.argv[1:])}"
    text = page(coverage_table(pd.DataFrame(rows)), made)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
