"""The head of a table and the cells below it: of a CSV file, a data frame, or mappings."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from optuna_metabo.reading import listed

_EXPECTED = "table expects the path of a CSV file, a data frame of pandas or one mapping a row"
# What may stand between the cells of a file that has no commas there.
_SEPARATORS = (";", "\t", "|")
# What Excel writes above the head, read as a line.
_COMMA_NAMED = ["sep=", ""]
# Instead of the limit of the module csv, which also holds for columns that are not used.
_LONGEST_CELL = 2**31 - 1


def head_and_lines(table: Any) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
    """The head of any kind of table, and the cells of its rows below it.

    A cell is ``None`` where that was written: in data frames it is a cell that is missing.

    Raises:
        TypeError: If it is no table.
        ValueError: If it is no CSV file in UTF-8 whose rows fit its head.
    """
    if isinstance(table, (str, os.PathLike)):
        return _file(table)
    if hasattr(table, "to_dict"):
        return _frame(table)
    rows = _mappings(table)
    head = list(dict.fromkeys(name for row in rows for name in row))
    return head, [[row.get(name, "") for name in head] for row in rows]


def _frame(table: Any) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
    """The head of a data frame of pandas and its rows."""
    try:
        frame = table.to_dict("tight")
    except TypeError:
        raise TypeError(
            f"{_EXPECTED}, got a {type(table).__name__}: pass its to_frame() if it is one column, "
            "its to_pandas() if it is a data frame of another library"
        ) from None
    data = [["" if cell is None else cell for cell in line] for line in frame["data"]]
    return frame["columns"], data


def _mappings(table: Any) -> list[Mapping[Any, Any]]:
    """The rows of a table that is neither a file nor a data frame."""
    if isinstance(table, Mapping):
        raise TypeError(
            f"{_EXPECTED}, got one mapping with {listed(list(table))}: pass one of columns as "
            "pandas.DataFrame(table), and a single row as [table]"
        )
    if not isinstance(table, Iterable):
        raise TypeError(f"{_EXPECTED}, got {table!r}")
    rows = list(table)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise TypeError(f"{_EXPECTED}, and row {number} is {row!r}")
    return rows


def _file(path: str | os.PathLike[str]) -> tuple[list[str], list[list[str]]]:
    """The head of a CSV file and its rows."""
    name = os.fspath(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            head, *rows = _filled_lines(file) or [[]]
    except UnicodeDecodeError as error:
        raise ValueError(f"expected a CSV file in UTF-8, got {name!r}: {error}") from None
    except csv.Error as error:
        raise ValueError(
            f"expected a CSV file, got {name!r}: {error}; is a quote left open?"
        ) from None
    sign = next((one for one in _SEPARATORS if one in head[0]), None) if len(head) == 1 else None
    if sign is not None:  # not guessed: where it is a semicolon, a comma may be a decimal point
        raise ValueError(
            f"the head of {name!r} is one column, {head[0]!r}: is the file separated by {sign!r}? "
            "expected commas"
        )
    for number, row in enumerate(rows, start=1):
        if len(row) > len(head):
            raise ValueError(
                f"row {number} of {name!r}: expected no more cells than the head has, "
                f"{len(head)}, got {len(row)}; is there a decimal comma, or a text with a comma "
                "that is not in quotes?"
            )
    return [column.strip() for column in head], rows


def _filled_lines(file: Iterable[str]) -> list[list[str]]:
    """The lines of a CSV file that have a cell, without that in which Excel names the comma."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        lines = [line for line in csv.reader(file, strict=True) if any(map(str.strip, line))]
    finally:
        csv.field_size_limit(before)
    return lines[1:] if lines[:1] == [_COMMA_NAMED] else lines
