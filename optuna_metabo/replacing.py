"""Files that are there whole or not at all."""

from __future__ import annotations

import glob
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Seconds after which what is unfinished is taken for that of a program that was killed.
_DAY = 86_400.0


def clear(path: Path) -> None:
    """Clears away what programs that were killed left of ``path``, a day ago or longer.

    A folder in which anything else lies is not one of :func:`replacing`, and stays.
    """
    for folder in path.parent.glob(f".{glob.escape(path.name)}-*"):
        with suppress(OSError):  # another program was quicker, or may do what we may not
            is_old = time.time() - folder.stat().st_mtime > _DAY
            if is_old and {one.name for one in folder.iterdir()} <= {path.name}:
                (folder / path.name).unlink(missing_ok=True)
                folder.rmdir()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to that becomes ``path`` when the block ends without an error.

    Until then what was there stands. The path has the ending of ``path``, by which some writers
    choose the format. A block that writes nothing only shows whether something could be written.

    Raises:
        OSError: If nothing can be written there.
    """
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        if unfinished.exists():
            os.replace(unfinished, path)
