"""Markdown tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studies.markdown import bold_best, rounded, to_markdown


def test_the_index_comes_first_and_cells_stay_as_they_are_written() -> None:
    frame = pd.DataFrame({"mean": ["0.10", "1e5"], "n": [1, 20]}, index=["a", "b"])
    lines = to_markdown(frame.rename_axis("sampler")).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["sampler", "mean", "n"]
    assert set("".join(cells[1])) == {"-"}
    assert cells[2:] == [["a", "0.10", "1"], ["b", "1e5", "20"]]


def test_the_best_as_written_is_in_bold_and_what_is_missing_is_left_out() -> None:
    table = pd.DataFrame({1: [0.1234, 0.1229, np.nan, 0.2], 2: [-0.001, 1.0, 2.0, 3.0]})
    assert bold_best(table, 2)[1].tolist() == ["**0.12**", "**0.12**", "", "0.20"]
    assert bold_best(table, 2)[2].tolist() == ["**0.00**", "1.00", "2.00", "3.00"]
    assert bold_best(table, 1, largest=True)[2].tolist() == ["0.0", "1.0", "2.0", "**3.0**"]
    assert rounded(table, 1)[1].tolist() == ["0.1", "0.1", "", "0.2"]
