"""Tables of regret from the rows of result files."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studies.families import load, short
from studies.regret import regret

CHECKPOINTS = (1, 3, 5, 10, 15, 25, 50)
OURS, COLD, RIVAL = "metagp", "metagp-cold", "gp"
HARM = 0.01
KEYS = ["family", "mode", "task", "sampler", "seed"]


def add_regret(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds ``regret``: (best - best so far) / (best - median), in [0, 1], and ``value_regret``.

    The latter is that of the trial's own value: what a user sees who watches the trials.
    The optimum and the median are those of the table; of a live task, the best and the median of
    all values in the file.
    """
    parts = []
    for (family, name), part in rows.groupby(["family", "task"], sort=False):
        task = load(family).task(name)
        values = part["value"]
        is_up = task.direction == "maximize"
        best = task.best if task.best is not None else values.max() if is_up else values.min()
        median = values.median() if task.median is None else task.median
        part = part.sort_values("trial", kind="stable")
        runs = part["value"].groupby([part[key] for key in KEYS])
        so_far = runs.cummax() if is_up else runs.cummin()
        own = regret(part["value"], best, median)
        parts.append(part.assign(regret=regret(so_far, best, median), value_regret=own))
    return pd.concat(parts)


def regret_table(rows: pd.DataFrame) -> pd.DataFrame:
    """For each family and sampler: mean (standard error) and 90 % quantile at the checkpoints.

    The standard error is over seeds, of the mean over tasks.
    """
    points = [point for point in CHECKPOINTS if point <= rows["trial"].max()]
    table: dict[tuple[str, str], dict[str, str]] = {}
    for (family, sampler), part in rows.groupby(["family", "sampler"]):
        cells = table[short(str(family)), str(sampler)] = {}
        for point in points:
            at = part[part["trial"] == point]
            seeds = at.groupby("seed")["regret"].mean()
            error = seeds.std(ddof=1) / np.sqrt(len(seeds)) if len(seeds) > 1 else np.nan
            quantile = at["regret"].quantile(0.9)
            cells[str(point)] = f"{seeds.mean():.3f} ({error:.3f}), {quantile:.2f}"
        early = part[part["trial"].between(2, 5)]
        cells["mean value of trials 2 to 5"] = f"{early['value_regret'].mean():.3f}"
        cells["ask, ms"] = f"{1000 * part['seconds'].median():.0f}"
    return pd.DataFrame.from_dict(table, orient="index").rename_axis(["family", "sampler"])


def task_means(rows: pd.DataFrame, trial: int) -> pd.DataFrame:
    """Mean regret over seeds at one trial: tasks by samplers, those that ran everywhere."""
    at = rows[rows["trial"] == trial]
    table = at.pivot_table(index=["family", "task"], columns="sampler", values="regret")
    return table.dropna(axis=1)


def mean_ranks(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean rank over tasks at each checkpoint and overall; families count alike."""
    columns = {}
    for point in [point for point in CHECKPOINTS if point <= rows["trial"].max()]:
        ranks = task_means(rows, point).rank(axis=1)
        columns[str(point)] = ranks.groupby("family").mean().mean()
    table = pd.DataFrame(columns)
    table["all"] = table.mean(axis=1)
    return table.sort_values("all").round(2).rename_axis("sampler")


def speed_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Trials that GPSampler needs for what MetaGPSampler has at 10 and at 15 trials."""
    table = {}
    for family, part in rows.groupby("family"):
        curves = part.pivot_table(index="trial", columns="sampler", values="regret")
        if not {OURS, RIVAL} <= set(curves.columns):
            continue
        cells = {}
        for point in (10, 15):
            reached = curves.index[curves[RIVAL] <= curves[OURS].get(point, -1.0)]
            cells[f"as good as {OURS} at {point}"] = (
                str(reached[0]) if len(reached) else f"> {curves.index.max()}"
            )
        table[short(str(family))] = cells
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("family")


def harm_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Tasks on which sources made the mean over seeds worse, and by how much at worst."""
    table = {}
    for point in [point for point in (25, 50) if point <= rows["trial"].max()]:
        means = rows[rows["trial"] == point].pivot_table(
            index=["family", "task"], columns="sampler", values="regret"
        )
        if not {OURS, COLD} <= set(means.columns):
            continue
        ours, cold = means[OURS], means[COLD]
        for family, part in (ours - cold).dropna().groupby("family"):
            ratio = ours.groupby("family").mean() / cold.groupby("family").mean()
            table[short(str(family)), point] = {
                "tasks": len(part),
                f"harmed by more than {HARM}": int((part > HARM).sum()),
                "worst harm": f"{part.max():.3f}",
                "mean regret / cold": f"{ratio[family]:.2f}",
            }
    frame = pd.DataFrame.from_dict(table, orient="index")
    return frame.rename_axis(["family", "trial"]) if len(frame) else frame
