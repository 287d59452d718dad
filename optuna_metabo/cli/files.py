"""Outputs that are there whole or not at all, and why one cannot be there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from optuna_metabo import replacing as whole


def check_free(path: Path, *, force: bool) -> None:
    """Raises before any work if ``path`` exists and may not be replaced, or cannot be written."""
    if path.is_dir():
        raise click.ClickException(f"{path} is a directory: choose another --out")
    if path.exists() and not force:
        raise click.ClickException(f"{path} exists: choose another --out, or pass --force")
    check_writable(path)


def check_writable(path: Path) -> None:
    """Raises before any work if nothing can be written there; what is there stays as it is."""
    with replacing(path):
        pass


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
                f"{path} cannot be written: {error.strerror}; choose another --out"
            ) from error
        yield unfinished
