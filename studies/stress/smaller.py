"""Past studies ran on a larger machine: what do they teach where their best trials fail?

    python -m studies.stress.smaller --parts 0.5 0.25 0.08 --seeds 8

Three past studies of 30 trials minimised a bowl of four parameters, each with its optimum a little
elsewhere, and none of their trials failed. In the new study all fail in which the first two
parameters are too large together, as the bowl's optimum is, so that a part of the space is left.
Printed are, with the past studies and without any, the part of the trials that did not fail and
the mean regret after some trials: 0 is the best of what does not fail, 1 its median, and 2 stands
for more and for no such trial yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import optuna
import pandas as pd
from numpy import ndarray as Array

from optuna_metabo import MetaGPSampler
from studies.commands import command, positive
from studies.markdown import rounded, to_markdown
from studies.progress import over_seeds

AFTER = (3, 5, 10, 15, 25, 40)
OPTIMUM = np.array([0.75, 0.8, 0.4, 0.6])
N_SOURCES, N_TRIALS = 3, 30
# How far the optima of past studies lie from the new one's.
SHIFT = 0.04
# Random points by which the best and the median of what does not fail are found.
N_POINTS = 40_000
MOST = 2.0


@dataclass(frozen=True)
class Bowl:
    """A function of four parameters, to be minimised.

    Args:
        at: Its optimum.
        limit: The largest sum of the first two parameters with which a trial does not fail.
    """

    at: Array
    limit: float = np.inf

    def __call__(self, trial: optuna.Trial) -> float:
        """The objective."""
        x = np.array([trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(len(self.at))])
        if x[0] + x[1] > self.limit:
            raise MemoryError
        return float(np.sum((x - self.at) ** 2))

    @property
    def best_and_median(self) -> tuple[float, float]:
        """Of the values of what does not fail."""
        X = np.random.default_rng(0).random((N_POINTS, len(self.at)))
        values = np.sum((X - self.at) ** 2, axis=1)[X[:, 0] + X[:, 1] <= self.limit]
        over = max(float(self.at[0] + self.at[1]) - self.limit, 0.0)
        return over**2 / 2.0, float(np.median(values))


def limit_of(part: float) -> float:
    """The sum of two numbers in [0, 1] that is not exceeded in this part of all pairs."""
    return float(np.sqrt(2.0 * part) if part <= 0.5 else 2.0 - np.sqrt(2.0 * (1.0 - part)))


def past_studies(seed: int) -> list[optuna.Study]:
    """Of near copies of the bowl; no trial fails."""
    generator, studies = np.random.default_rng(seed), []
    for i in range(N_SOURCES):
        sampler = optuna.samplers.TPESampler(seed=10 * seed + i)
        study = optuna.create_study(study_name=f"past{i}", sampler=sampler)
        study.optimize(Bowl(OPTIMUM + generator.normal(0.0, SHIFT, 4)), n_trials=N_TRIALS)
        studies.append(study)
    return studies


def run(part: float, past: Callable[[int], Sequence[optuna.Study]], seed: int) -> Array:
    """The part of the trials that did not fail, and the regret after those of :data:`AFTER`."""
    bowl = Bowl(OPTIMUM, limit_of(part))
    study = optuna.create_study(sampler=MetaGPSampler(past(seed), seed=seed))
    study.optimize(bowl, n_trials=AFTER[-1], catch=(MemoryError,))
    values = study.trials_dataframe(("value",))["value"].to_numpy(float, na_value=np.inf)
    (best, median), told = bowl.best_and_median, np.minimum.accumulate(values)
    regret = np.minimum((told - best) / (median - best), MOST)
    return np.r_[np.isfinite(values).mean(), regret[np.array(AFTER) - 1]]


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.smaller", __doc__)
    parts = [0.5, 0.25, 0.08]
    parser.add_argument("--parts", type=float, nargs="+", default=parts, help="that do not fail")
    parser.add_argument("--seeds", type=positive, default=8, help="runs of each")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    pasts = {"three": past_studies, "none": lambda seed: []}
    cases = {
        (f"{part:g}", name): partial(run, part, past)
        for part in options.parts
        for name, past in pasts.items()
    }
    names = ["succeeded", *map(str, AFTER)]
    table = pd.DataFrame(over_seeds(cases, options.seeds), index=names).T.rename_axis(
        ["part", "past studies"]
    )
    print(to_markdown(rounded(table, 2)))


if __name__ == "__main__":
    main()
