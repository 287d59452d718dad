"""Reading result files."""

from __future__ import annotations

from pathlib import Path

import pytest

from studies.results import read_results


def test_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for value, path in enumerate(paths):
        path.write_text(f"seed,value\n0,{value}\n")
    assert read_results(paths, ["seed"])["value"].tolist() == [0, 1]


def test_tasks_whose_names_are_numbers_are_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("task,value\n0123,1\n")
    assert read_results([path], ["task"])["task"].tolist() == ["0123"]


@pytest.mark.parametrize(
    ("text", "reason"), [("seed\n0\n", r"lacks the columns \['value'\]"), ("value\n", "no rows")]
)
def test_a_file_of_another_kind_raises(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=reason):
        read_results([path], ["value"])
