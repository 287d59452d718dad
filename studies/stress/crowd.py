"""Do a thousand unrelated past studies drown the few that are related?

    python -m studies.stress.crowd --functions hartmann6 levy10 --unrelated 990 --seeds 5

The related ones are near copies of the target. The others have their optimum anywhere and are
turned by any angle, or are noise (near copies whose values are permuted), or say the opposite of
what is true, or, in turn, the first and the last of these, so that most agree on what is wrong.
Printed is the mean regret after some trials with the related ones alone, with all, and without
any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import create_trial
from threadpoolctl import threadpool_limits

from optuna_metabo import MetaGPSampler
from studies.commands import command, count, positive
from studies.families.synthetic import FUNCTIONS, VARIANTS, Copy, Variant, source_of, target_of
from studies.progress import Progress
from studies.regret import regret

ANYWHERE = Variant(shift=0.5, angle=3.0, zoom=0.5)
# Of the unrelated past studies, in turn.
STRANGERS = {
    "anywhere": (ANYWHERE,),
    "noise": (VARIANTS["near"],),
    "opposed": (VARIANTS["opposed"],),
    "mixed": (ANYWHERE, VARIANTS["opposed"]),
}
AFTER = (1, 3, 5, 10, 25)
N_POINTS = 4096  # by which the median of a function is known


def past_study(
    name: str, copy: Copy, n_trials: int, generator: np.random.Generator, *, is_noise: bool
) -> optuna.Study:
    """A study of random trials of a function to be minimised, or of its values permuted."""
    X = generator.random((n_trials, len(copy.at)))
    values = copy(X)
    values = generator.permutation(values) if is_noise else values
    space: dict[str, BaseDistribution] = {
        f"x{j}": FloatDistribution(0.0, 1.0) for j in range(X.shape[1])
    }
    study = optuna.create_study(study_name=name)
    for x, value in zip(X.tolist(), values.tolist(), strict=True):
        params = dict(zip(space, x, strict=True))
        study.add_trial(create_trial(params=params, distributions=space, value=value))
    return study


def crowd(
    function: str, strangers: str, n_related: int, n_unrelated: int, n_trials: int, seed: int
) -> Iterator[optuna.Study]:
    """The related studies first, then the others."""
    target, generator = target_of(function), np.random.default_rng([seed, 2])
    for i in range(n_related + n_unrelated):
        is_strange, kinds = i >= n_related, STRANGERS[strangers]
        variant = kinds[i % len(kinds)] if is_strange else VARIANTS["near"]
        copy = source_of(target, variant, generator)
        is_noise = is_strange and strangers == "noise"
        yield past_study(f"{function}-{i}", copy, n_trials, generator, is_noise=is_noise)


def tune(function: str, past: Sequence[optuna.Study], seed: int) -> list[float]:
    """Regret after the trials of :data:`AFTER`."""
    target = target_of(function)
    d = len(target.at)
    median = float(np.median(target(np.random.default_rng(0).random((N_POINTS, d)))))
    study = optuna.create_study(sampler=MetaGPSampler(past, seed=seed))

    def objective(trial: optuna.Trial) -> float:
        x = [trial.suggest_float(f"x{j}", 0.0, 1.0) for j in range(d)]
        return float(target(np.array([x]))[0])

    study.optimize(objective, n_trials=AFTER[-1])
    values = np.minimum.accumulate(study.trials_dataframe(("value",))["value"].to_numpy())
    return [float(regret(values[n - 1], target.best, median)) for n in AFTER]


def line(name: str, found: Sequence[Sequence[float]]) -> str:
    """Means over the seeds after some trials."""
    means = np.mean(found, axis=0)
    parts = [f"  {mean:.4f} @{n}" for n, mean in zip(AFTER, means, strict=True)]
    return f"{name:>28}" + "".join(parts)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.crowd", __doc__)
    chosen = ["hartmann6", "levy10"]
    parser.add_argument("--functions", nargs="+", choices=FUNCTIONS, default=chosen, help="tuned")
    parser.add_argument("--related", type=positive, default=10, help="past studies that help")
    parser.add_argument("--unrelated", type=count, default=990, help="past studies that do not")
    parser.add_argument("--strangers", choices=STRANGERS, default="mixed", help="what those are")
    parser.add_argument("--trials", type=positive, default=50, help="of each past study")
    parser.add_argument("--seeds", type=positive, default=5, help="runs of each")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    n_runs = 3 * options.seeds * len(options.functions)
    with threadpool_limits(1), Progress(n_runs) as progress:
        for function in options.functions:
            found: dict[str, list[list[float]]] = {}
            for seed in range(options.seeds):
                sizes = options.related, options.unrelated, options.trials
                past = list(crowd(function, options.strangers, *sizes, seed))
                few = past[: options.related]
                for name, studies in (("related", few), ("all", past), ("none", [])):
                    found.setdefault(name, []).append(tune(function, studies, seed))
                    progress.step(f"{function}, {name}, seed {seed}")
            for name, regrets in found.items():
                print(line(f"{function}, {name}", regrets), flush=True)


if __name__ == "__main__":
    main()
