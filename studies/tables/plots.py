"""The figure of a comparison: regret over trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from studies.families import short
from studies.plots import Style, add_legend, panels, save, styles_of


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
        axis.set_ylim(bottom=max(axis.get_ylim()[0], 1e-3), top=1.1)
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
