"""The recipes for many workers, as they stand in the documentation."""

from __future__ import annotations

import itertools
import os
import re
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage, GrpcStorageProxy, RDBStorage

from optuna_metabo import TransferPrior
from tests.test_storages import opened, postgresql

ROOT = Path(__file__).parent.parent
N_WORKERS = 2
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


def recipes() -> dict[str, str]:
    """The programs of the page by name."""
    page = (ROOT / "docs" / "many-workers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"`(\w+\.py)`[^`]*```python\n(.*?)```", page, flags=re.DOTALL)
    return dict(blocks)


def start(
    folder: Path, name: str, *arguments: object, code: str | None = None
) -> subprocess.Popen[str]:
    path = folder / f"{uuid.uuid4().hex}-{name}"
    path.write_text(code or recipes()[name], encoding="utf-8")
    command = [sys.executable, "-W", "ignore", str(path), *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=folder, text=True, stderr=subprocess.PIPE, env=environment()
    )


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def ended(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        _, error = process.communicate(timeout=400)
        assert process.returncode == 0, error


def past(storage: BaseStorage) -> None:
    for name in optuna.get_all_study_names(storage=storage):
        if name == "new" or name.startswith("past-"):
            optuna.delete_study(study_name=name, storage=storage)
    for seed in range(3):
        study = optuna.create_study(
            study_name=f"past-{seed}", storage=storage, sampler=optuna.samplers.RandomSampler(seed)
        )
        study.optimize(
            lambda t: (t.suggest_float("x", -1, 1) - 0.3) ** 2 + abs(t.suggest_int("n", 1, 8) - 3),
            n_trials=20,
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/studies.db" if request.param == "sqlite" else postgresql()


@pytest.fixture
def storage(url: str) -> Iterator[RDBStorage]:
    yield from opened(url)  # type: ignore[misc]


def check(storage: BaseStorage) -> None:
    """The workers' trials: none is lost, none is made again, and what was learned is used.

    Those that ask at one moment, before either is told, may still meet.
    """
    trials = optuna.load_study(study_name="new", storage=storage).trials
    assert len(trials) == 5 * N_WORKERS
    again = [
        (one.number, other.number)
        for one, other in itertools.combinations(trials, 2)
        if one.params == other.params and other.datetime_start > one.datetime_complete
    ]
    assert not again
    assert min(trial.value for trial in trials) < 0.1


def test_workers_with_one_prior_need_no_past_study(
    url: str, storage: RDBStorage, tmp_path: Path
) -> None:
    past(storage)
    ended(start(tmp_path, "fit.py", url, "team.prior"))
    for name in optuna.get_all_study_names(storage=storage):
        optuna.delete_study(study_name=name, storage=storage)
    ended(*[start(tmp_path, "worker.py", url, "team.prior") for _ in range(N_WORKERS)])
    check(storage)


def test_the_file_is_brought_up_to_date(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    for storage in opened(url):
        past(storage)
        TransferPrior.fit("past-*", storage=storage).save(tmp_path / "team.prior")
        before = (tmp_path / "team.prior").read_bytes()
        ended(start(tmp_path, "fit.py", url, "team.prior"))
        assert (tmp_path / "team.prior").read_bytes() == before
        study = optuna.load_study(study_name="past-1", storage=storage)
        study.optimize(lambda t: t.suggest_float("x", -1, 1), n_trials=1)
        ended(start(tmp_path, "fit.py", url, "team.prior"))
        prior = TransferPrior.load(tmp_path / "team.prior")
        assert sorted(one.n_finished for one in prior.studies) == [20, 20, 21]


def test_workers_share_one_connection_by_the_proxy(tmp_path: Path) -> None:
    pytest.importorskip("grpc")
    url = f"sqlite:///{tmp_path}/studies.db"
    for storage in opened(url):
        past(storage)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    server = start(tmp_path, "serve.py", url, port)
    try:
        proxy = GrpcStorageProxy(host="localhost", port=port)
        proxy.wait_server_ready(timeout=60)
        TransferPrior.fit("past-*", storage=proxy).save(tmp_path / "team.prior")
        code = recipes()["worker.py"].replace(
            "storage=url",
            f"storage=optuna.storages.GrpcStorageProxy(host='localhost', port={port})",
        )
        workers = [
            start(tmp_path, "worker.py", url, "team.prior", code=code) for _ in range(N_WORKERS)
        ]
        ended(*workers)
        check(proxy)
        proxy.close()
    finally:
        server.terminate()
        server.communicate(timeout=60)
