"""The storage that a command reads, from what the user calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import optuna
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalRedisBackend
from sqlalchemy.exc import ArgumentError

from optuna_metabo.arguments import without_password
from optuna_metabo.cli.commands import reason
from optuna_metabo.reading import (
    NoSuchStorage,
    check_names,
    chosen,
    is_glob,
    opened,
    reading_errors,
    shown,
    sqlite_file,
    storage_errors,
    study_names,
)

# How a URL of Redis begins; a journal's file may be called redis.
REDIS = ("redis://", "rediss://")
_SQLITE = b"SQLite format 3\0"
# What Optuna raises as it reads lines that are not JSON, or not what it writes itself.
_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, AssertionError)


def open_storage(url: str) -> BaseStorage:
    """The storage, opened to be read: no file and no table is made.

    Args:
        url: A database's URL, ``redis://...`` or the path of a journal's file, as Optuna's own
            command takes them.

    Raises:
        click.UsageError: If it is none of them, or a file that is not there.
        click.ClickException: If it cannot be read.
    """
    with errors_of(url):
        if url.startswith(REDIS):
            return JournalStorage(JournalRedisBackend(url))
        if "://" not in url:
            return _journal(Path(url))
        return opened(url)


def load_study(name: str, storage: BaseStorage) -> optuna.Study:
    """The study of a name, whose trials can be read.

    Raises:
        click.ClickException: If the storage has none of that name; it says which are close. If it
            cannot be read.
    """
    try:
        check_names([name], study_names(storage))
    except reading_errors() as error:
        raise click.ClickException(f"--study-name: {reason(error)}") from error
    try:
        study = optuna.load_study(study_name=name, storage=storage)
        study.get_trials(deepcopy=False)
    except reading_errors() as error:
        problem = f"{name!r} cannot be read: {reason(error)}"
        raise click.ClickException(f"--study-name: {problem}") from error
    return study


def matching(pattern: str, existing: Sequence[str], *, option: str) -> list[str]:
    """The names that a glob stands for, as in :func:`optuna_metabo.reading.chosen`.

    Raises:
        click.ClickException: If there is none; it says which there are.
    """
    names = chosen(pattern, existing)
    if not names:
        raise click.ClickException(
            f"{option} {pattern!r} matches no study of the storage, {shown(existing)}"
        )
    return names


def asked_for(patterns: Sequence[str], existing: Sequence[str], *, option: str) -> list[str]:
    """The names that names and globs stand for together, each once.

    Raises:
        click.ClickException: If one of them stands for none.
    """
    found = [name for one in patterns for name in _named_by(one, existing, option)]
    return list(dict.fromkeys(found))


def _named_by(pattern: str, existing: Sequence[str], option: str) -> list[str]:
    if is_glob(pattern):
        return matching(pattern, existing, option=option)
    try:
        check_names([pattern], existing)
    except reading_errors() as error:
        raise click.ClickException(f"{option}: {error}") from error
    return [pattern]


def _journal(path: Path) -> JournalStorage:
    if not path.is_file():
        raise click.UsageError(
            f"--storage {path}: neither a URL, such as sqlite:///studies.db, nor a file"
        )
    with path.open("rb") as file:
        head = file.read(len(_SQLITE))
    if head == _SQLITE:
        raise click.UsageError(f"--storage {path} is a database: pass sqlite:///{path}")
    no_journal = click.ClickException(f"--storage {path} is no journal that this Optuna can read")
    # To Optuna a last line that is no JSON is one that is being written.
    if head and not head.startswith(b"{"):
        raise no_journal
    try:
        return JournalStorage(JournalFileBackend(str(path)))
    except _NONSENSE as error:
        raise no_journal from error


@contextmanager
def errors_of(url: str) -> Iterator[None]:
    """In which what cannot be read is an error that names the storage."""
    try:
        yield
    except click.ClickException:
        raise
    except NoSuchStorage as error:
        file = sqlite_file(url)
        is_there = file is not None and file.exists()
        kind = click.ClickException if is_there else click.UsageError
        raise kind(f"--storage: {reason(error)}") from error
    except Exception as error:
        # A driver that is not installed, tables of another Optuna; anything else is a fault.
        if not isinstance(error, (*reading_errors(), ImportError, RuntimeError)):
            raise
        if isinstance(error.__cause__, ArgumentError):
            raise click.UsageError(f"--{error}") from error
        raise _named(url, error) from error


@contextmanager
def writing_errors_of(url: str) -> Iterator[None]:
    """In which what cannot be written is an error that names the storage; others stay."""
    try:
        yield
    except storage_errors() as error:
        raise _named(url, error) from error


def _named(url: str, error: Exception) -> click.ClickException:
    told = reason(error).replace("$STORAGE_URL", without_password(url))
    return click.ClickException(f"--storage {without_password(url)}: {told}")
