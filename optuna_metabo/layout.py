"""Columns of text, as wide as a terminal shows them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_GAP = "  "


def width(text: str) -> int:
    """How many columns of a terminal a text takes.

    Chinese, Japanese and Korean signs and emoji take two, an accent that follows its letter none
    (Unicode's annex 11 and its categories).

    Example:
        >>> from optuna_metabo.layout import width
        >>> width("net"), width("学習率")
        (3, 6)
    """
    return sum(map(_columns, text))


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def in_columns(rows: Sequence[Sequence[str]], *, right: bool = False) -> list[str]:
    """Lines in which the cells of a column stand below each other.

    Args:
        rows: Cells, of each row as many.
        right: Whether all columns but the first end below each other, as numbers do.
    """
    widths = widths_of(rows)
    return [_line(row, widths, right=right) for row in rows]


def widths_of(rows: Sequence[Sequence[str]]) -> list[int]:
    """Of each column."""
    return [max(map(width, column)) for column in zip(*rows, strict=True)]


def _line(row: Sequence[str], widths: Sequence[int], *, right: bool) -> str:
    cells = []
    for i, (cell, most) in enumerate(zip(row, widths, strict=True)):
        room = " " * (most - width(cell))
        cells.append(room + cell if right and i else cell + room)
    return _GAP.join(cells).rstrip()
