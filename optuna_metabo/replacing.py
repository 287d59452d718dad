"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
