"""A table of runs: its rows and columns, its cells, and which of its runs have ended.

A cell is kept as it was written and is read when its column is used: what stands in the others,
an array or two columns of one name, does not matter.
"""

from __future__ import annotations

import difflib
import math
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from optuna.trial import TrialState

from optuna_metabo.logs import LOGGER
from optuna_metabo.reading import listed
from optuna_metabo.table_lines import head_and_lines

# Texts for a cell without a value, beside NaN: pandas' words but for None, which may be a choice,
# as any other name.
_MISSING = {
    *("", "NA", "<NA>", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "NULL", "null"),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
}
# What pandas has for a missing value, by type, as pandas may not be installed.
_MISSING_TYPES = {"NAType", "NaTType"}
_BOOLS = {"true": True, "false": False}
# How Optuna, MLflow and W&B call the column that says how a run ended, and what they write there.
_STATE_COLUMNS = {"state", "status"}
_STATES = {
    **dict.fromkeys(("COMPLETE", "FINISHED"), TrialState.COMPLETE),
    **dict.fromkeys(("FAIL", "FAILED", "CRASHED", "KILLED"), TrialState.FAIL),
    **dict.fromkeys(("WAITING", "SCHEDULED", "PENDING"), TrialState.WAITING),
    **dict.fromkeys(("RUNNING", "PREEMPTING", "PREEMPTED"), TrialState.RUNNING),
    "PRUNED": TrialState.PRUNED,
}


@dataclass(frozen=True)
class Row:
    """One run.

    Attributes:
        number: Its place in the table, from 1 on.
        cells: What was written, by column, without the cells that are missing.
        state: How the run ended; completed if the table does not say.
        nones: The columns in which ``None`` was written, which only mappings do.
    """

    number: int
    cells: Mapping[str, Any]
    state: TrialState = TrialState.COMPLETE
    nones: Sequence[str] = ()

    def where(self, column: str) -> str:
        """A cell as errors call it."""
        return f"row {self.number}, {column!r}"

    def read(self, column: str) -> Any:
        """What a cell that is not missing holds: a bool, a number or a text.

        ``None`` is read as the text that files have for it.

        Raises:
            ValueError: If it is an array, or an integer beyond the floats.
        """
        cell = self.cells[column]
        value = "None" if cell is None else read(cell)
        if hasattr(value, "item"):
            raise ValueError(f"{self.where(column)}: expected one value, got {value!r}")
        if isinstance(value, int) and abs(value) > sys.float_info.max:
            raise ValueError(
                f"{self.where(column)}: expected a number that a float can hold, got an integer "
                "that is too large"
            )
        return value


@dataclass(frozen=True)
class Table:
    """Runs, one a row.

    Attributes:
        rows: The rows.
        n_named: How many columns each name has, which should be one.
    """

    rows: Sequence[Row]
    n_named: Mapping[str, int]

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns in which a row has a value."""
        return list(dict.fromkeys(name for row in self.rows for name in row.cells))

    def with_nones(self) -> Table:
        """The same with ``None`` for a cell: a parameter, unlike a metric, may have that value."""
        rows = [replace(row, cells={**row.cells, **dict.fromkeys(row.nones)}) for row in self.rows]
        return replace(self, rows=rows)

    def read(self, column: str) -> list[Any]:
        """What the cells of a column hold that are not missing."""
        return [row.read(column) for row in self.rows if column in row.cells]

    def column(self, name: str, prefixes: Sequence[str] = ()) -> str:
        """The column of a name, or the one that has it behind a prefix.

        Raises:
            ValueError: If there is none that has a value, or more than one.
        """
        columns = self.columns
        for candidate in (name, *[prefix + name for prefix in prefixes]):
            if candidate in columns:
                return self._only(candidate)
        short = {without(one, prefixes): one for one in columns}
        close = [short[one] for one in difflib.get_close_matches(name, short, n=3)]
        hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise ValueError(
            f"no row has a value in a column {name!r}: {hint}the table has {listed(columns)}"
        )

    def ended(self, asked: Collection[str]) -> Table:
        """The runs that have ended, each with the state that the table gives it.

        Args:
            asked: Columns that are something else, whatever they are called.

        Raises:
            ValueError: If there is none.
        """
        name = self._state_column(asked)
        if name is None:
            return self
        rows = [replace(row, state=_state(row, name)) for row in self.rows]
        ended = [row for row in rows if row.state.is_finished()]
        LOGGER.info(f"{name!r} says how runs ended; {len(rows) - len(ended)} have not")
        if not ended:
            raise ValueError(f"no run of the table has ended, by its column {name!r}")
        return replace(self, rows=ended)

    def _state_column(self, asked: Collection[str]) -> str | None:
        """The first column that is called like one of states and holds nothing else.

        Where there is none, one line tells of those that hold other words.
        """
        told = []
        for name in self.columns:
            if name.lower() in _STATE_COLUMNS and name not in asked:
                written = [row.cells[name] for row in self.rows if name in row.cells]
                unknown = [str(cell).strip() for cell in written if _word(cell) not in _STATES]
                if not unknown:
                    return self._only(name)
                told.append(f"{name!r} has {listed([*dict.fromkeys(unknown)])}")
        if told:
            LOGGER.warning(
                f"{' and '.join(told)}, so that it is not read as how runs ended: those with a "
                "value count as completed"
            )
        return None

    def _only(self, name: str) -> str:
        if self.n_named[name] > 1:
            raise ValueError(
                f"the table has {self.n_named[name]} columns {name!r}: expected one, rename the "
                "others or leave them out"
            )
        return name


def read_table(table: str | os.PathLike[str] | Iterable[Mapping[str, Any]] | Any) -> Table:
    """The table of a CSV file, a data frame of pandas, or mappings from columns to values.

    Raises:
        TypeError: If it is none of them.
        ValueError: If it has no rows, or is no CSV file in UTF-8 whose rows fit its head.
    """
    head, lines = head_and_lines(table)
    if not lines:
        place = f" in {os.fspath(table)!r}" if isinstance(table, (str, os.PathLike)) else ""
        raise ValueError(f"expected a table with rows, got none{place}")
    names = list(map(_name, head))
    rows = [_row(number, names, line) for number, line in enumerate(lines, start=1)]
    return Table(rows, Counter(names))


def _name(column: Any) -> str:
    """A column's name as a text; of several levels as Optuna joins them."""
    if isinstance(column, tuple):
        return "_".join(str(level) for level in column if level != "")
    return "" if column is None else str(column)


def without(name: str, prefixes: Sequence[str]) -> str:
    """A name without the prefixes that tables write before it."""
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


def read(cell: Any) -> Any:
    """What a cell holds: a bool, a number or a text, or what it is if none of them."""
    if isinstance(cell, str):
        return _read_text(cell.strip())
    try:
        if isinstance(cell, Decimal):  # as drivers of databases give numbers
            return float(cell)
        return cell.item() if hasattr(cell, "item") else cell
    except (ValueError, RuntimeError, TypeError):  # of an array with more than one value
        return cell


def _row(number: int, names: Sequence[str], line: Sequence[Any]) -> Row:
    """A row with its cells that have a value and a name."""
    pairs = zip(names, line, strict=False)  # a line may be shorter than the head
    written = [(name, cell) for name, cell in pairs if name]
    cells = {name: cell for name, cell in written if not _is_missing(cell)}
    return Row(number, cells, nones=[name for name, cell in written if cell is None])


def _read_text(text: str) -> Any:
    if text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    for kind in (int, float):
        try:
            return text if "_" in text else kind(text)
        except ValueError:
            continue
    return text


def _is_missing(cell: Any) -> bool:
    value = read(cell)
    if isinstance(value, str):
        return value in _MISSING
    is_nan = isinstance(value, float) and math.isnan(value)
    return value is None or is_nan or type(value).__name__ in _MISSING_TYPES


def _word(cell: Any) -> str:
    """A state as it is called, also one of Optuna's own."""
    return str(getattr(cell, "name", cell)).strip().upper()


def _state(row: Row, column: str) -> TrialState:
    """That of a column of states; completed where the cell is missing."""
    return _STATES[_word(row.cells[column])] if column in row.cells else TrialState.COMPLETE
