"""The page of a comparison: tables and tests as Markdown, with figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pandas as pd

from studies.families import load
from studies.markdown import to_markdown
from studies.plots import plot_critical_difference
from studies.results import read_results
from studies.statistics import friedman, wilcoxon_holm
from studies.tables.plots import plot_regret
from studies.tables.runs import HEADER
from studies.tables.summaries import (
    OURS,
    add_regret,
    harm_table,
    mean_ranks,
    regret_table,
    speed_up,
    task_means,
)


def selected(results: Sequence[Path], samplers: Sequence[str]) -> pd.DataFrame:
    """The rows of some result files, of these samplers or, by default, of all.

    Raises:
        ValueError: If a file is no result file, or holds nothing of a sampler.
    """
    rows = read_results(results, HEADER)
    unknown = set(samplers) - set(rows["sampler"])
    if unknown:
        raise ValueError(f"no runs of {sorted(unknown)} in {', '.join(map(str, results))}")
    return rows[rows["sampler"].isin(samplers or rows["sampler"].unique())]


def write_report(rows: pd.DataFrame, out: Path, name: str = "") -> None:
    """Writes one Markdown page for each mode, with its figures, and prints it.

    A sampler that was given few of the past studies is named with how many. ``name`` is the page's
    instead of the mode's.
    """
    made = commands(rows)
    few = rows["sources"] > 0
    named = rows["sampler"] + " (" + rows["sources"].astype(str) + " past)"
    rows = add_regret(rows.assign(sampler=rows["sampler"].where(~few, named)))
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
    names = [task.name for task in load(family).tuned]
    every = -(-len(names) // len(tasks))
    if every > 1 and tasks == set(names[::every]):
        return [f"--every {every}"]
    return [f"--tasks {len(tasks)}"] * (len(tasks) < len(names))


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
