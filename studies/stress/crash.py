"""Do workers that are killed, and a database that hangs up, lose or repeat anything?

    python -m studies.stress.crash --storage postgresql+psycopg://user:password@127.0.0.1/database
    python -m studies.stress.crash --storage sqlite:///crash.db --trials 60 --kill-every 6

Starts workers on one study with two past studies, kills one of them (SIGKILL) every few trials
and starts another, and on PostgreSQL ends all connections now and then. Each worker notes in a
file what it has told. In the end every note must stand in the storage, every number once, and no
point twice.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import optuna
import sqlalchemy
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo import MetaGPSampler
from studies.commands import command, positive

NAME, PAST = "crash", ("past-0", "past-1")
# Seconds to wait for the last running trials; one killed before its first heartbeat runs forever.
PATIENCE = 8.0
# Seconds without a finished trial after which the workers hang, also on a busy machine.
IDLE = 300.0
FINISHED = (TrialState.COMPLETE,)


def open_storage(url: str) -> RDBStorage:
    """A storage in which the trials of the dead are failed after some seconds."""
    # Stale connections are noticed before they are used.
    pool = {"pool_pre_ping": True}
    return RDBStorage(url, engine_kwargs=pool, heartbeat_interval=1, grace_period=4)


def close(storage: RDBStorage) -> None:
    """Gives the connections back."""
    storage.remove_session()
    storage.engine.dispose()


def objective(trial: optuna.Trial) -> float:
    """A bowl that takes a moment."""
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", -5, 5)
    time.sleep(0.05 + 0.1 * random.random())
    return (x - 1.0) ** 2 + (y + 2.0) ** 2


def work(url: str, notes: str, n_trials: int) -> None:
    """Runs trials until there are enough; a lost connection costs one trial at most."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def note(study: optuna.Study, trial: FrozenTrial) -> None:
        """Writes down what the storage has confirmed."""
        with Path(notes).open("a") as file:
            file.write(json.dumps([trial.number, trial.values[0]]) + "\n")

    while True:
        try:
            storage = open_storage(url)
            sampler = MetaGPSampler("past-*", storage=storage, seed=0)
            study = optuna.load_study(study_name=NAME, storage=storage, sampler=sampler)
            waited = 0.0
            while True:
                optuna.storages.fail_stale_trials(study)
                running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
                finished = study.get_trials(deepcopy=False, states=FINISHED)
                if len(finished) >= n_trials:
                    return
                if len(finished) + len(running) >= n_trials and waited < PATIENCE:
                    waited += 0.2
                    time.sleep(0.2)
                    continue
                waited = 0.0
                study.optimize(objective, n_trials=1, callbacks=[note])
        except (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError) as error:
            print(f"{os.getpid()}: {type(error).__name__}, once more", file=sys.stderr)
            time.sleep(1.0)


def hang_up(url: str) -> None:
    """Ends all other connections of a PostgreSQL database."""
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            sqlalchemy.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def check_free(url: str) -> None:
    """Raises a ``ValueError`` if the database holds studies of these names."""
    taken = {NAME, *PAST} & {*optuna.get_all_study_names(url)}
    if taken:
        raise ValueError(f"--storage expects a database without the studies {sorted(taken)}")


def prepare(url: str) -> None:
    """Two past studies and the new one."""
    storage = open_storage(url)
    for i, name in enumerate(PAST):
        sampler = optuna.samplers.RandomSampler(seed=i)
        past = optuna.create_study(storage=storage, study_name=name, sampler=sampler)
        past.optimize(objective, n_trials=15)
    optuna.create_study(storage=storage, study_name=NAME)
    close(storage)


def _is_told(trial: FrozenTrial, others: dict[int, FrozenTrial]) -> bool:
    """Whether the point was told already when it was asked for; workers may ask at one moment."""
    return any(
        other.params == trial.params
        and other.datetime_complete is not None
        and trial.datetime_start is not None
        and other.datetime_complete < trial.datetime_start
        for other in others.values()
    )


def check(url: str, notes: Path, n_trials: int) -> list[str]:
    """What is wrong in the end."""
    storage = open_storage(url)
    study = optuna.load_study(study_name=NAME, storage=storage)
    trials = study.get_trials()
    best = study.best_value
    close(storage)
    finished = {t.number: t for t in trials if t.state == TrialState.COMPLETE}
    noted = [json.loads(line) for line in notes.read_text().splitlines()]
    wrong = []
    if len(finished) < n_trials:
        wrong.append(f"{len(finished)} finished trials, not {n_trials}")
    if [t.number for t in trials] != list(range(len(trials))):
        wrong.append("trial numbers are not 0, 1, 2, ...")
    for number, value in noted:
        if number not in finished or finished[number].values != [value]:
            wrong.append(f"trial {number} was told and is lost")
    wrong += [f"{t.params} was asked again" for t in finished.values() if _is_told(t, finished)]
    states = Counter(t.state.name for t in trials)
    print(f"{dict(states)}, {len(noted)} noted, best {best:.4f}")
    return wrong


def run(url: str, n_workers: int, n_trials: int, kill_every: int, hang_up_every: int) -> int:
    """Runs the workers and kills some; returns how many were killed. Raises if all hang.

    What happens when is counted in trials, so that a busy machine only takes longer.
    """
    prepare(url)
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.jsonl"
        notes.touch()
        workers = Workers(url, notes, n_trials, n_workers)
        n_killed, next_kill, next_hang_up = 0, kill_every, hang_up_every
        for n_told in workers.told():
            time.sleep(0.1 * random.random())  # at any moment of a trial
            if n_told >= next_kill:
                workers.kill_one()
                n_killed, next_kill = n_killed + 1, n_told + kill_every
            if n_told >= next_hang_up and url.startswith("postgresql"):
                hang_up(url)
                next_hang_up = n_told + hang_up_every
        wrong = check(url, notes, n_trials)
    if wrong:
        raise RuntimeError("; ".join(wrong))
    return n_killed


class Workers:
    """Processes on one study, each replaced when it is killed."""

    def __init__(self, url: str, notes: Path, n_trials: int, count: int) -> None:
        self._notes, self._args = notes, (url, str(notes), n_trials)
        self._processes = [self._start() for _ in range(count)]

    def _start(self) -> multiprocessing.process.BaseProcess:
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=work, args=self._args, daemon=True)
        process.start()
        return process

    def told(self) -> Iterator[int]:
        """The number of trials told, each time that it has grown, until the workers end."""
        n_told, since = 0, time.monotonic()
        while any(process.is_alive() for process in self._processes):
            time.sleep(0.05)
            before, n_told = n_told, len(self._notes.read_text().splitlines())
            if n_told > before:
                since = time.monotonic()
                yield n_told
            elif time.monotonic() - since > IDLE:
                raise RuntimeError(f"no trial was told in {IDLE:.0f} seconds")

    def kill_one(self) -> None:
        """Kills one and starts another."""
        victim = random.randrange(len(self._processes))
        self._processes[victim].kill()
        self._processes[victim].join()
        self._processes[victim] = self._start()


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("stress.crash", __doc__)
    parser.add_argument("--storage", required=True, help="URL of a database without these studies")
    parser.add_argument("--workers", type=positive, default=4, help="processes")
    parser.add_argument("--trials", type=positive, default=60, help="to be finished in all")
    parser.add_argument("--kill-every", type=positive, default=6, help="finished trials")
    parser.add_argument("--hang-up-every", type=positive, default=9, help="the same; PostgreSQL")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with parser.refusing():
        check_free(options.storage)
    n_killed = run(
        options.storage, options.workers, options.trials, options.kill_every, options.hang_up_every
    )
    print(f"{n_killed} workers killed, nothing lost")


if __name__ == "__main__":
    main()
