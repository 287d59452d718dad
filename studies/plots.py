"""Figures of a comparison, by Matplotlib."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import scikit_posthocs as sp

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
    for axis, family in zip(axes.flat, families, strict=False):
        for sampler, part in rows[rows["family"] == family].groupby("sampler"):
            seeds = part.groupby(["trial", "seed"])["regret"].mean().unstack()
            mean = seeds.mean(axis=1)
            error = seeds.std(axis=1, ddof=1) / np.sqrt(seeds.shape[1])
            axis.plot(mean.index, mean, label=sampler, **styles[str(sampler)])
            axis.fill_between(
                mean.index, mean - error, mean + error, alpha=0.12, lw=0,
                color=styles[str(sampler)]["color"],
            )  # fmt: skip
        axis.set(title=Path(str(family)).stem, xlabel="Trial", ylabel="Mean regret", yscale="log")
        axis.set_ylim(bottom=max(axis.get_ylim()[0], 1e-3), top=1.1)
        axis.grid(alpha=0.3)
    for axis in list(axes.flat)[len(families) :]:
        axis.remove()
    lines, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=5, fontsize=8)
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
