"""Families of related tuning tasks: tables with a known optimum, functions, surrogates, live ones.

A new family is a function that returns a :class:`Family`, in a module of this folder, and a line
in ``NAMED``; a new kind of file or folder is a function of its path and a line in ``FILES`` or
``FOLDERS``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path

from studies.families.csv_table import csv_table
from studies.families.digits import digits
from studies.families.hpo_benchmarks import hpobench, hpolib, nb201
from studies.families.lcbench import lcbench
from studies.families.nas_bench_graph import nas_bench_graph
from studies.families.noisy import noisy
from studies.families.olympus import olympus
from studies.families.recorded import REPLAYED, recorded
from studies.families.synthetic import NAMES, synthetic
from studies.families.tasks import Direction, Family, TuningTask
from studies.families.tst_svm import tst_svm

__all__ = ["FILES", "FOLDERS", "NAMED", "Direction", "Family", "TuningTask", "load", "short"]

NAMED: dict[str, Callable[[], Family]] = {
    "hpobench": hpobench,
    "hpolib": hpolib,
    "nb201": nb201,
    "nas-bench-graph": nas_bench_graph,
    "digits": digits,
    **{name: functools.partial(recorded, name, sets) for name, sets in REPLAYED.items()},
    **{name: functools.partial(synthetic, name) for name in NAMES},
}
FILES: dict[str, Callable[[Path], Family]] = {".npz": tst_svm, ".csv": csv_table}
# By the files that they hold; the first that fits.
FOLDERS: dict[str, Callable[[Path], Family]] = {"encoding.json": lcbench, "*.json": olympus}
_NOISY = re.compile(r"noisy(\d+)-")


@functools.cache
def load(name: str) -> Family:
    """A family by its name, or by the path of a ``.npz`` or ``.csv`` file or a folder of tables.

    ``noisy10-`` before either adds noise of 10 % of the distance from median to optimum.

    Raises:
        ValueError: If there is no such family or path, or what is there is no such table.
        ImportError: If the family needs a package that is not installed.
    """
    if noise := _NOISY.match(name):
        return noisy(load(name[noise.end() :]), int(noise.group(1)))
    if name in NAMED:
        return NAMED[name]()
    make = _reader(Path(name))
    if make is None:
        known = ", ".join(sorted(NAMED))
        raise ValueError(f"expected one of {known}, a table or a folder of them, got {name!r}")
    return make(Path(name))


def _reader(path: Path) -> Callable[[Path], Family] | None:
    if path.is_file():
        return FILES.get(path.suffix)
    return next((make for pattern, make in FOLDERS.items() if any(path.glob(pattern))), None)


def short(name: str) -> str:
    """A family's name without folders."""
    noise = _NOISY.match(name)
    prefix = noise.group(0) if noise else ""
    return prefix + Path(name[len(prefix) :]).stem
