"""Tables of chemistry and materials."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import KDTree

from studies.families import load
from studies.families.olympus import nearest
from tests.studies.families.asking import ask


@pytest.fixture
def plates(tmp_path: Path) -> Path:
    """Two components in steps of .5, on one plate."""
    about = {
        "constraints": {"parameters": "simplex"},
        "parameters": [{"name": "ni"}, {"name": "fe"}],
        "default_goal": "minimize",
    }
    (tmp_path / "plate.json").write_text(json.dumps(about))
    (tmp_path / "plate.csv").write_text("1.0,0.0,3.0\n0.5,0.5,1.0\n0.0,1.0,2.0\n")
    return tmp_path


def test_amounts_are_ratios_and_the_nearest_mixture_is_made(plates: Path) -> None:
    (task,) = load(str(plates)).tasks
    assert (task.best, task.median, task.direction) == (1.0, 2.0, "minimize")
    for ni, fe, value in ((0.9, 0.1, 3.0), (0.2, 0.22, 1.0), (0.02, 0.2, 2.0), (0.0, 0.0, 1.0)):
        assert ask(task, {"ni": ni, "fe": fe})[1] == value
    assert nearest(KDTree(np.eye(3)), np.array([0.0, 0.3, 0.0])) == 1


def test_the_chemistry_tables_are_complete_and_share_their_space(benchmarks: Path) -> None:
    reactions, plates = (load(str(benchmarks / "olympus" / n)) for n in ("buchwald", "oer_plate"))
    assert [len(reactions.tasks), len(plates.tasks)] == [5, 4]
    grids = [task.grid for task in reactions.tasks]
    assert all(grid == grids[0] for grid in grids)
    assert grids[0] is not None
    assert grids[0]["halogen"] == ["Br", "Cl", "I"]
    assert np.prod([len(choices) for choices in grids[0].values()]) == 792
    # A missing row would be a KeyError.
    for values in itertools.islice(itertools.product(*grids[0].values()), 0, None, 97):
        params = dict(zip(grids[0], values, strict=True))
        assert all(0.0 <= ask(task, params)[1] <= 100.0 for task in reactions.tasks)
