"""What does it cost to learn from very many studies, and to start from what was learned?

    python -m studies.stress.priors --studies 100 1000 10000 --trials 100

The studies are made when they are read, and forgotten: random trials of seven parameters, two of
them whole numbers and one a choice, each with an optimum of its own. Printed are what
TransferPrior.fit and save take, the size of the file, and, in a process of their own, what loading
it takes and the asks that follow: seconds of one processor, and the peak of memory.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from optuna_metabo import MetaGPSampler, TransferPrior
from studies.commands import command, positive

SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "momentum": FloatDistribution(0.0, 1.0),
    "decay": FloatDistribution(1e-8, 1e-2, log=True),
    "dropout": FloatDistribution(0.0, 0.8),
    "width": IntDistribution(1, 512, log=True),
    "depth": IntDistribution(1, 8),
    "activation": CategoricalDistribution(("relu", "tanh", "gelu")),
}
N_ASKS = 4


def params_of(u: Sequence[float]) -> dict[str, Any]:
    """The parameters at a point of the unit cube."""
    return {
        "lr": 10.0 ** (4.0 * u[0] - 5.0),
        "momentum": u[1],
        "decay": 10.0 ** (6.0 * u[2] - 8.0),
        "dropout": 0.8 * u[3],
        "width": int(2.0 ** (9.0 * u[4])),
        "depth": 1 + int(8 * u[5]),
        "activation": ("relu", "tanh", "gelu")[int(3 * u[6])],
    }


class Synthetic(InMemoryStorage):
    """Studies whose trials are made anew each time they are read.

    Args:
        n_studies: How many.
        n_trials: Of each.
    """

    def __init__(self, n_studies: int, n_trials: int) -> None:
        super().__init__()
        self.n_trials = n_trials
        for i in range(n_studies):
            self.create_new_study([StudyDirection.MINIMIZE], f"study-{i}")

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials of a study."""
        generator = np.random.default_rng(study_id)
        optimum = generator.normal(0.5, 0.1, len(SPACE))
        trials = []
        for number, u in enumerate(generator.random((self.n_trials, len(SPACE)))):
            value = float(((u - optimum) ** 2).sum())
            trial = create_trial(params=params_of(u.tolist()), distributions=SPACE, value=value)
            trial.number = number
            trials.append(trial)
        return trials


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds of the processor that something took, and what it gave."""
    begin = time.process_time()
    found = work()
    return time.process_time() - begin, found


def peak() -> float:
    """The largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fitted(n_studies: int, n_trials: int, path: Path) -> str:
    """Learns, saves, and says what it took."""
    storage = Synthetic(n_studies, n_trials)
    fit, prior = seconds(lambda: TransferPrior.fit(storage=storage))
    save, _ = seconds(lambda: prior.save(path))
    size = path.stat().st_size / 1e6
    return f"fit {fit:.1f} s  peak {peak():.0f} MB  save {save:.2f} s  file {size:.2f} MB"


def started(path: Path) -> str:
    """Loads, asks, and says what it took."""
    load, prior = seconds(lambda: TransferPrior.load(path))
    study = optuna.create_study(sampler=MetaGPSampler(prior=prior, seed=0))
    asks = []
    for value in range(N_ASKS):
        ask, trial = seconds(lambda: study.ask(SPACE))
        study.tell(trial, float(value))
        asks.append(f"{ask:.3f}")
    return f"load {load:.2f} s  asks {' '.join(asks)} s  peak {peak():.0f} MB"


def quietly(work: Callable[..., str], *arguments: Any) -> str:
    """Runs something in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, optuna.logging.set_verbosity, (optuna.logging.ERROR,)) as pool:
        return pool.apply(work, arguments)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.priors", __doc__)
    parser.add_argument(
        "--studies", nargs="+", type=positive, default=[100, 1000], help="how many"
    )
    parser.add_argument("--trials", type=positive, default=100, help="of each study")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.prior"
        for n_studies in options.studies:
            found = [quietly(fitted, n_studies, options.trials, path), quietly(started, path)]
            print(f"{n_studies} x {options.trials}:", "  ".join(found), flush=True)


if __name__ == "__main__":
    main()
