"""The command line, run in this process."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import optuna
import pytest

from optuna_metabo import TransferPrior
from optuna_metabo.cli import main


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote to stdout and stderr."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``optuna-metabo`` with some arguments."""
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Ended(code, *capsys.readouterr())

    return run


def make_study(url: str, name: str, *, n_trials: int, optimum: float = 0.3) -> optuna.Study:
    """A study of a bowl, in a storage."""
    study = optuna.create_study(
        study_name=name, storage=url, sampler=optuna.samplers.RandomSampler(seed=0)
    )
    study.optimize(
        lambda trial: (trial.suggest_float("x", 0, 1) - optimum) ** 2, n_trials=n_trials
    )
    return study


def break_studies(url: str, pattern: str = "%") -> None:
    """Makes distributions of studies ones that no Optuna can read."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
        database.execute(
            "UPDATE trial_params SET distribution_json = replace(distribution_json, 'Float', 'X') "
            "WHERE trial_id IN (SELECT trial_id FROM trials JOIN studies USING (study_id) "
            "WHERE study_name LIKE ?)",
            (pattern,),
        )


def age_studies(url: str, pattern: str) -> None:
    """Gives values of studies a kind that only a later Optuna may know."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute(
            "UPDATE trial_values SET value_type = 'WHAT' "
            "WHERE trial_id IN (SELECT trial_id FROM trials JOIN studies USING (study_id) "
            "WHERE study_name LIKE ?)",
            (pattern,),
        )


@pytest.fixture(scope="session")
def _studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "studies.db"
    make_study(f"sqlite:///{path}", "past", n_trials=15)
    make_study(f"sqlite:///{path}", "new", n_trials=3)
    return path


@pytest.fixture
def url(tmp_path: Path, _studies: Path) -> str:
    """A storage with a past study, and a study that has just begun."""
    shutil.copy(_studies, tmp_path)
    return f"sqlite:///{tmp_path}/studies.db"


@pytest.fixture
def prior(tmp_path: Path) -> Path:
    """A prior of a study that is in no storage of these tests."""
    path = tmp_path / "team.prior"
    TransferPrior.fit([make_study("sqlite://", "elsewhere", n_trials=12)]).save(path)
    return path
