"""What figures share, by Matplotlib: colours, panels, and critical differences of ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import scikit_posthocs as sp

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# A sampler keeps its colour in every figure: Paul Tol's muted palette, ours in black.
COLOURS = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255",
    "#AA4499", "#777777", "#EE8866", "#99DDFF",
)  # fmt: skip
# And its marker, for readers without colour.
MARKERS = "os^vDP<>Xph*"
Style = dict[str, Any]


def styles_of(samplers: list[str]) -> dict[str, Style]:
    """The line of each sampler, with a marker of its own; ours is black and on top."""
    others = [name for name in samplers if name != "metagp"]
    styles: dict[str, Style] = {
        name: {
            "color": COLOURS[i % len(COLOURS)], "lw": 1.2, "ls": "-" if i < len(MARKERS) else "--",
            "marker": MARKERS[i % len(MARKERS)], "ms": 4, "markevery": (0.01 * i, 0.15),
        }
        for i, name in enumerate(others)
    }  # fmt: skip
    return {**styles, "metagp": {"color": "black", "lw": 2.4, "zorder": 5}}


def panels(
    n: int, *, width: float = 5.0, height: float = 3.6, columns: int = 2
) -> tuple[Figure, list[Axes]]:
    """A figure with ``n`` axes, at most so many beside one another, each of a size in inches."""
    columns = min(n, columns)
    rows = math.ceil(n / columns)
    size = width * columns, height * rows
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    axes = list(grid.flat)
    for axis in axes[n:]:
        axis.remove()
    return figure, axes[:n]


def add_legend(figure: Figure, lines: Mapping[str, Any]) -> None:
    """One legend for all panels, below them, in as many columns as fit."""
    ncols = max(1, int(figure.get_figwidth() / 2.0))
    options: dict[str, Any] = {"ncols": ncols, "fontsize": 8}
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", **options)


def save(figure: Figure, path: Path, *, dpi: int = 130) -> None:
    """Writes a figure and forgets it."""
    figure.savefig(path, dpi=dpi)
    plt.close(figure)


def plot_critical_difference(means: pd.DataFrame, path: Path) -> None:
    """Mean ranks with bars over samplers that Nemenyi's test does not tell apart (Demsar 2006)."""
    p_values = sp.posthoc_nemenyi_friedman(means.to_numpy())
    p_values.index = p_values.columns = means.columns
    figure, axis = plt.subplots(figsize=(7.5, 0.7 + 0.22 * means.shape[1]), layout="constrained")
    ranks = means.rank(axis=1).mean()
    sp.critical_difference_diagram(ranks, p_values, ax=axis, label_props={"fontsize": 9})
    save(figure, path)
