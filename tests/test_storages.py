"""Every kind of storage, as that of the target and as that of the sources; killed workers."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from optuna_metabo import MetaGPSampler
from studies.stress import crash

KINDS = ["memory", "sqlite", "journal", "grpc", "postgresql"]
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


def postgresql() -> str:
    url = os.environ.get("OPTUNA_METABO_POSTGRES")
    if not url:
        pytest.skip("OPTUNA_METABO_POSTGRES gives no PostgreSQL database")
    return url


def opened(url: str) -> Iterator[BaseStorage]:
    storage = RDBStorage(url)
    yield storage
    storage.remove_session()
    storage.engine.dispose()


def serve(storage: BaseStorage) -> Iterator[BaseStorage]:
    pytest.importorskip("grpc")
    from optuna.storages import GrpcStorageProxy
    from optuna.storages._grpc.server import make_server

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = make_server(storage, "127.0.0.1", port)
    server.start()
    proxy = GrpcStorageProxy(host="127.0.0.1", port=port)
    proxy.wait_server_ready(timeout=20)
    yield proxy
    proxy.close()
    server.stop(grace=None).wait()


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    match request.param:
        case "memory":
            yield InMemoryStorage()
        case "sqlite":
            yield from opened(f"sqlite:///{tmp_path}/studies.db")
        case "journal":
            yield JournalStorage(JournalFileBackend(str(tmp_path / "studies.journal")))
        case "grpc":
            for served in opened(f"sqlite:///{tmp_path}/served.db"):
                yield from serve(served)
        case _:
            yield from opened(postgresql())


def objective(trial: optuna.Trial) -> float:
    return (trial.suggest_float("x", 0, 1) - 0.3) ** 2 + 0.1 * trial.suggest_int("n", 0, 3)


def past(storage: BaseStorage, name: str) -> None:
    sampler = optuna.samplers.RandomSampler(seed=0)
    optuna.create_study(study_name=name, storage=storage, sampler=sampler).optimize(
        objective, n_trials=20
    )


def test_studies_of_a_storage_help_others_in_it_and_elsewhere(storage: BaseStorage) -> None:
    prefix = uuid.uuid4().hex
    past(storage, f"{prefix}-past")
    for target in (storage, None):
        sampler = MetaGPSampler(f"{prefix}-p*", storage=storage, seed=0)
        study = optuna.create_study(storage=target, study_name=f"{prefix}-new", sampler=sampler)
        study.optimize(objective, n_trials=3)
        assert study.trials[0].params["n"] == 0
        assert study.trials[0].params["x"] == pytest.approx(0.3, abs=0.15)
        assert [source.name for source in sampler.explain(study).sources] == [f"{prefix}-past"]


def test_a_restarted_worker_repeats_no_point(storage: BaseStorage) -> None:
    prefix = uuid.uuid4().hex
    past(storage, f"{prefix}-past")
    optuna.create_study(storage=storage, study_name=f"{prefix}-new")
    for _ in range(4):
        sampler = MetaGPSampler(f"{prefix}-*", storage=storage, seed=0)
        study = optuna.load_study(study_name=f"{prefix}-new", storage=storage, sampler=sampler)
        study.optimize(objective, n_trials=4)
    points = [tuple(sorted(trial.params.items())) for trial in study.trials]
    assert len(set(points)) == 16


def test_a_converged_study_repeats_no_point_of_a_continuous_space() -> None:
    study = optuna.create_study(sampler=MetaGPSampler(seed=0))
    study.optimize(lambda t: (t.suggest_float("x", 0, 1) - 0.3) ** 2, n_trials=40)
    assert len({trial.params["x"] for trial in study.trials}) == 40


class Unreliable(InMemoryStorage):
    """Cannot be read for the first so many times."""

    def __init__(self) -> None:
        super().__init__()
        self.n_failures = 0

    def get_all_studies(self):  # type: ignore[no-untyped-def]
        if self.n_failures > 0:
            self.n_failures -= 1
            raise ConnectionError("gone away")
        return super().get_all_studies()


@pytest.mark.parametrize(("n_failures", "n_sources"), [(1, 1), (1000, 0)])
def test_a_storage_that_hangs_up_stops_nothing(n_failures: int, n_sources: int) -> None:
    storage = Unreliable()
    past(storage, "past")
    sampler = MetaGPSampler(storage=storage, seed=0)
    storage.n_failures = n_failures
    study = optuna.create_study(study_name="new", sampler=sampler)
    if n_sources:
        study.optimize(objective, n_trials=3)
    else:
        with pytest.warns(UserWarning, match="gone away") as caught:
            study.optimize(objective, n_trials=6)
        assert len([one for one in caught if "gone away" in str(one.message)]) == 1
    used = [one for one in sampler.explain(study).sources if one.reason is None]
    assert len(used) == n_sources


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_workers_lose_and_repeat_nothing(kind: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/crash.db" if kind == "sqlite" else postgresql()
    if kind == "postgresql":
        for storage in opened(url):
            for name in optuna.get_all_study_names(storage=storage):
                if name.startswith(("past-", crash.NAME)):
                    optuna.delete_study(study_name=name, storage=storage)
    n_killed = crash.run(url, 3, 24, kill_every=8, hang_up_every=12)
    assert n_killed >= 1
