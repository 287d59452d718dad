"""Tables for the documentation."""

from __future__ import annotations

import pandas as pd
from tabulate import tabulate


def to_markdown(frame: pd.DataFrame) -> str:
    """A Markdown table with the index as its first columns, every cell as ``str`` gives it."""
    flat = frame.reset_index().map(str)
    return tabulate(
        flat, headers="keys", showindex=False, tablefmt="github", disable_numparse=True
    )
