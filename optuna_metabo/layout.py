"""Columns of text, as wide as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def in_columns(rows: Sequence[Sequence[str]], **options: Any) -> str:
    """Lines in which the cells of a column stand below each other, in every script.

    Args:
        rows: Cells, of each row as many.
        **options: Of ``tabulate.tabulate``, which measures signs by wcwidth.
    """
    from tabulate import tabulate

    usual = {"tablefmt": "plain", "disable_numparse": True}
    lines = tabulate(rows, **{**usual, **options}).splitlines()
    return "\n".join(line.rstrip() for line in lines)
