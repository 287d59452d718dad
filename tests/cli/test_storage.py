"""Storages as the user names them, and what is said of those that cannot be read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import click
import optuna
import pytest
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from optuna_metabo.cli import storage
from optuna_metabo.cli.storage import load_study, matching, open_storage


def test_databases_and_journals_are_opened(tmp_path: Path, url: str) -> None:
    assert isinstance(open_storage(url), RDBStorage)
    path = str(tmp_path / "studies.journal")
    optuna.create_study(study_name="a", storage=JournalStorage(JournalFileBackend(path)))
    assert optuna.get_all_study_names(open_storage(path)) == ["a"]


def test_a_name_that_exists_is_that_name_and_else_a_glob() -> None:
    existing = ["net[x]", "netx", "nety"]
    assert matching("net[x]", existing, option="--studies") == ["net[x]"]
    assert matching("net[xy]", existing, option="--studies") == ["netx", "nety"]
    with pytest.raises(click.ClickException, match=r"^--studies 'z\*' matches no study"):
        matching("z*", existing, option="--studies")


@pytest.mark.parametrize("name", ["redis", "redis.log", "rediss-studies"])
def test_a_journal_of_any_name_is_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    optuna.create_study(study_name="a", storage=JournalStorage(JournalFileBackend(name)))
    assert optuna.get_all_study_names(open_storage(name)) == ["a"]


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "rediss://127.0.0.1:1"])
def test_a_url_of_redis_is_no_file(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setattr(storage, "JournalRedisBackend", taken.append)
    monkeypatch.setattr(storage, "JournalStorage", lambda backend: None)
    open_storage(url)
    assert taken == [url]


@pytest.mark.parametrize("name", ["nonsense", "sqlite:/a.db", "nonsense://", "studies.journal"])
def test_what_is_no_storage_is_a_wrong_command_line(name: str) -> None:
    with pytest.raises(click.UsageError, match="storage"):
        open_storage(name)


def test_a_file_that_is_missing_or_none_of_optunas_is_named(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="there is no file"):
        open_storage(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("not a database, but long enough to be one\n" * 20)
    with pytest.raises(click.ClickException, match="holds no studies") as raised:
        open_storage(f"sqlite:///{tmp_path}/text.db")
    assert not isinstance(raised.value, click.UsageError)
    with pytest.raises(click.ClickException, match="is no journal"):
        open_storage(f"{tmp_path}/text.db")


@pytest.mark.parametrize(
    "line",
    [
        b"[1]",
        b"1",
        b"null",
        b'{"op_code": 99, "worker_id": "a"}',
        b'{"op_code": 0, "worker_id": "a", "study_name": "a", "directions": 3}',
        b'{"op_code": 0, "worker_id": "a", "study_name": "a", "directions": [9]}',
        b'{"op_code": 4, "worker_id": "a", "study_id": [], "datetime_start": 0}',
        b"\xff\xfe",
    ],
)
def test_lines_that_this_optuna_has_not_written_are_no_journal(
    line: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "studies.log"
    path.write_bytes(line + b"\n" + line + b"\n")
    with pytest.raises(click.ClickException, match="is no journal") as raised:
        open_storage(str(path))
    assert str(path) in raised.value.message


@pytest.mark.parametrize("text", ["hello", "hello\n", "\n hello", "loss,lr"])
def test_a_text_is_no_journal_and_an_empty_file_is_one(text: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(click.ClickException, match=r"notes\.txt is no journal"):
        open_storage(str(path))
    path.write_text("")
    assert optuna.get_all_study_names(open_storage(str(path))) == []


def test_a_journal_that_may_not_be_read_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studies.log"
    path.touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)  # root may read anything
    with pytest.raises(click.ClickException) as raised:
        open_storage(str(path))
    assert raised.value.message == f"--storage {path}: Permission denied"


def test_an_older_schema_is_named_with_the_command_that_upgrades_it(
    tmp_path: Path, url: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "studies.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'v3.0.0.a'")
        database.execute("UPDATE version_info SET library_version = '3.0.0'")
    with pytest.raises(click.ClickException) as raised:
        open_storage(url)
    assert f"--storage {url}" in raised.value.message.partition("optuna storage upgrade")[2]
    assert "$STORAGE_URL" not in raised.value.message


def test_the_path_of_a_database_is_told_from_a_journal(tmp_path: Path, url: str) -> None:
    with pytest.raises(click.UsageError, match="pass sqlite:///"):
        open_storage(f"{tmp_path}/studies.db")


def test_a_password_is_not_shown() -> None:
    with pytest.raises(click.ClickException) as raised:
        open_storage("postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "secret" not in raised.value.message
    assert "127.0.0.1" in raised.value.message


def test_an_unknown_study_is_named_with_those_that_are_close(url: str) -> None:
    with pytest.raises(click.ClickException, match="did you mean 'past'"):
        load_study("pastt", open_storage(url))
    assert load_study("past", open_storage(url)).study_name == "past"
