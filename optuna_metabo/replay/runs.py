"""Runs: each sampler on each study with each seed, side by side, and kept so as to be resumed."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from optuna_metabo.arguments import check_count, names_in
from optuna_metabo.logs import one_line, warn
from optuna_metabo.reading import listed
from optuna_metabo.replacing import replacing
from optuna_metabo.replay.orders import ORDERS, Order, Target, default_orders
from optuna_metabo.replay.quiet import quiet
from optuna_metabo.threads import single_threaded

Progress = Callable[[int, int, str], None]

_KILLED = (
    "a process was killed, as a rule for want of memory; runs that had ended are kept where there "
    "is a folder for them: call again, with fewer jobs"
)


@dataclass(frozen=True)
class Plan:
    """What is run.

    Args:
        samplers: Names of :data:`optuna_metabo.replay.ORDERS`.
        seeds: Runs of each sampler on each study.
        trials: The most trials of a sampler's run; it ends when the best is found.

    Raises:
        TypeError: If ``samplers`` are no names.
        ValueError: If a sampler is not known, or a number is no positive integer.
    """

    samplers: tuple[str, ...] = field(default_factory=default_orders)
    seeds: int = 3
    trials: int = 100

    def __post_init__(self) -> None:
        names = names_in("samplers", self.samplers)
        object.__setattr__(self, "samplers", tuple(dict.fromkeys(names)))
        unknown = [name for name in self.samplers if name not in ORDERS]
        if unknown:
            raise ValueError(f"samplers are {', '.join(ORDERS)}; got {unknown[0]!r}")
        for name in ("seeds", "trials"):
            check_count(name, getattr(self, name), least=1)


@dataclass(frozen=True)
class Run:
    """One sampler on one study.

    Args:
        target: Which of the targets.
        sampler: A name of :data:`optuna_metabo.replay.ORDERS`.
        seed: Of all its randomness.
    """

    target: int
    sampler: str
    seed: int


@dataclass(frozen=True)
class Failed:
    """A run that ended with an error.

    Args:
        study: The name of its study.
        sampler: As in :class:`Run`.
        seed: As in :class:`Run`.
        reason: The error, on one line.
        trace: Where its sampler raised it, as Python shows it.
    """

    study: str
    sampler: str
    seed: int
    reason: str
    trace: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.study!r}, {self.sampler}, seed {self.seed}: {self.reason}"


def _raise(failed: Failed) -> None:
    raise RuntimeError(str(failed)) from RuntimeError(failed.trace)


def rows_of(order: Order, target: Target, seed: int, most: int | None) -> list[int]:
    """The rows of the pool that are taken, until nothing better is left or ``most`` are taken."""
    results, rows, to_find = target.yardstick.results, list[int](), set(target.yardstick.front)
    with quiet(), single_threaded():
        for row in order(target, seed):
            rows.append(row)
            to_find.discard(tuple(results[row].tolist()))
            if len(rows) == most or not to_find:
                break
    return rows


def execute(
    targets: Sequence[Target],
    plan: Plan,
    *,
    folder: str | os.PathLike[str] | None = None,
    jobs: int = 1,
    progress: Progress = lambda done, total, what: None,
    failed: Callable[[Failed], None] = _raise,
) -> dict[Run, list[int]]:
    """Makes every run of a plan.

    Args:
        targets: The studies.
        plan: What is run on each.
        folder: Where each run is kept, so that it is not made again; runs of other trials or
            other versions are not taken for it. One that cannot be read is made anew, with a
            warning.
        jobs: Processes side by side. They are forked, and where that is impossible started anew.
        progress: Told how many runs of how many are done, and which was the last.
        failed: Told of each run that ended with an error; then the others are made all the same.
            By default it is an error.

    Returns:
        The rows of the pool in the order in which they were taken, of the runs that did not fail.

    Raises:
        RuntimeError: If a run failed and no one is told, or a process was killed.
    """
    runs = [
        Run(i, sampler, seed)
        for seed in range(plan.seeds)
        for i in range(len(targets))
        for sampler in plan.samplers
    ]
    place = None if folder is None else Path(folder)
    paths = {run: _path(place, targets[run.target], run, plan) for run in runs}
    found = _resumed(targets, paths)
    progress(len(found), len(runs), "")
    missing = [run for run in runs if run not in found]
    made = _made(targets, plan, missing, jobs)
    for done, (run, rows) in enumerate(made, start=len(found) + 1):
        target = targets[run.target]
        if isinstance(rows, Failed):
            failed(rows)
        else:
            found[run] = rows
            if path := paths[run]:
                _keep(path, target, run, rows)
        progress(done, len(runs), f"{target.pool.name}, {run.sampler}")
    return {run: found[run] for run in runs if run in found}


def _made(
    targets: Sequence[Target], plan: Plan, runs: Sequence[Run], jobs: int
) -> Iterator[tuple[Run, list[int] | Failed]]:
    """The rows of each run, or why there are none."""
    if jobs > 1 and len(runs) > 1:
        try:
            with _processes(targets, plan, jobs) as pool:
                yield from _as_completed(pool, runs)
        except BrokenProcessPool as error:
            raise RuntimeError(_KILLED) from error
        return
    for run in runs:
        yield run, _tried(targets, plan, run)


def _tried(targets: Sequence[Target], plan: Plan, run: Run) -> list[int] | Failed:
    """The rows, or what was raised, in words: not every error comes whole out of a process."""
    target = targets[run.target]
    try:
        return rows_of(ORDERS[run.sampler], target, run.seed, plan.trials)
    except Exception as error:
        reason = one_line(f"{type(error).__name__}: {error}")
        trace = traceback.format_exc()
        return Failed(target.pool.name, run.sampler, run.seed, reason, trace)


def _as_completed(pool: Executor, runs: Iterable[Run]) -> Iterator[tuple[Run, list[int] | Failed]]:
    """As soon as they are there; once a process was killed, only those that had ended before."""
    futures = {pool.submit(_work, run): run for run in runs}
    killed = None
    try:
        for future in as_completed(futures):
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                killed = error
            else:
                yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()
    if killed:
        raise killed


def _processes(targets: Sequence[Target], plan: Plan, jobs: int) -> Executor:
    """Forked ones share the memory of the trials."""
    can_fork = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if can_fork else None)
    return ProcessPoolExecutor(jobs, context, _start, (targets, plan))


# What a process works on, from its start on.
_shared: list[tuple[Sequence[Target], Plan]] = []


def _start(targets: Sequence[Target], plan: Plan) -> None:
    _shared[:] = [(targets, plan)]
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Ends a process whose parent was killed, which would wait for work for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _work(run: Run) -> list[int] | Failed:
    return _tried(*_shared[0], run)


def _path(folder: Path | None, target: Target, run: Run, plan: Plan) -> Path | None:
    """Where a run is kept: the name says what it was made of."""
    if folder is None:
        return None
    versions = version("optuna-metabo"), version("optuna")
    parts = repr((target.key, run.sampler, run.seed, plan.trials, *versions))
    digest = hashlib.sha1(parts.encode(), usedforsecurity=False).hexdigest()
    return folder / f"{digest}.json"


def _resumed(targets: Sequence[Target], paths: Mapping[Run, Path | None]) -> dict[Run, list[int]]:
    """The runs that are kept; one warning names all files that cannot be read."""
    files = {run: path for run, path in paths.items() if path and path.exists()}
    found = {run: _kept(path, len(targets[run.target].pool)) for run, path in files.items()}
    broken = [str(files[run]) for run, rows in found.items() if rows is None]
    if broken:
        warn(f"Kept runs that cannot be read are made anew: {listed(broken)}.")
    return {run: rows for run, rows in found.items() if rows is not None}


def _kept(path: Path, n: int) -> list[int] | None:
    """The rows, out of ``n``, that a file holds; ``None`` for a file that no run has left so."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        is_order = bool(rows) and all(type(row) is int and 0 <= row < n for row in rows)
        return [*rows] if is_order and len(set(rows)) == len(rows) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _keep(path: Path, target: Target, run: Run, rows: list[int]) -> None:
    """A file is whole if it exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"study": target.pool.name, "sampler": run.sampler, "seed": run.seed, "rows": rows}
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(whole), encoding="utf-8")
