"""Columns of text as a terminal shows them."""

from __future__ import annotations

import pytest

from optuna_metabo.layout import in_columns, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("net", 3),
        ("größer…", 7),
        ("gro\u0308ßer", 6),  # an accent of its own takes no room
        ("学習率", 6),
        ("ﾈｯﾄ", 3),
        ("🚀 net", 6),
        ("a\u200bb", 2),
    ],
)
def test_the_width_of_a_text_is_that_on_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns


def test_columns_begin_below_each_other_whatever_the_script() -> None:
    lines = in_columns([("study", "n"), ("学習率", "1"), ("🚀", "22"), ("net", "3")])
    assert lines == ["study   n", "学習率  1", "🚀      22", "net     3"]


def test_numbers_end_below_each_other() -> None:
    lines = in_columns([("学習", "n", "k"), ("a", "10", "")], right=True)
    assert lines == ["学習   n  k", "a     10"]


def test_without_rows_there_are_no_lines() -> None:
    assert in_columns([]) == []
