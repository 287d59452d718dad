"""Tables of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from studies.families import load


def test_a_table_without_values_raises(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("task,x\na,1\n")
    with pytest.raises(ValueError, match="expected columns task, parameters and value"):
        load(str(path))
