"""Markdown tables."""

from __future__ import annotations

import pandas as pd

from studies.markdown import to_markdown


def test_the_index_comes_first_and_cells_stay_as_they_are_written() -> None:
    frame = pd.DataFrame({"mean": ["0.10", "1e5"], "n": [1, 20]}, index=["a", "b"])
    lines = to_markdown(frame.rename_axis("sampler")).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["sampler", "mean", "n"]
    assert set("".join(cells[1])) == {"-"}
    assert cells[2:] == [["a", "0.10", "1"], ["b", "1e5", "20"]]
