"""Result files of `python -m studies.compare run`: a row for each trial."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd


def read_results(paths: Sequence[Path], columns: Sequence[str]) -> pd.DataFrame:
    """The rows of some result files together.

    Raises:
        ValueError: If a file lacks one of the ``columns``, or none has a row.
    """
    rows = pd.concat([_read(path, columns) for path in paths], ignore_index=True)
    if rows.empty:
        raise ValueError(f"no rows in {', '.join(map(str, paths))}")
    return rows


def _read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    try:
        rows = pd.read_csv(path, dtype={"task": str})  # names may be numbers
    except ValueError as error:  # as of all that pandas cannot read
        raise ValueError(f"{path} is no result file: {error}") from error
    missing = [name for name in columns if name not in rows]
    if missing:
        raise ValueError(f"{path} is no result file: it lacks the columns {missing}")
    return rows
