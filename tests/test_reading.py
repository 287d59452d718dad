"""Storages are opened without making anything."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from optuna_metabo.reading import (
    Glob,
    NoSuchStorage,
    OneOf,
    check_names,
    first_line,
    opened,
    reading_errors,
    shown,
    sqlite_file,
    study_names,
)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///rel.db", "rel.db"),
        ("sqlite:////abs/a b.db", "/abs/a b.db"),
        ("sqlite+pysqlite:///rel.db?timeout=3", "rel.db"),
        ("sqlite:///file:rel.db?mode=ro&uri=true", "rel.db"),
        ("sqlite:///file:///abs/a%20b.db?uri=true", "/abs/a b.db"),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("sqlite:///", None),
        ("sqlite:///file::memory:?cache=shared&uri=true", None),
        ("sqlite:///file:shared?mode=memory&cache=shared&uri=true", None),
        ("sqlite:///studies-{SCHEMA_VERSION}.db", None),
        ("postgresql://user:secret@host/name", None),
        ("mysql+pymysql://user@host/name", None),
    ],
)
def test_the_file_of_a_url(url: str, file: str | None) -> None:
    assert sqlite_file(url) == (None if file is None else Path(file))


@pytest.mark.parametrize(
    "template",
    [
        "sqlite:///{}/typo.db",
        "sqlite+pysqlite:///{}/typo.db?timeout=3",
        "sqlite:///file:{}/typo.db?uri=true",
        "sqlite:///{}/no/such/folder/typo.db",
    ],
)
def test_a_file_that_does_not_exist_is_not_made(template: str, tmp_path: Path) -> None:
    with pytest.raises(NoSuchStorage, match=r"there is no file .*typo\.db"):
        opened(template.format(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_relative_file_is_looked_for_where_the_process_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    optuna.create_study(study_name="past", storage=f"sqlite:///{tmp_path}/studies.db")
    monkeypatch.chdir(tmp_path)
    assert study_names(opened("sqlite:///studies.db")) == ["past"]


def test_no_table_is_made_in_a_file_of_something_else(tmp_path: Path) -> None:
    database, text = tmp_path / "other.db", tmp_path / "text.db"
    with closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE runs (id INTEGER)")
    text.write_text("not a database, but quite a lot of text" * 100)
    for file in (database, text):
        before = file.read_bytes()
        with pytest.raises(NoSuchStorage, match="holds no studies of Optuna"):
            opened(f"sqlite:///{file}")
        assert file.read_bytes() == before


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_empty(url: str) -> None:
    assert study_names(opened(url)) == []


def test_what_is_no_storage_is_an_error_that_hides_a_password() -> None:
    for text in ("studies.db", "nosql://user:secret@host/name", ""):
        with pytest.raises(ValueError, match="storage expects a URL") as caught:
            opened(text)
        assert "secret" not in str(caught.value)
    for strange in (3, Path("studies.db")):
        with pytest.raises(TypeError, match="storage expects a URL"):
            opened(strange)  # type: ignore[arg-type]


def test_a_storage_object_is_taken_as_it_is(tmp_path: Path) -> None:
    journal = JournalStorage(JournalFileBackend(str(tmp_path / "studies.journal")))
    for storage in (InMemoryStorage(), journal):
        assert opened(storage) is storage
        assert study_names(storage) == []


def test_what_a_deleted_journal_raises_is_an_error_of_reading(tmp_path: Path) -> None:
    file = tmp_path / "studies.journal"
    journal = JournalStorage(JournalFileBackend(str(file)))
    file.unlink()
    with pytest.raises(reading_errors()):
        study_names(journal)


def test_what_a_database_without_tables_raises_is_an_error_of_reading(tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    storage = RDBStorage(f"sqlite:///{file}")
    storage.engine.dispose()
    file.write_bytes(b"")
    with pytest.raises(reading_errors()):
        study_names(storage)


@pytest.mark.parametrize("error", [TypeError, AttributeError, IndexError, NameError])
def test_faults_in_the_code_are_no_errors_of_reading(error: type[Exception]) -> None:
    assert not issubclass(error, reading_errors())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "studies.log"), "Permission denied"),
        (OSError("no room"), "no room"),
        (ValueError("no good\nmore"), "no good"),
        (KeyError("no such study"), "no such study"),
        (KeyError(7), "7"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "'utf-8' codec can't decode byte"),
        (Exception(1045, "Access denied"), "(1045, 'Access denied')"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_of_an_error_it_is_told_what_is_wrong_and_not_its_number(
    error: Exception, said: str
) -> None:
    assert first_line(error).startswith(said)


def test_names_are_matched_with_their_case() -> None:
    assert Glob("cnn-*")("cnn-a")
    assert not Glob("cnn-*")("CNN-a")
    assert OneOf(("a", "b"))("b")
    assert not OneOf(("a", "b"))("c")


def test_an_unknown_name_is_an_error_with_close_ones() -> None:
    check_names(["cnn-a"], ["cnn-a", "cnn-b"])
    with pytest.raises(ValueError, match="no study named 'cnn-c'; did you mean 'cnn-"):
        check_names(["cnn-a", "cnn-c"], ["cnn-a", "cnn-b"])
    with pytest.raises(ValueError, match=r"no study named 'x'$"):
        check_names(["x"], [])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], "which has none"),
        (["a", "b"], "which has 'a', 'b'"),
        (list("abcdefg"), "which has 'a', 'b', 'c', 'd', 'e' and 2 more"),
    ],
)
def test_some_names_are_shown(names: list[str], expected: str) -> None:
    assert shown(names) == expected


def test_other_arguments_are_none_of_a_url() -> None:
    value: Any = object()
    with pytest.raises(TypeError, match="one of Optuna's storages"):
        opened(value)
