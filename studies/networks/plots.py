"""The experiment's figures: best values over trials or cost, and weights of past studies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from studies.plots import COLOURS, add_legend, panels, save, styles_of


def plot_curves(rows: pd.DataFrame, x: str, path: Path) -> None:
    """Mean best value so far over trials, or over a cost, for each data set.

    Args:
        rows: With columns dataset, task, sampler, seed, best and ``x``, one row a trial.
        x: ``trial``, or a cost that grows with it.
        path: The figure.
    """
    datasets = sorted(rows["dataset"].unique())
    styles = styles_of(sorted(rows["sampler"].unique()))
    figure, axes = panels(len(datasets))
    lines: dict[str, Any] = {}
    for axis, dataset in zip(axes, datasets, strict=True):
        part = rows[rows["dataset"] == dataset]
        at = _points(part, x)
        for sampler, runs in part.groupby("sampler"):
            (line,) = axis.plot(at, _mean_curve(runs, x, at), **styles[str(sampler)])
            lines[str(sampler)] = line
        axis.set(title=dataset, xlabel="Trial" if x == "trial" else x.capitalize())
        axis.set_ylabel("Best validation accuracy")
        axis.set_ylim(bottom=part[part["trial"] >= 2]["best"].quantile(0.1))
        axis.grid(alpha=0.3)
    add_legend(figure, lines)
    save(figure, path)


def _points(rows: pd.DataFrame, x: str) -> np.ndarray:
    """Every trial, or 60 costs up to the end of the run that cost least."""
    if x == "trial":
        return np.arange(1, rows["trial"].max() + 1)
    last = rows.groupby(["task", "sampler", "seed"])[x].max()
    return np.linspace(0.0, float(last.min()), 60)


def _mean_curve(runs: pd.DataFrame, x: str, at: np.ndarray) -> np.ndarray:
    """The mean over runs of the last best value at or before each point."""
    curves = [
        _step(run[x].to_numpy(), run["best"].to_numpy(), at)
        for _, run in runs.groupby(["task", "seed"])
    ]
    return np.nanmean(curves, axis=0)


def _step(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The last ``y`` at or before each point, the first one before any."""
    return y[np.maximum(np.searchsorted(x, at, side="right") - 1, 0)]


def plot_shares(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """Stacked weights over trials, one panel a table."""
    figure, axes = panels(len(tables))
    for axis, (name, table) in zip(axes, tables.items(), strict=True):
        colours = [*COLOURS[: table.shape[1] - 1], "#DDDDDD"]
        axis.stackplot(table.index, table.T.to_numpy(), labels=table.columns, colors=colours)
        axis.set(title=name, xlabel="Trial", ylabel="Weight", ylim=(0.0, 1.0))
        axis.set_xlim(table.index.min(), table.index.max())
        axis.legend(fontsize=7, loc="lower left")
    save(figure, path)
