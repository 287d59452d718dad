"""The figures of a comparison: over trials, and a cell or a dot for each task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from studies.families import short
from studies.plots import MARKERS, Style, add_legend, panels, save, styles_of

# Regret on logarithmic axes; what is less is drawn here.
FLOOR = 1e-3


def plot_regret(rows: pd.DataFrame, path: Path) -> None:
    """Mean regret over trials for each family, with standard errors over seeds."""
    families = sorted(rows["family"].unique())
    styles = styles_of(sorted(rows["sampler"].unique()))
    figure, axes = panels(len(families))
    lines: dict[str, Any] = {}
    for axis, family in zip(axes, families, strict=True):
        for sampler, part in rows[rows["family"] == family].groupby("sampler"):
            lines[str(sampler)] = _draw(axis, part, styles[str(sampler)])
        axis.set(title=short(str(family)), xlabel="Trial", ylabel="Mean regret", yscale="log")
        axis.set_ylim(bottom=max(axis.get_ylim()[0], FLOOR), top=1.1)
        axis.grid(alpha=0.3)
    add_legend(figure, lines)
    save(figure, path)


def _draw(axis: Axes, part: pd.DataFrame, style: Style) -> Any:
    """One sampler's line in one family, with its band."""
    seeds = part.groupby(["trial", "seed"])["regret"].mean().unstack()
    mean = seeds.mean(axis=1)
    error = seeds.std(axis=1, ddof=1) / np.sqrt(seeds.shape[1])
    (line,) = axis.plot(mean.index, mean, **style)
    band = {"alpha": 0.12, "lw": 0, "color": style["color"]}
    axis.fill_between(mean.index, mean - error, mean + error, **band)
    return line


def plot_ranks(curves: pd.DataFrame, path: Path) -> None:
    """Mean ranks over trials; the best is at the top.

    Args:
        curves: Trials by samplers, as :func:`studies.tables.summaries.rank_curves` gives them.
        path: The figure.
    """
    styles = styles_of(sorted(curves.columns))
    figure, (axis,) = panels(1, width=8.0, height=4.4)
    lines: dict[str, Any] = {}
    for sampler in curves:
        (lines[str(sampler)],) = axis.plot(curves.index, curves[sampler], **styles[str(sampler)])
    axis.set(xlabel="Trial", ylabel="Mean rank")
    axis.invert_yaxis()
    axis.grid(alpha=0.3)
    add_legend(figure, lines)
    save(figure, path)


def plot_heat_map(means: pd.DataFrame, path: Path) -> None:
    """A cell for each task (row) and sampler (column), dark where regret is large.

    The number is written into it, in hundredths.
    """
    n_tasks, n_samplers = means.shape
    figure, (axis,) = panels(1, height=1.2 + 0.2 * n_tasks)
    axis.imshow(means, cmap="Greys", vmin=0.0, vmax=1.0, aspect="auto")
    for (i, j), value in np.ndenumerate(means.to_numpy()):
        if np.isfinite(value):
            colour = "white" if value > 0.5 else "black"
            text = f"{100 * value:.0f}"
            axis.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
    tasks = [f"{short(str(family))} {task}" for family, task in means.index]
    axis.set_yticks(range(n_tasks), tasks, fontsize=7)
    axis.set_xticks(range(n_samplers), means.columns, fontsize=7, rotation=90)
    axis.xaxis.tick_top()
    save(figure, path)


def plot_dots(means: pd.DataFrame, x: str, y: str, path: Path) -> None:
    """A dot for each task; below the diagonal ``y`` is the better one."""
    figure, (axis,) = panels(1, height=4.8)
    for i, (family, part) in enumerate(means[[x, y]].dropna().groupby("family")):
        at = part.clip(lower=FLOOR)
        marker = MARKERS[i % len(MARKERS)]
        axis.scatter(at[x], at[y], marker=marker, s=24, alpha=0.8, label=short(str(family)))
    axis.plot([FLOOR, 1.0], [FLOOR, 1.0], color="grey", lw=1, zorder=0)
    axis.set(xscale="log", yscale="log", aspect="equal")
    axis.set(xlabel=f"Regret of {x}", ylabel=f"Regret of {y}")
    axis.grid(alpha=0.3)
    handles, labels = axis.get_legend_handles_labels()
    add_legend(figure, dict(zip(labels, handles, strict=True)))
    save(figure, path)
