"""Columns of text as a terminal shows them."""

from __future__ import annotations

from optuna_metabo.layout import in_columns


def test_columns_begin_below_each_other_whatever_the_script() -> None:
    rows = [("study", "n"), ("学習率", "1"), ("🚀", "22"), ("gro\u0308ßer", "3")]
    expected = ["study   n", "学習率  1", "🚀      22", "gro\u0308ßer  3"]
    assert in_columns(rows).splitlines() == expected


def test_numbers_end_below_each_other_and_lines_have_no_blank_end() -> None:
    lines = in_columns([("学習", "n", "k"), ("a", "10", "")], colalign=("left", "right", "right"))
    assert lines.splitlines() == ["学習   n  k", "a     10"]


def test_without_rows_there_are_no_lines() -> None:
    assert in_columns([]) == ""
