"""Tables for the documentation."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from tabulate import tabulate


def publish(text: str, out: Path | None) -> None:
    """Writes a page, or prints it where it has no file."""
    if out is None:
        print(text)
    else:
        out.write_text(text, encoding="utf-8")


def to_markdown(frame: pd.DataFrame) -> str:
    """A Markdown table with the index as its first columns, every cell as ``str`` gives it."""
    flat = frame.reset_index().map(str)
    return tabulate(
        flat, headers="keys", showindex=False, tablefmt="github", disable_numparse=True
    )


def rounded(table: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Numbers as text; one that is missing is left out."""
    shown = table.round(digits) + 0.0  # no -0.00
    return shown.map(lambda number: "" if pd.isna(number) else f"{number:.{digits}f}")


def bold_best(table: pd.DataFrame, digits: int, *, largest: bool = False) -> pd.DataFrame:
    """:func:`rounded`, with the least or the largest number of each column in bold.

    Numbers that are equal as they are written are all in bold.
    """
    shown, text = table.round(digits), rounded(table, digits)
    best = shown.max() if largest else shown.min()
    return text.where(shown.ne(best), "**" + text + "**")
