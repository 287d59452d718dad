"""Storages, opened only to be read: no file or table is made, and names are looked up."""

from __future__ import annotations

import difflib
import fnmatch
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import optuna
from optuna.exceptions import OptunaError, StorageInternalError
from optuna.storages import BaseStorage, RDBStorage

from optuna_metabo.arguments import names_in
from optuna_metabo.attributes import numbers

Names = Callable[[str], bool]

# The base of a backend's errors, by the module that defines it.
_BACKENDS = {"sqlalchemy.exc": "SQLAlchemyError", "grpc": "RpcError", "redis": "RedisError"}
# What SQLite says of a file in which Optuna has made no tables.
_NOT_OPTUNAS = ("no such table", "file is not a database")
# So many names of a storage are shown where none of them was meant.
_MAX_SHOWN = 5


class NoSuchStorage(ValueError):
    """There is no file of that name, or it is not one of Optuna's."""


def reading_errors() -> tuple[type[Exception], ...]:
    """What Optuna raises when a storage is gone, locked or half written, or a study deleted.

    Besides its own errors and those of the operating system these are a ``KeyError`` for what is
    not there any more, a ``ValueError`` for a line that is not complete, and the errors of the
    backend; one that is not loaded cannot have raised. While a plain ``LookupError`` is handled it
    is one, too: a database holds a word that this Optuna does not know. Other errors are faults,
    and are to be seen.
    """
    unknown_word = [LookupError] if _is_unknown_word(sys.exc_info()[1]) else []
    return (OptunaError, OSError, KeyError, ValueError, *unknown_word, *_of_backends())


def _is_unknown_word(error: BaseException | None) -> bool:
    """Whether it is SQLAlchemy's; an ``IndexError`` is another kind of it, and a fault."""
    return type(error) is LookupError


def storage_errors() -> tuple[type[Exception], ...]:
    """Of these only the ones that nothing but a storage raises."""
    return (StorageInternalError, *_of_backends())


def _of_backends() -> list[type[Exception]]:
    return [getattr(sys.modules[m], name) for m, name in _BACKENDS.items() if m in sys.modules]


def cause(error: BaseException) -> BaseException:
    """The error itself or, of Optuna's and SQLAlchemy's that only say that something is wrong, the
    one that it came from: a locked database, say.
    """
    told = (ValueError, ImportError, RuntimeError)
    while error.__cause__ and not (isinstance(error, told) or _is_unknown_word(error)):
        error = error.__cause__
    return error


def first_line(error: BaseException) -> str:
    """Of its message, or its kind if it has none."""
    return (_message(error) or type(error).__name__).partition("\n")[0]


def _message(error: BaseException) -> str:
    """Without the number of an operating system's error, and the quotes of a ``KeyError``."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, KeyError) and error.args:
        return str(error.args[0])
    return str(error)


def opened(storage: str | BaseStorage) -> BaseStorage:
    """The storage of a URL, opened without making a file, or a table in someone else's file.

    Raises:
        NoSuchStorage: If a SQLite file does not exist or holds no studies of Optuna.
        TypeError: If ``storage`` is neither a URL nor one of Optuna's storages.
        ValueError: If it is no URL.
    """
    if isinstance(storage, BaseStorage):
        return storage
    if not isinstance(storage, str):
        raise TypeError(f"storage expects a URL or one of Optuna's storages, got {storage!r}")
    from sqlalchemy.exc import ArgumentError, OperationalError

    try:
        file = sqlite_file(storage)
        if file is None:
            return RDBStorage(storage)
        if not file.exists():
            raise NoSuchStorage(f"there is no file {str(file.absolute())!r} (storage={storage!r})")
        return RDBStorage(storage, skip_table_creation=True)
    except ArgumentError as error:
        expected = "a URL such as 'sqlite:///studies.db', or one of Optuna's storages"
        # What was given is not shown: it may hold a password.
        raise ValueError(f"storage expects {expected}: {error}") from error
    except (StorageInternalError, OperationalError) as error:
        if not any(sign in str(error.__cause__ or error) for sign in _NOT_OPTUNAS):
            raise
        raise NoSuchStorage(
            f"the file holds no studies of Optuna (storage={storage!r})"
        ) from error


def sqlite_file(url: str) -> Path | None:
    """The file that a URL of SQLite names; ``None`` for another database, or one in memory.

    ``None`` also for a template, in which Optuna fills in its version.
    """
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    name = parsed.database or ":memory:"
    if parsed.get_backend_name() != "sqlite" or "{" in url:
        return None
    if "uri" in parsed.query:  # an address in SQLite's own form: file:path?mode=ro&uri=true
        name = unquote(urlsplit(name).path)
    in_memory = name == ":memory:" or parsed.query.get("mode") == "memory"
    return None if in_memory else Path(name)


@dataclass(frozen=True)
class Glob:
    """Names that match a pattern."""

    pattern: str

    def __call__(self, name: str) -> bool:
        """Whether a name does."""
        return fnmatch.fnmatchcase(name, self.pattern)


@dataclass(frozen=True)
class OneOf:
    """Certain names."""

    names: tuple[str, ...]

    def __call__(self, name: str) -> bool:
        """Whether a name is one."""
        return name in self.names


def study_names(storage: BaseStorage) -> list[str]:
    """The names of all studies in a storage."""
    return optuna.get_all_study_names(storage=storage)


def holds_no_more(
    storage: BaseStorage,
    name: str,
    number: int,
    start: datetime | None,
    n_trials: int,
    attributes: Mapping[str, float],
) -> bool:
    """Whether a study is the one whose trial ``number`` began at ``start``, and has not grown.

    Nor may the numbers among its user attributes differ.

    This takes a few look-ups, where reading a study takes each of its trials.
    """
    try:
        study = storage.get_study_id_from_name(name)
        trial = storage.get_trial_id_from_study_id_trial_number(study, number)
        if storage.get_trial(trial).datetime_start != start:
            return False
        if numbers(storage.get_study_user_attrs(study)) != attributes:
            return False
    except reading_errors():
        return False
    try:
        storage.get_trial_id_from_study_id_trial_number(study, n_trials)
    except KeyError:
        return True
    except reading_errors():
        pass
    return False


def is_glob(text: str) -> bool:
    """Whether a string can be a pattern."""
    return any(character in text for character in "*?[")


def chosen(names: str | Sequence[str], existing: Sequence[str]) -> list[str]:
    """Of the existing names those that a glob, or any of several, stands for.

    One that exists is that name, whatever signs it has.

    Raises:
        TypeError: If it is neither a text nor several.
    """
    found = [_chosen(one, existing) for one in patterns(names)]
    return [name for name in existing if any(name in one for one in found)]


def patterns(names: str | Sequence[str]) -> list[str]:
    """Names and globs, of which one may stand alone."""
    return [names] if isinstance(names, str) else names_in("names", names)


def _chosen(pattern: str, existing: Sequence[str]) -> list[str]:
    return [pattern] if pattern in existing else list(filter(Glob(pattern), existing))


def check_names(names: Sequence[str], existing: Sequence[str]) -> None:
    """Raises a ``ValueError``, with close names, if a study does not exist."""
    for name in names:
        if name not in existing:
            close = difflib.get_close_matches(name, existing, n=3)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise ValueError(f"the storage has no study named {name!r}{hint}")


def shown(names: Sequence[str]) -> str:
    """Which studies a storage has, in words."""
    return "which has " + (listed(names) if names else "none")


def listed(names: Sequence[str]) -> str:
    """Some of the names, and how many more there are."""
    return some_of([*map(repr, names)], ", ")


def some_of(what: Sequence[object], between: str = "; ") -> str:
    """Some of what there is, and how many more there are."""
    more = f" and {len(what) - _MAX_SHOWN} more" if len(what) > _MAX_SHOWN else ""
    return between.join(map(str, what[:_MAX_SHOWN])) + more
