"""The pages of a comparison: tables and tests as Markdown, with figures.

Of each mode there is one page with its regret, and one for each further question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pandas as pd

from studies.families import load
from studies.markdown import bold_best, rounded, to_markdown
from studies.plots import plot_critical_difference
from studies.results import read_results
from studies.statistics import friedman, wilcoxon_holm
from studies.tables.plots import plot_dots, plot_heat_map, plot_ranks, plot_regret
from studies.tables.runs import HEADER
from studies.tables.summaries import (
    COLD,
    MARGIN,
    MATCHED,
    OURS,
    RIVAL,
    add_regret,
    ask_times,
    by_family,
    error_table,
    harm_table,
    log_efficiency,
    mean_ranks,
    means_at,
    median_trials,
    quantile_table,
    rank_curves,
    regret_table,
    speed_up,
    task_means,
    trials_to_match,
    win_tie_loss,
)

# After so many trials tasks are compared one by one.
COMPARED = 25
_TIE = f"Tied is what differs by at most {MARGIN} in the mean over seeds."
_NEVER = (
    "By the mean over seeds. A sampler that never is as good counts with one trial more than "
    "there were, which flatters it. The median over tasks:"
)
_EFFICIENCY = (
    f"log2(a / b), where a is the number of these trials of `{RIVAL}` itself and b that of the "
    "sampler: 1 is half of the trials, 2 a quarter, -1 twice as many. The mean over tasks:"
)

# The page's name, its rows and the folder of its figures to the parts of the page.
Section = Callable[[str, pd.DataFrame, Path], list[str]]


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
    """Writes Markdown pages for each mode, with their figures, and prints them.

    A sampler that was given few of the past studies is named with how many. ``name`` is the page's
    instead of the mode's.
    """
    made = commands(rows)
    few = rows["sources"] > 0
    named = rows["sampler"] + " (" + rows["sources"].astype(str) + " past)"
    rows = add_regret(rows.assign(sampler=rows["sampler"].where(~few, named)))
    for mode in rows["mode"].unique().tolist():
        lines = [line for line in made if f"--mode {mode} " in line]
        for title, text in _pages(name or mode, rows[rows["mode"] == mode], out, lines).items():
            (out / f"{title}.md").write_text(text, encoding="utf-8")
            print(text)


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


def _pages(name: str, rows: pd.DataFrame, out: Path, made: Sequence[str]) -> dict[str, str]:
    """The texts of all pages by their names; the first leads to the others."""
    title, further = _title(name), {}
    for suffix, (question, section) in SECTIONS.items():
        if parts := section(name, rows, out):
            further[f"{name}-{suffix}"] = _text([f"# {title}: {question}", *parts])
    toctree = ["```{toctree}", ":maxdepth: 1", "", *further, "```"]
    chosen = " ".join(sorted(rows["sampler"].str.split(" ").str[0].unique()))
    report = f"report results.csv --samplers {chosen} --name {name} --out docs/results"
    commands = ["```bash", *made, f"python -m studies.compare {report}", "```"]
    parts = [f"# {title}", *_regret(name, rows, out), "## More", "\n".join(toctree)]
    return {name: _text([*parts, "## Commands", "\n".join(commands)]), **further}


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _text(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _regret(name: str, rows: pd.DataFrame, out: Path) -> list[str]:
    plot_regret(rows, out / f"{name}-regret.png")
    n_tasks = len(rows[["family", "task"]].drop_duplicates())
    parts = [
        f"{n_tasks} tasks, {rows['seed'].nunique()} seeds, "
        f"{rows['source_trials'].max()} trials of each past study. Regret is "
        "(best - value) / (best - median), at most 1. The tables tell its mean after so many "
        "trials, and that of the values of the trials 2 to 5 themselves, not of the best so far.",
        f"![Mean regret of each sampler]({name}-regret.png)",
    ]
    for family, part in by_family(rows).items():
        parts += [f"## {family}", to_markdown(bold_best(regret_table(part), 3))]
    return parts


def _spread(name: str, rows: pd.DataFrame, out: Path) -> list[str]:
    parts = []
    for family, part in by_family(rows).items():
        parts += [
            f"## {family}",
            "Standard error over seeds, of the mean over tasks:",
            to_markdown(rounded(error_table(part), 3)),
            "90 % quantile over tasks and seeds:",
            to_markdown(bold_best(quantile_table(part), 2)),
        ]
    return parts


def _tasks(name: str, rows: pd.DataFrame, out: Path) -> list[str]:
    trial = min(COMPARED, int(rows["trial"].max()))
    means = means_at(rows, trial)
    plot_heat_map(means, out / f"{name}-tasks.png")
    parts = [
        f"Regret after {trial} trials, the mean over seeds, in hundredths:",
        f"![Regret of each sampler on each task]({name}-tasks.png)",
    ]
    if {OURS, COLD} <= set(means):
        plot_dots(means, COLD, OURS, out / f"{name}-dots.png")
        parts += [
            "With past studies against without, a dot for each task; below the line they help:",
            f"![Regret with past studies against that without]({name}-dots.png)",
        ]
    if len(counts := win_tie_loss(rows, trial)):
        parts += [f"## {OURS} against each other", _TIE, to_markdown(counts)]
    if len(harm := harm_table(rows)):
        title = "## Harm against the same sampler without past studies"
        parts += [title, to_markdown(harm)]
    return parts


def _ranks(name: str, rows: pd.DataFrame, out: Path) -> list[str]:
    plot_ranks(rank_curves(rows), out / f"{name}-ranks.png")
    return [
        "Over tasks; families count alike.",
        f"![Mean rank over trials]({name}-ranks.png)",
        to_markdown(bold_best(mean_ranks(rows), 2)),
        *_tests(name, rows, out),
    ]


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
            f"{OURS} against each other sampler, p corrected by Holm. {_TIE}",
            to_markdown(wilcoxon_holm(means, OURS, MARGIN)),
            f"![Critical differences of mean ranks]({name})",
        ]
    return parts


def _effort(name: str, rows: pd.DataFrame, out: Path) -> list[str]:
    parts = []
    if len(needed := trials_to_match(rows)):
        efficiency = bold_best(log_efficiency(needed).T, 2, largest=True).T
        last = min(MATCHED, int(rows["trial"].max()))
        parts += [f"## Trials to be as good as {RIVAL} at {last}", _NEVER]
        parts += [to_markdown(bold_best(median_trials(needed).T, 0).T)]
        parts += ["## Log efficiency", _EFFICIENCY, to_markdown(efficiency)]
    if len(table := speed_up(rows)):
        parts += ["## Trials that GPSampler needs", to_markdown(table)]
    parts += [
        "## Time of asking",
        "The median in ms; looking the value up, or training live, is included.",
    ]
    return [*parts, to_markdown(bold_best(ask_times(rows).T, 1).T)]


SECTIONS: dict[str, tuple[str, Section]] = {
    "tasks": ("task by task", _tasks),
    "ranks": ("ranks", _ranks),
    "effort": ("trials and time", _effort),
    "spread": ("spread", _spread),
}
