"""What do past studies teach that lack a parameter of the new one?

    python -m studies.stress.added --effects 0 0.3 5 --seeds 8

Four past studies of 40 trials tuned three parameters of a rippled bowl, each with its optimum a
little elsewhere. The new study has a fourth one: the past studies had none of that name, or tried
a tenth of its range, or a fifth study had it whose values are random. How much it matters is its
effect, where that of each of the others is 1. Printed is the mean regret after some trials, with
the past studies and without any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import optuna
import pandas as pd
from numpy import ndarray as Array

from optuna_metabo import MetaGPSampler
from studies.commands import command, positive
from studies.markdown import rounded, to_markdown
from studies.progress import over_seeds

AFTER = (1, 3, 5, 10, 15, 20)
N_SOURCES, N_TRIALS = 4, 40
# How far the optima of past studies lie from the new one's.
SHIFT = 0.03
# Values of the first parameter by which the least value is found, to 1e-10.
N_GRID = 100_001

Studies = list[optuna.Study]


@dataclass(frozen=True)
class Past:
    """What past studies had of the new parameter.

    Args:
        high: The upper end of its range; ``None`` if they lack it.
        new_at: Where its best value may be.
        is_there: Whether there are any past studies.
        has_noise: Whether one more study has all of its range, and random values.
    """

    high: float | None
    new_at: tuple[float, float]
    is_there: bool = True
    has_noise: bool = False


PASTS = {
    "lack it": Past(None, (0.1, 0.9)),
    "one noise study has it": Past(None, (0.1, 0.9), has_noise=True),
    "tried a tenth": Past(0.1, (0.02, 0.3)),
    "none": Past(None, (0.1, 0.9), is_there=False),
}


@dataclass(frozen=True)
class Bowl:
    """A function of three parameters of any study and the new one, to be minimised.

    Args:
        at: Its optimum in the three but for the ripples.
        new_at: That of the new parameter.
        effect: How much the new one matters.
    """

    at: Array
    new_at: float
    effect: float

    def known(self, X: Array) -> Array:
        """The part of the three parameters, shape [n 3]."""
        return np.asarray(np.sum((X - self.at) ** 2, axis=1) + 0.1 * np.sin(8.0 * X[:, 0]))

    def objective(self, high: float | None) -> Callable[[optuna.Trial], float]:
        """Of a study in which the new parameter ranges from 0 to ``high``, if it has it."""

        def value(trial: optuna.Trial) -> float:
            """Of one trial."""
            x = [trial.suggest_float(name, 0.0, 1.0) for name in "abc"]
            new = self.new_at if high is None else trial.suggest_float("new", 0.0, high)
            return float(self.known(np.array([x]))[0] + self.effect * (new - self.new_at) ** 2)

        return value

    @property
    def least(self) -> float:
        """Its least value: but for the first parameter it is where all have their optimum."""
        X = np.tile(self.at, (N_GRID, 1))
        X[:, 0] = np.linspace(0.0, 1.0, N_GRID)
        return float(self.known(X).min())


def past_studies(target: Bowl, high: float | None, generator: np.random.Generator) -> Studies:
    """Of near copies of a bowl; the new parameter ranges from 0 to ``high``, if they have it."""
    studies = []
    for i in range(N_SOURCES):
        seed = int(generator.integers(2**31))
        samplers = optuna.samplers.RandomSampler(seed), optuna.samplers.TPESampler(seed=seed)
        study = optuna.create_study(study_name=f"past{i}", sampler=samplers[i % 2])
        copy = replace(target, at=target.at + SHIFT * generator.standard_normal(3))
        study.optimize(copy.objective(high), n_trials=N_TRIALS)
        studies.append(study)
    return studies


def noise_study(target: Bowl, generator: np.random.Generator) -> optuna.Study:
    """Of the new study's parameters, its values random."""
    sampler = optuna.samplers.RandomSampler(int(generator.integers(2**31)))
    study, objective = (
        optuna.create_study(study_name="noise", sampler=sampler),
        target.objective(1),
    )

    def value(trial: optuna.Trial) -> float:
        objective(trial)
        return float(generator.standard_normal())

    study.optimize(value, n_trials=N_TRIALS)
    return study


def regrets(past: Past, effect: float, seed: int) -> Array:
    """After the trials of :data:`AFTER`."""
    generator = np.random.default_rng(seed)
    target = Bowl(generator.uniform(0.2, 0.8, 3), float(generator.uniform(*past.new_at)), effect)
    studies = past_studies(target, past.high, generator) if past.is_there else []
    studies += [noise_study(target, generator)] if past.has_noise else []
    study = optuna.create_study(sampler=MetaGPSampler(studies, seed=seed))
    study.optimize(target.objective(1.0), n_trials=AFTER[-1])
    best = np.minimum.accumulate(study.trials_dataframe(("value",))["value"].to_numpy())
    return np.asarray(np.maximum(best[np.array(AFTER) - 1] - target.least, 0.0))


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.added", __doc__)
    chosen = [0.0, 0.3, 5.0]
    parser.add_argument("--effects", type=float, nargs="+", default=chosen, help="of the new one")
    parser.add_argument("--seeds", type=positive, default=8, help="runs of each")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    cases = {
        (name, f"{effect:g}"): partial(regrets, past, effect)
        for name, past in PASTS.items()
        for effect in options.effects
    }
    table = pd.DataFrame(over_seeds(cases, options.seeds), index=AFTER).T.rename_axis(
        ["past studies", "effect"]
    )
    print(to_markdown(rounded(table, 4)))


if __name__ == "__main__":
    main()
