"""Outputs that are there whole or not at all, and why one cannot be there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from optuna_metabo import replacing as whole

# Bytes of a file that are looked at together.
_PIECE = 1 << 20


def check_free(path: Path, *, force: bool, sign: bytes = b"") -> None:
    """Raises before any work if ``path`` exists and may not be replaced, or cannot be written.

    Args:
        path: What is to be written.
        force: Whether what exists may be replaced, if it is the command's own.
        sign: What only files of the command's making hold.
    """
    if path.is_dir():
        raise click.ClickException(f"{path} is a directory: choose another --out")
    if path.exists() and not force:
        raise click.ClickException(f"{path} exists: choose another --out, or pass --force")
    check_own(path, sign)
    check_writable(path)


def check_own(path: Path, sign: bytes) -> None:
    """Raises before any work if ``path`` is the storage, or a file that holds no such sign.

    An empty file may be replaced, and without a sign any.
    """
    if not path.is_file():
        return
    if any(path.samefile(file) for file in _storages() if file.exists()):
        raise click.ClickException(f"{path} is the storage: choose another --out")
    if sign and path.stat().st_size and not _holds(path, sign):
        raise click.ClickException(f"{path} is not of this command's making: choose another --out")


def _holds(path: Path, sign: bytes) -> bool:
    """Whether a file has the bytes somewhere; of a large one little is in memory at a time."""
    seen = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            seen = seen[-len(sign) :] + piece
            if sign in seen:
                return True
    return False


def _storages() -> list[Path]:
    """The files of the storages that the command was given."""
    context, found = click.get_current_context(silent=True), []
    while context is not None:
        found.append(context.params.get("storage"))
        context = context.parent
    return [file for url in found if url and (file := _file(url))]


def _file(storage: str) -> Path | None:
    if "://" not in storage:
        return Path(storage)
    from optuna_metabo.reading import sqlite_file

    return sqlite_file(storage) if storage.startswith("sqlite") else None


def check_writable(path: Path) -> None:
    """Raises before any work if nothing can be written there; what is there stays as it is.

    What commands that were killed have left of it is cleared away.
    """
    with replacing(path):
        whole.clear(path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """:func:`optuna_metabo.replacing.replacing`, in a folder that is made if it is not there.

    Raises:
        click.ClickException: If nothing can be written there.
    """
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = stack.enter_context(whole.replacing(path))
        except OSError as error:
            raise click.ClickException(
                f"{path} cannot be written: {_why(path, error)}; choose another --out"
            ) from error
        yield unfinished


def _why(path: Path, error: OSError) -> str | None:
    """A file where a folder is to be is named: the system's words do not say which one it is."""
    nearest = next((one for one in path.parents if one.exists()), None)
    if nearest is None or nearest.is_dir():
        return error.strerror
    return f"{nearest} is a file, not a directory"
