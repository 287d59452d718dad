"""Tune one task of the experiment live; run it again to go on, or on more machines to share.

    python -m studies.tune --task mnist/low --sampler metagp --trials 20 --data-dir ../shared/data
    python -m studies.tune --task imdb/short --sampler tpe --trials 20 --storage postgresql://...

One study for each task, model, space, sampler and seed. `metagp` learns from every study of the
storage that is of another task, or from those that `--sources` names by a glob. `--trials` is the
number of finished trials that the study shall have in all, over all workers and machines. A trial
that Ctrl-C interrupts does not count, and is the first one when the command is run again.
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import optuna
import sqlalchemy
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo import MetaGPSampler
from studies.commands import Parser, command, count, positive, valid
from studies.networks import telling
from studies.networks.data import Prepared, prepare
from studies.networks.objectives import ValidationAccuracy, final_scores
from studies.networks.tasks import NetworkTask, get_task, grid, grid_points
from studies.networks.training import pick_device
from studies.progress import Progress, say

SAMPLERS = ("metagp", "tpe", "gp", "grid", "random")
PRUNERS: dict[str, Any] = {
    "none": optuna.pruners.NopPruner,
    "median": optuna.pruners.MedianPruner,
    "hyperband": optuna.pruners.HyperbandPruner,
}
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
# The attribute of a trial that was interrupted; the exit code of a program that was.
INTERRUPTED, BY_CTRL_C = "interrupted", 130


def chosen_task(options: argparse.Namespace) -> NetworkTask:
    """The task with the model and the search space asked for."""
    task = get_task(options.task)
    if options.model:
        task = task.with_model(options.model)
    if options.sampler == "grid" and options.space != "grid":
        raise ValueError(f"--sampler grid needs --space grid, got --space {options.space}")
    return dataclasses.replace(task, space=options.space)


def open_storage(url: str) -> str | BaseStorage:
    """A database's URL as it is; a journal for a path that ends in `.journal`."""
    return JournalStorage(JournalFileBackend(url)) if url.endswith(".journal") else url


def make_sampler(
    options: argparse.Namespace, task: NetworkTask, storage: str | BaseStorage, worker: int
) -> BaseSampler:
    """The sampler; workers of those that draw from one random stream get streams of their own."""
    seed = options.seed + 1000 * worker
    if options.sampler == "metagp":
        past = sources_of(options, task, storage)
        return MetaGPSampler(past, storage=storage if past else None, seed=options.seed)
    if options.sampler == "grid":
        return GridSampler({name: list(v) for name, v in grid(task).items()}, seed=seed)
    makers: dict[str, Any] = {
        "tpe": TPESampler,
        "gp": optuna.samplers.GPSampler,
        "random": RandomSampler,
    }
    sampler: BaseSampler = makers[options.sampler](seed=seed)
    return sampler


def sources_of(
    options: argparse.Namespace, task: NetworkTask, storage: str | BaseStorage
) -> str | list[str]:
    """The past studies, as a glob or by name."""
    return options.sources or of_other_tasks(task, storage)


def of_other_tasks(task: NetworkTask, storage: str | BaseStorage) -> list[str]:
    """The names of the past studies, of which the first study of a storage has none."""
    names = optuna.get_all_study_names(storage)
    return [name for name in names if not name.startswith(f"{task.name}/")]


def make_study(options: argparse.Namespace, task: NetworkTask, worker: int = 0) -> optuna.Study:
    """The study, created or joined."""
    storage = open_storage(options.storage)
    name = f"{task.name}/{task.model}/{task.space}/{options.sampler}-{options.seed}"
    with warnings.catch_warnings():  # of what is used here Optuna calls some experimental
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # The study must exist before sources are looked up in a storage that may be new.
        study = created(options.study or name, storage, options)
        study.set_metric_names(["accuracy"])
        study.sampler = make_sampler(options, task, storage, worker)
    return study


def created(name: str, storage: str | BaseStorage, options: argparse.Namespace) -> optuna.Study:
    """The study of a name; a storage that cannot be opened is a ``ValueError``."""
    try:
        return optuna.create_study(
            study_name=name,
            storage=storage,
            direction="maximize",
            pruner=PRUNERS[options.pruner](),
            load_if_exists=True,
        )
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise ValueError(f"--storage {options.storage}: {error}") from error


def load_data(options: argparse.Namespace, task: NetworkTask) -> Prepared:
    """The task's data on the device."""
    data = prepare(task, data_dir=options.data_dir, cache_dir=options.cache_dir)
    return data.to(pick_device())


def work(options: argparse.Namespace, worker: int) -> None:
    """Runs trials until the study has enough; several workers may end with a few more."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task = chosen_task(options)
    study = make_study(options, task, worker)
    accuracy = ValidationAccuracy(task, load_data(options, task), seed=options.seed)

    def objective(trial: optuna.Trial) -> float:
        with resumable(trial):
            return accuracy(trial)

    n_points = len(grid_points(task)) if options.sampler == "grid" else options.trials
    most = min(options.trials, n_points)
    with Progress(most, done=n_finished(study), hidden=worker > 0) as progress:
        while n_finished(study) < most:
            study.optimize(objective, n_trials=1, callbacks=[show], catch=(RuntimeError,))
            progress.reach(n_finished(study))


@contextmanager
def resumable(trial: optuna.Trial) -> Iterator[None]:
    """Puts the trial's configuration back in the queue if it is interrupted, and says nothing."""
    try:
        yield
    except KeyboardInterrupt:
        optuna.logging.set_verbosity(optuna.logging.ERROR)  # no traceback of this trial
        trial.set_user_attr(INTERRUPTED, True)
        trial.study.enqueue_trial(trial.params)
        raise


def n_finished(study: optuna.Study) -> int:
    """The number of finished trials, by all workers."""
    trials = study.get_trials(deepcopy=False, states=FINISHED)
    return sum(INTERRUPTED not in trial.user_attrs for trial in trials)


def show(study: optuna.Study, trial: FrozenTrial) -> None:
    """One line for a finished trial."""
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    best = max((t.values[0] for t in done), default=float("nan"))
    value = trial.values[0] if trial.values else float("nan")
    state = trial.state.name.lower()
    say(f"{trial.number:4d} {state} {value:.4f} (best {best:.4f}) {trial.params}")


def finish(options: argparse.Namespace) -> None:
    """Tells what came out, and looks at the test split for the best configuration.

    Once, and again only when more trials have found a better one: the scores are kept with the
    number of the trial that they belong to.
    """
    task = chosen_task(options)
    study = make_study(options, task)
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        return
    best = study.best_trial
    if study.user_attrs.get("test_trial") != best.number:
        scores = final_scores(task, load_data(options, task), best.params, seed=options.seed)
        for name, value in dataclasses.asdict(scores).items():
            study.set_user_attr(f"test_{name}", value)
        study.set_user_attr("test_trial", best.number)
    print(f"\n{telling.best(study)}")
    for name, value in study.user_attrs.items():
        print(f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {value}")
    explanation = telling.explanation(study)
    print(f"\n{explanation}\n" if explanation else "")
    print(telling.next_commands(study, given(options)))


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments that another run needs to go on with the same study."""
    parser, needed = make_parser(), ("task", "trials", "storage")
    return {
        name.replace("_", "-"): value
        for name, value in vars(options).items()
        if name in needed or value != parser.get_default(name)
    }


def make_parser() -> Parser:
    """The command line."""
    parser = command("tune", __doc__)
    parser.add_argument(
        "--task", type=valid(get_task), required=True, help="see python -m studies.tasks"
    )
    parser.add_argument("--sampler", choices=SAMPLERS, default="metagp", help="by name")
    parser.add_argument("--trials", type=positive, default=20, help="finished trials in all")
    parser.add_argument(
        "--storage", default="sqlite:///studies.db", help="URL, or a .journal file"
    )
    parser.add_argument("--study", help="its name, by default made from the other arguments")
    parser.add_argument("--sources", help="past studies, a glob (default: all of other tasks)")
    parser.add_argument("--workers", type=positive, default=1, help="processes")
    parser.add_argument("--pruner", choices=list(PRUNERS), default="none", help="by name")
    parser.add_argument("--model", help="another architecture: resnet, mlp; gru, bag")
    parser.add_argument("--space", choices=("grid", "wide"), default="grid", help="what is tuned")
    parser.add_argument("--data-dir", help="Parquet files instead of the hub")
    parser.add_argument("--cache-dir", help="where prepared tensors are kept")
    parser.add_argument("--seed", type=count, default=0, help="of sampler and training")
    return parser


def run_workers(options: argparse.Namespace) -> list[int | None]:
    """Works in so many processes; returns their exit codes."""
    if options.workers == 1:
        work(options, 0)
        return [0]
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=work_quietly, args=(options, i)) for i in range(options.workers)
    ]
    for process in workers:
        process.start()
    try:
        for process in workers:
            process.join()
    except KeyboardInterrupt:  # the workers have got it too
        for process in workers:
            process.join()
        raise
    return [process.exitcode for process in workers]


def work_quietly(options: argparse.Namespace, worker: int) -> None:
    """Works; ends without a traceback when it is interrupted."""
    try:
        work(options, worker)
    except KeyboardInterrupt:
        raise SystemExit(BY_CTRL_C) from None


def main(argv: Sequence[str] | None = None) -> None:
    """Tunes, then tests the best configuration."""
    parser = make_parser()
    options = parser.parse_args(argv)
    try:
        with parser.refusing():
            task = chosen_task(options)
            load_data(options, task)  # errors come before any study, and workers find the cache
            study = make_study(options, task)
            past = sources_of(options, task, open_storage(options.storage))
        print(telling.header(task, study, options.sampler, past, options.storage), flush=True)
        codes = run_workers(options)
        if any(codes):
            raise SystemExit(f"{parser.prog}: workers ended with {codes}")
        finish(options)
    except KeyboardInterrupt:
        parser.exit(BY_CTRL_C, f"{parser.prog}: interrupted; run the same command to go on\n")


if __name__ == "__main__":
    main()
