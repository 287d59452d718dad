from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import optuna
import pytest

from optuna_metabo import PriorFileError
from optuna_metabo.logs import one_line
from optuna_metabo.replay import ORDERS, Archive, Failed, Plan, Run, Target, execute
from optuna_metabo.replay import runs as runs_module
from optuna_metabo.replay.orders import Order, owner
from optuna_metabo.replay.runs import rows_of
from tests.replay.making import bowls

PLAN = Plan(("tpe", "metagp"), seeds=2, trials=4)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def test_every_sampler_runs_on_every_study_with_every_seed() -> None:
    targets, _ = Archive.read(bowls(2)).targets()
    told: list[tuple[int, int, str]] = []
    found = execute(targets, PLAN, progress=lambda *line: told.append(line))
    expected = {Run(i, name, s) for i in (0, 1) for name in ("tpe", "metagp") for s in (0, 1)}
    assert found.keys() == expected
    assert all(1 <= len(rows) <= 4 for rows in found.values())
    assert [done for done, _, _ in told] == list(range(9))
    assert told[-1] == (8, 8, "bowl-1, metagp")


def test_a_run_ends_when_the_best_is_found() -> None:
    (target, *_), _ = Archive.read(bowls(2)).targets()
    values = [trial.values[0] for trial in target.pool.trials]
    assert rows_of(owner, target, 0, None)[-1] == values.index(min(values))
    assert rows_of(owner, target, 0, 2) == [0, 1]


def test_runs_are_not_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    targets, _ = Archive.read(bowls(2)).targets()
    first = execute(targets, PLAN, folder=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 8
    kept = json.loads(files[0].read_text())
    assert kept.keys() == {"study", "sampler", "seed", "rows"}
    files[0].unlink()
    made = []
    once = runs_module.rows_of
    monkeypatch.setattr(runs_module, "rows_of", lambda *a: made.append(a) or once(*a))
    assert execute(targets, PLAN, folder=tmp_path) == first
    assert len(made) == 1


def test_what_was_run_of_other_trials_or_plans_is_not_taken(tmp_path: Path) -> None:
    for n, trials in ((2, 3), (3, 3), (3, 4)):
        targets, _ = Archive.read(bowls(n)).targets("bowl-0")
        execute(targets, Plan(("tpe",), seeds=1, trials=trials), folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_run_is_taken_of_the_same_past_however_it_was_chosen(tmp_path: Path) -> None:
    archive, plan = Archive.read(bowls(2)), Plan(("tpe",), seeds=1, trials=3)
    for chronological in (False, True):
        targets, _ = archive.targets("bowl-1", chronological=chronological)
        execute(targets, plan, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc"
)
def test_no_process_outlives_one_that_was_killed() -> None:
    script = (
        "import os, time\n"
        "from optuna_metabo.replay import Plan\n"
        "from optuna_metabo.replay.runs import _processes\n"
        "pool = _processes([], Plan(), 1)\n"
        "print(pool.submit(os.getpid).result(), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 20.0
    while _is_alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    """Whether a process runs: one that has ended and was not waited for does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"study": "bowl-0", "rows": [1, 2',
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"rows": 3}',
        b'{"rows": []}',
        b'{"rows": [1, 1]}',
        b'{"rows": [0, 99]}',
        b'{"rows": [true]}',
        b'{"rows": [-1, 0.5]}',
    ],
)
def test_a_run_that_cannot_be_read_is_made_anew_with_one_warning(
    content: bytes, tmp_path: Path
) -> None:
    targets, _ = Archive.read(bowls(2)).targets()
    plan = Plan(("tpe",), seeds=2, trials=3)
    first = execute(targets, plan, folder=tmp_path)
    broken, other, *_ = sorted(tmp_path.iterdir())
    before = broken.read_bytes()
    broken.write_bytes(content)
    other.write_bytes(b"no run")
    with pytest.warns(UserWarning, match="made anew") as warned:
        assert execute(targets, plan, folder=tmp_path) == first
    assert len(warned) == 1
    assert str(broken) in str(warned[0].message)
    assert str(other) in str(warned[0].message)
    assert broken.read_bytes() == before


def test_processes_give_what_one_gives(tmp_path: Path) -> None:
    targets, _ = Archive.read(bowls(2)).targets()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside BLAS's threads
        assert execute(targets, PLAN, jobs=2) == execute(targets, PLAN)


_SINGULAR = np.linalg.LinAlgError("Matrix is not\npositive definite")
# No process can send it to another: it is not made of what is told of it.
_UNSENT = PriorFileError("team.prior", "it is\nempty")


def _failing(error: Exception) -> Order:
    """The order of a sampler that fails on one study with one seed."""

    def order(target: Target, seed: int) -> Iterator[int]:
        yield 0
        if (target.pool.name, seed) == ("bowl-0", 1):
            raise error
        yield 1

    return order


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside BLAS's threads
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (_SINGULAR, "LinAlgError: Matrix is not positive definite"),
        (_UNSENT, f"PriorFileError: {one_line(str(_UNSENT))}"),
    ],
)
def test_a_run_that_fails_is_told_by_name_and_the_others_are_made(
    jobs: int, error: Exception, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ORDERS, "tpe", _failing(error))
    targets, _ = Archive.read(bowls(2)).targets()
    failed: list[Failed] = []
    told: list[int] = []
    found = execute(
        targets,
        PLAN,
        folder=tmp_path,
        jobs=jobs,
        progress=lambda done, total, what: told.append(done),
        failed=failed.append,
    )
    assert len(found) == len(list(tmp_path.iterdir())) == 7
    assert Run(0, "tpe", 1) not in found
    assert list(map(str, failed)) == [f"'bowl-0', tpe, seed 1: {reason}"]
    assert told == list(range(9))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside BLAS's threads
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_fails_is_an_error_that_says_where_if_no_one_is_told(
    jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ORDERS, "tpe", _failing(_SINGULAR))
    targets, _ = Archive.read(bowls(2)).targets()
    with pytest.raises(RuntimeError, match="'bowl-0', tpe, seed 1: LinAlgError") as raised:
        execute(targets, PLAN, jobs=jobs)
    assert f'File "{__file__}"' in str(raised.value.__cause__)


def _killed(target: Target, seed: int) -> Iterator[int]:
    """The order of a sampler for which a machine has too little memory."""
    if seed == 1:
        os._exit(9)
    yield 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside BLAS's threads
def test_where_a_process_is_killed_what_was_made_is_kept_and_fewer_jobs_are_advised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ORDERS, "tpe", _killed)
    targets, _ = Archive.read(bowls(2)).targets()
    failed: list[Failed] = []
    with pytest.raises(RuntimeError, match=r"runs that had ended are kept.* fewer jobs"):
        execute(
            targets,
            Plan(("tpe",), seeds=2, trials=1),
            folder=tmp_path,
            jobs=2,
            failed=failed.append,
        )
    assert len(list(tmp_path.iterdir())) >= 1
    assert failed == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"samplers": ("nonsense",)}, "samplers are tpe, .* got 'nonsense'"),
        ({"seeds": 0}, "seeds must be a positive int, got 0"),
        ({"seeds": "a"}, "seeds must be a positive int, got 'a'"),
        ({"seeds": 1.5}, "seeds must be a positive int, got 1.5"),
        ({"trials": -1}, "trials must be a positive int, got -1"),
        ({"trials": None}, "trials must be a positive int, got None"),
    ],
)
def test_a_plan_that_cannot_be_is_an_error(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Plan(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("samplers", ["tpe", 5, [5]])
def test_samplers_that_are_no_names_are_refused(samplers: object) -> None:
    with pytest.raises(TypeError) as raised:
        Plan(samplers=samplers)  # type: ignore[arg-type]
    assert str(raised.value) == f"samplers expects a list of names, got {samplers!r}"


def test_a_folder_may_be_told_by_its_name(tmp_path: Path) -> None:
    targets, _ = Archive.read(bowls(2)).targets()
    execute(targets, Plan(("tpe",), seeds=1, trials=1), folder=str(tmp_path / "runs"))
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_optunas_verbosity_is_left_alone() -> None:
    targets, _ = Archive.read(bowls(2)).targets()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    execute(targets, Plan(("tpe",), seeds=1, trials=1))
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING
