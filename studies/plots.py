"""Figures of a comparison, by Matplotlib."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import scikit_posthocs as sp

from studies.families import short

mpl.use("Agg")
from matplotlib import pyplot as plt

# A sampler keeps its colour in every figure: Paul Tol's muted palette, ours in black.
_COLOURS = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255",
    "#AA4499", "#777777", "#EE8866", "#99DDFF",
)  # fmt: skip


def _style(samplers: list[str]) -> dict[str, dict[str, object]]:
    others = [name for name in samplers if name != "metagp"]
    styles: dict[str, dict[str, object]] = {
        name: {"color": _COLOURS[i % len(_COLOURS)], "lw": 1.2, "ls": "-" if i < 6 else "--"}
        for i, name in enumerate(others)
    }
    return {**styles, "metagp": {"color": "black", "lw": 2.4, "zorder": 5}}


def plot_regret(rows: pd.DataFrame, path: Path) -> None:
    """Mean regret over trials for each family, with standard errors over seeds."""
    families = sorted(rows["family"].unique())
    styles = _style(sorted(rows["sampler"].unique()))
    columns = min(len(families), 2)
    shape = (math.ceil(len(families) / columns), columns)
    figure, axes = plt.subplots(
        *shape, figsize=(5.0 * columns, 3.6 * shape[0]), squeeze=False, layout="constrained"
    )
    handles = {}
    for axis, family in zip(axes.flat, families, strict=False):
        for sampler, part in rows[rows["family"] == family].groupby("sampler"):
            seeds = part.groupby(["trial", "seed"])["regret"].mean().unstack()
            mean = seeds.mean(axis=1)
            error = seeds.std(axis=1, ddof=1) / np.sqrt(seeds.shape[1])
            (handles[str(sampler)],) = axis.plot(mean.index, mean, **styles[str(sampler)])
            axis.fill_between(
                mean.index, mean - error, mean + error, alpha=0.12, lw=0,
                color=styles[str(sampler)]["color"],
            )  # fmt: skip
        axis.set(title=short(str(family)), xlabel="Trial", ylabel="Mean regret", yscale="log")
        axis.set_ylim(bottom=max(axis.get_ylim()[0], 1e-3), top=1.1)
        axis.grid(alpha=0.3)
    for axis in list(axes.flat)[len(families) :]:
        axis.remove()
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=5, fontsize=8
    )
    figure.savefig(path, dpi=130)
    plt.close(figure)


def plot_critical_difference(means: pd.DataFrame, path: Path) -> None:
    """Mean ranks with bars over samplers that Nemenyi's test does not tell apart (Demsar 2006)."""
    p_values = sp.posthoc_nemenyi_friedman(means.to_numpy())
    p_values.index = p_values.columns = means.columns
    figure, axis = plt.subplots(figsize=(7.5, 0.7 + 0.22 * means.shape[1]), layout="constrained")
    ranks = means.rank(axis=1).mean()
    sp.critical_difference_diagram(ranks, p_values, ax=axis, label_props={"fontsize": 9})
    figure.savefig(path, dpi=130)
    plt.close(figure)


def plot_curves(rows: pd.DataFrame, x: str, path: Path) -> None:
    """Mean best value so far over trials, or over a cost, for each data set.

    Args:
        rows: With columns dataset, task, sampler, seed, best and ``x``, one row a trial.
        x: ``trial``, or a cost that grows with it.
        path: The figure.
    """
    datasets = sorted(rows["dataset"].unique())
    styles = _style(sorted(rows["sampler"].unique()))
    figure, axes = plt.subplots(2, 2, figsize=(10.0, 7.2), squeeze=False, layout="constrained")
    handles = {}
    for axis, dataset in zip(axes.flat, datasets, strict=False):
        part = rows[rows["dataset"] == dataset]
        if x == "trial":
            at = np.arange(1, part["trial"].max() + 1)
        else:
            at = np.linspace(
                0.0, float(part.groupby(["task", "sampler", "seed"])[x].max().min()), 60
            )
        for sampler, runs in part.groupby("sampler"):
            curves = [
                _step(run[x].to_numpy(), run["best"].to_numpy(), at)
                for _, run in runs.groupby(["task", "seed"])
            ]
            (line,) = axis.plot(at, np.nanmean(curves, axis=0), **styles[str(sampler)])
            handles[str(sampler)] = line
        axis.set(title=dataset, xlabel="Trial" if x == "trial" else x.capitalize())
        axis.set_ylabel("Best validation accuracy")
        axis.set_ylim(bottom=part[part["trial"] >= 2]["best"].quantile(0.1))
        axis.grid(alpha=0.3)
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=5, fontsize=8
    )
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _step(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The last ``y`` at or before each point, the first one before any."""
    return y[np.maximum(np.searchsorted(x, at, side="right") - 1, 0)]


def plot_shares(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """Stacked weights over trials, one panel a table."""
    figure, axes = plt.subplots(2, 2, figsize=(10.0, 7.2), squeeze=False, layout="constrained")
    for axis, (name, table) in zip(axes.flat, tables.items(), strict=False):
        colours = [*_COLOURS[: table.shape[1] - 1], "#DDDDDD"]
        axis.stackplot(table.index, table.T.to_numpy(), labels=table.columns, colors=colours)
        axis.set(title=name, xlabel="Trial", ylabel="Weight", ylim=(0.0, 1.0))
        axis.set_xlim(table.index.min(), table.index.max())
        axis.legend(fontsize=7, loc="lower left")
    figure.savefig(path, dpi=130)
    plt.close(figure)
