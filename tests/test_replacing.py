"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from optuna_metabo.replacing import clear, replacing


def test_what_is_written_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    with replacing(path) as unfinished:
        unfinished.write_text("whole")
        assert not path.exists()
        assert unfinished.suffix == path.suffix
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]
    assert path.read_text() == "whole"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.html"
    path.write_text("before")

    def write() -> None:
        with replacing(path) as unfinished:
            unfinished.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]
    assert path.read_text() == "before"


def test_where_nothing_is_written_nothing_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("before")
    with replacing(path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]
    assert path.read_text() == "before"


def test_what_a_killed_program_left_a_day_ago_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    left, young, filled = (tmp_path / f".a.html-{end}" for end in ("12345678", "x", "y"))
    for folder in (left, young, filled):
        folder.mkdir()
        (folder / "a.html").write_text("half")
    (filled / "of someone").write_text("else")
    for folder in (left, filled):
        os.utime(folder, (0.0, 0.0))
    clear(path)
    assert {one.name for one in tmp_path.iterdir()} == {young.name, filled.name}
    assert (filled / "of someone").read_text() == "else"
    assert (filled / "a.html").read_text() == "half"
