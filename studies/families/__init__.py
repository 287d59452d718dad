"""Families of related tuning tasks, most of them tables with a known optimum.

A new family is a function that returns a :class:`Family`, in a module of this folder, and a line
in ``NAMED``; a new kind of file is a function of its path and a line in ``FILES``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from studies.families.csv_table import csv_table
from studies.families.digits import digits
from studies.families.hpo_benchmarks import hpobench, hpolib, nb201
from studies.families.recorded import REPLAYED, recorded
from studies.families.tasks import Direction, Family, TuningTask
from studies.families.tst_svm import tst_svm

__all__ = ["FILES", "NAMED", "Direction", "Family", "TuningTask", "load"]

NAMED: dict[str, Callable[[], Family]] = {
    "hpobench": hpobench,
    "hpolib": hpolib,
    "nb201": nb201,
    "digits": digits,
    **{name: functools.partial(recorded, name, sets) for name, sets in REPLAYED.items()},
}
FILES: dict[str, Callable[[Path], Family]] = {".npz": tst_svm, ".csv": csv_table}


@functools.cache
def load(name: str) -> Family:
    """A family by its name, or from a table: the path of a ``.npz`` or ``.csv`` file.

    Raises:
        ValueError: If there is no such family or file, or the file is no such table.
    """
    if name in NAMED:
        return NAMED[name]()
    path = Path(name)
    if not path.is_file() or path.suffix not in FILES:
        raise ValueError(f"expected one of {sorted(NAMED)} or a .npz or .csv file, got {name!r}")
    return FILES[path.suffix](path)
