"""The families on which regret can be measured: tables with a known optimum."""

from __future__ import annotations

from studies.families import TuningTask, load

FAMILIES = ["hpobench", "hpolib", "nb201"]


def tables(family: str) -> tuple[TuningTask, ...]:
    """The tasks of a family.

    Raises:
        ValueError: If there is no such family, or the optimum of one of its tasks is not known.
    """
    tasks = load(family).tasks
    for task in tasks:
        task.scale()
    return tasks
