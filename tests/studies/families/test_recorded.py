"""The recorded grids of networks."""

from __future__ import annotations

import pytest

from studies.families import load
from studies.families.recorded import recorded_table


@pytest.mark.parametrize("name", ["mnist", "cifar10", "imdb", "ag_news"])
def test_recorded_tasks_hold_the_whole_grid(name: str) -> None:
    family = load(name)
    assert len(family.tasks) >= 4
    for task in family.tasks:
        assert len(recorded_table(task.name)) == 162
        assert task.grid is not None
        assert [len(values) for values in task.grid.values()] == [3, 3, 3, 3, 2]
