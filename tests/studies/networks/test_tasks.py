"""The registry of the experiment's tasks."""

from __future__ import annotations

import dataclasses

import optuna
import pytest

from studies.networks.tasks import (
    TASKS,
    get_task,
    grid_points,
    main,
    search_space,
)


def test_every_task_has_a_grid_of_162_configurations_in_its_search_space() -> None:
    for task in TASKS.values():
        points, space = grid_points(task), search_space(task)
        assert len({tuple(point.values()) for point in points}) == 162
        assert all(set(point) == set(space) for point in points)


def test_the_wide_space_holds_the_grid() -> None:
    for name in ("mnist/low", "imdb/few"):
        task = get_task(name)
        space = search_space(dataclasses.replace(task, space="wide"))
        for point in grid_points(task):
            kept = {one: space[one] for one in point}
            optuna.create_trial(params=point, distributions=kept, value=0.0)  # or it raises


def test_unknown_names_raise() -> None:
    with pytest.raises(ValueError, match="unknown task 'mnist/lo'"):
        get_task("mnist/lo")
    with pytest.raises(ValueError, match=r"'gru' does not fit task 'mnist/low'"):
        get_task("mnist/low").with_model("gru")


def test_the_command_lists_every_task(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(TASKS)
