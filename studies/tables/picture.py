"""One small picture of a page of results, for places that have room for one.

    python -m studies.tables.picture docs/results/continuous.md --out docs/optunahub/benchmark.png

It draws the mean regret that the tables of the page tell, a panel a family.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from studies.commands import command, existing_file
from studies.plots import add_legend, panels, save, styles_of

NAMES = {
    "gp": "GPSampler",
    "metagp": "MetaGPSampler",
    "metagp-cold": "MetaGPSampler without past studies",
    "tpe": "TPESampler",
}
# Dots per inch: places with little room take no more than 100 kB, with five samplers, too.
_DPI = 105
_TABLE = re.compile(r"^## (?P<family>.+)\n\n(?P<rows>(?:\|.*\n)+)", re.MULTILINE)


def read_page(text: str) -> dict[str, pd.DataFrame]:
    """The tables of a page, by family: samplers by trials.

    Raises:
        ValueError: If there is no table of samplers.
    """
    found = {one["family"]: _frame(one["rows"]) for one in _TABLE.finditer(text)}
    found = {name: table for name, table in found.items() if table.index.name == "sampler"}
    if not found:
        raise ValueError("the page has no table of samplers under a heading of its own")
    return found


def _frame(rows: str) -> pd.DataFrame:
    head, _, *body = [
        [cell.strip().strip("*") for cell in line.strip("| ").split("|")]
        for line in rows.splitlines()
    ]
    trials = [j for j, name in enumerate(head) if name.isdecimal()]
    numbers = {int(head[j]): [float(row[j]) for row in body] for j in trials}
    return pd.DataFrame(numbers, index=pd.Index([row[0] for row in body], name=head[0]))


def plot(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """Regret over trials, both logarithmic, a panel a family."""
    styles = styles_of(sorted({name for table in tables.values() for name in table.index}))
    figure, axes = panels(len(tables), width=2.9, height=2.2, columns=3)
    lines: dict[str, Any] = {}
    for axis, (family, table) in zip(axes, tables.items(), strict=True):
        for name, regret in table.iterrows():
            style = {**styles[str(name)], "markevery": 1}
            (lines[NAMES.get(str(name), str(name))],) = axis.plot(
                table.columns, regret.clip(lower=1e-3), **style
            )
        axis.set_title(family, fontsize=9)
        axis.set(xscale="log", yscale="log", ylim=(8e-4, 1.2), xlabel="Trial", ylabel="Regret")
        axis.set_xticks([1, 3, 10, 50], ["1", "3", "10", "50"])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    add_legend(figure, lines)
    save(figure, path, dpi=_DPI)


def main(argv: Sequence[str] | None = None) -> None:
    """Draws the picture."""
    parser = command("tables.picture", __doc__)
    parser.add_argument("page", type=existing_file, help="Markdown, as compare report writes it")
    parser.add_argument("--out", type=Path, required=True, help="the picture")
    options = parser.parse_args(argv)
    with parser.refusing():
        plot(read_page(options.page.read_text(encoding="utf-8")), options.out)


if __name__ == "__main__":
    main()
