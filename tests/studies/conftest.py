"""What the tests of several rooms use."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest


@pytest.fixture
def toy(tmp_path: Path) -> str:
    """A family's file: three tasks on a grid of 5 x 3 points, best at x = 1, 2, 3."""
    rows = [
        (f"task-{shift}", x, kind, -((x - shift) ** 2) - (kind == "b"))
        for shift in (1, 2, 3)
        for x in range(5)
        for kind in "abc"
    ]
    path = tmp_path / "toy.csv"
    pd.DataFrame(rows, columns=["task", "x", "kind", "value"]).to_csv(path, index=False)
    return str(path)
