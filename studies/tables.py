"""Tables and figures from the result files of :mod:`studies.compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from studies.families import load, short
from studies.plots import plot_critical_difference, plot_regret
from studies.statistics import friedman, wilcoxon_holm

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
        task = next(task for task in load(family).tasks if task.name == name)
        sign = 1.0 if task.direction == "maximize" else -1.0
        best = part["value"].mul(sign).max() if task.best is None else sign * task.best
        median = part["value"].mul(sign).median() if task.median is None else sign * task.median
        part = part.sort_values("trial", kind="stable")
        own = ((best - part["value"].mul(sign)) / (best - median)).clip(0.0, 1.0)
        so_far = part["value"].mul(sign).groupby([part[key] for key in KEYS]).cummax()
        regret = ((best - so_far) / (best - median)).clip(0.0, 1.0)
        parts.append(part.assign(regret=regret, value_regret=own))
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


def to_markdown(frame: pd.DataFrame) -> str:
    """A Markdown table with the index as its first columns."""
    flat = frame.reset_index().map(str)
    lines = [" | ".join(map(str, flat.columns)), " | ".join(["---"] * flat.shape[1])]
    lines += [" | ".join(row) for row in flat.itertuples(index=False)]
    return "\n".join(f"| {line} |" for line in lines)


def write_report(
    results: Sequence[Path], out: Path, name: str = "", samplers: Sequence[str] = ()
) -> None:
    """Writes one Markdown page for each mode, with its figures, and prints it.

    A sampler that was given few of the past studies is named with how many. ``name`` is the page's
    instead of the mode's; ``samplers`` are those kept, by default all.
    """
    rows = pd.concat(
        [pd.read_csv(path, dtype={"task": str}) for path in results], ignore_index=True
    )
    rows = rows[rows["sampler"].isin(samplers or rows["sampler"].unique())]
    made = commands(rows)
    few = rows["sources"] > 0
    named = rows["sampler"] + " (" + rows["sources"].astype(str) + " past)"
    rows = add_regret(rows.assign(sampler=rows["sampler"].where(~few, named)))
    out.mkdir(parents=True, exist_ok=True)
    for mode in rows["mode"].unique().tolist():
        title = name or mode
        lines = [line for line in made if f"--mode {mode} " in line]
        page = _page(title, rows[rows["mode"] == mode], out, lines)
        (out / f"{title}.md").write_text(page, encoding="utf-8")
        print(page)


def commands(rows: pd.DataFrame) -> list[str]:
    """The runs of :mod:`studies.compare` that make these rows."""
    lines = []
    keys = ["family", "mode", "sources", "source_trials"]
    for key, part in rows.groupby(keys, sort=False):
        family, mode, sources, source_trials = cast(tuple[str, str, int, int], key)
        seeds, trials = part["seed"].nunique(), part["trials"].max()
        options = [f"--families {family} --samplers {' '.join(part['sampler'].unique())}"]
        options += [f"--mode {mode} --seeds {seeds} --trials {trials}"]
        options += _chosen(family, set(part["task"]))
        options += [f"--sources {sources}"] * (sources > 0)
        options += [f"--source-trials {source_trials}"] * (source_trials != 50)
        lines.append(f"python -m studies.compare run {' '.join(options)} --out results.csv")
    return lines


def _chosen(family: str, tasks: set[str]) -> list[str]:
    """The options that choose these tasks of a family."""
    all_tasks = [task.name for task in load(family).tuned]
    every = -(-len(all_tasks) // len(tasks))
    if every > 1 and tasks == set(all_tasks[::every]):
        return [f"--every {every}"]
    return [f"--tasks {len(tasks)}"] * (len(tasks) < len(all_tasks))


def _page(name: str, rows: pd.DataFrame, out: Path, made: Sequence[str]) -> str:
    plot_regret(rows, out / f"{name}-regret.png")
    n_tasks = len(rows[["family", "task"]].drop_duplicates())
    parts = [
        f"# {name.replace('-', ' ').capitalize()}",
        f"{n_tasks} tasks, {rows['seed'].nunique()} seeds, "
        f"{rows['source_trials'].max()} trials of each past study. Regret is "
        "(best - value) / (best - median), at most 1.",
        f"![Mean regret of each sampler]({name}-regret.png)",
        "## Regret after so many trials: mean (standard error over seeds), 90 % quantile",
        to_markdown(regret_table(rows)),
        "## Mean rank over tasks",
        to_markdown(mean_ranks(rows)),
    ]
    for title, table in (
        ("Trials that GPSampler needs", speed_up(rows)),
        ("Harm against the same sampler without past studies", harm_table(rows)),
    ):
        if len(table):
            parts += [f"## {title}", to_markdown(table)]
    parts += _tests(name, rows, out)
    chosen = " ".join(sorted(rows["sampler"].str.split(" ").str[0].unique()))
    report = f"report results.csv --samplers {chosen} --name {name} --out docs/results"
    made = [*made, f"python -m studies.compare {report}"]
    parts += ["## Commands", "\n".join(["```bash", *made, "```"])]
    return "\n\n".join(parts) + "\n"


def _tests(page: str, rows: pd.DataFrame, out: Path) -> list[str]:
    parts = []
    for point in [point for point in (10, 25) if point <= rows["trial"].max()]:
        means = task_means(rows, point)
        if OURS not in means or means.shape[1] < 3 or len(means) < 5:
            continue
        statistic, p = friedman(means)
        name = f"{page}-ranks-{point}.png"
        plot_critical_difference(means, out / name)
        parts += [
            f"## Tests over tasks, after {point} trials",
            f"Friedman: chi² = {statistic:.1f}, p = {p:.2g}. Wilcoxon signed-rank tests of "
            f"{OURS} against each other sampler, p corrected by Holm:",
            to_markdown(wilcoxon_holm(means, OURS)),
            f"![Critical differences of mean ranks]({name})",
        ]
    return parts
