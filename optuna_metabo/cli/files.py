"""Outputs that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


def check_free(path: Path, *, force: bool) -> None:
    """Raises before any work if ``path`` exists and may not be replaced, or cannot be written."""
    if path.is_dir():
        raise click.ClickException(f"{path} is a directory: choose another --out")
    if path.exists() and not force:
        raise click.ClickException(f"{path} exists: choose another --out, or pass --force")
    with replacing(path, keep=False):
        pass


@contextmanager
def replacing(path: Path, *, keep: bool = True) -> Iterator[Path]:
    """A path to write to that becomes ``path`` when the block ends without an error.

    It has the ending of ``path``, by which some writers choose the format. Without ``keep`` it
    only shows whether ``path`` could be written.

    Raises:
        click.ClickException: If nothing can be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        raise click.ClickException(
            f"{path} cannot be written: {error.strerror}; choose another --out"
        ) from error
    with folder as name:
        unfinished = Path(name) / path.name
        yield unfinished
        if keep:
            os.replace(unfinished, path)
