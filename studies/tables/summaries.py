"""Tables of numbers from the rows of result files, before they are rounded and written down."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studies.families import load, short
from studies.regret import regret

CHECKPOINTS = (1, 3, 5, 10, 15, 25, 50)
OURS, COLD, RIVAL = "metagp", "metagp-cold", "gp"
EARLY = "mean value of trials 2 to 5"
# Differences of mean regret that count for nothing.
MARGIN = 0.01
# How good is GPSampler after so many trials? That is what is to be matched.
MATCHED = 50
# Of equal regrets: sums in another order differ by less.
_EQUAL = 1e-9
RUN = ["family", "mode", "task", "sampler", "seed"]
TASK = ["family", "task"]


def add_regret(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds ``regret``: (best - best so far) / (best - median), in [0, 1], and ``value_regret``.

    The latter is that of the trial's own value: what a user sees who watches the trials.
    The optimum and the median are those of the table; of a live task, the best and the median of
    all values in the file.
    """
    parts = []
    for (family, name), part in rows.groupby(TASK, sort=False):
        task = load(family).task(name)
        values = part["value"]
        is_up = task.direction == "maximize"
        best = task.best if task.best is not None else values.max() if is_up else values.min()
        median = values.median() if task.median is None else task.median
        part = part.sort_values("trial", kind="stable")
        runs = part["value"].groupby([part[key] for key in RUN])
        so_far = runs.cummax() if is_up else runs.cummin()
        own = regret(part["value"], best, median)
        parts.append(part.assign(regret=regret(so_far, best, median), value_regret=own))
    return pd.concat(parts)


def checkpoints(rows: pd.DataFrame) -> list[int]:
    """The numbers of trials after which regret is told."""
    return [point for point in CHECKPOINTS if point <= rows["trial"].max()]


def by_family(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each family, by its short name."""
    return {short(str(family)): part for family, part in rows.groupby("family")}


def regret_table(rows: pd.DataFrame) -> pd.DataFrame:
    """One family's mean regret: samplers by checkpoints, and the mean of early values."""
    early = rows[rows["trial"].between(2, 5)].groupby("sampler")["value_regret"].mean()
    return _seeds(rows).groupby("sampler").mean().assign(**{EARLY: early})


def error_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The standard errors over seeds of :func:`regret_table`; NaN with one seed."""
    return _seeds(rows).groupby("sampler").sem()


def quantile_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The 90 % quantiles of regret over one family's tasks and seeds."""
    at = rows[rows["trial"].isin(checkpoints(rows))]
    return at.groupby(["sampler", "trial"])["regret"].quantile(0.9).unstack()


def _seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over tasks: samplers and seeds by checkpoints."""
    at = rows[rows["trial"].isin(checkpoints(rows))]
    return at.pivot_table(index=["sampler", "seed"], columns="trial", values="regret")


def means_at(rows: pd.DataFrame, trial: int) -> pd.DataFrame:
    """Mean regret over seeds at one trial: tasks by samplers, NaN where one did not run."""
    at = rows[rows["trial"] == trial]
    return at.pivot_table(index=TASK, columns="sampler", values="regret")


def task_means(rows: pd.DataFrame, trial: int) -> pd.DataFrame:
    """:func:`means_at` of the samplers that ran everywhere."""
    return means_at(rows, trial).dropna(axis=1)


def rank_curves(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean rank over tasks: trials by samplers; families count alike."""
    curves = {
        trial: task_means(rows, trial).rank(axis=1).groupby("family").mean().mean()
        for trial in sorted(rows["trial"].unique())
    }
    return pd.DataFrame(curves).T.rename_axis("trial")


def mean_ranks(rows: pd.DataFrame) -> pd.DataFrame:
    """Samplers by checkpoints, and their mean over checkpoints, by which they are ordered."""
    table = rank_curves(rows[rows["trial"].isin(checkpoints(rows))]).T
    table["all"] = table.mean(axis=1)
    return table.sort_values("all").rename_axis("sampler")


def win_tie_loss(rows: pd.DataFrame, trial: int) -> pd.DataFrame:
    """Tasks on which ours is better, as good within the margin, and worse than each other."""
    means, table = means_at(rows, trial), {}
    for name in [name for name in means if name != OURS and OURS in means]:
        difference = (means[OURS] - means[name]).dropna()
        won, lost = int((difference < -MARGIN).sum()), int((difference > MARGIN).sum())
        table[name] = {"won": won, "tied": len(difference) - won - lost, "lost": lost}
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("sampler")


def trials_to_match(rows: pd.DataFrame) -> pd.DataFrame:
    """Trials until a sampler is as good as GPSampler after 50, or after as many as there are.

    Good is the mean regret over seeds. A sampler that never is counts with one trial more than
    there are, which flatters it.

    Returns:
        Tasks by samplers; without a column where GPSampler did not run.
    """
    last = min(MATCHED, rows["trial"].max())
    until = rows[rows["trial"] <= last]
    curves = until.pivot_table(index=TASK, columns=["sampler", "trial"], values="regret")
    if (RIVAL, last) not in curves:
        return pd.DataFrame()
    goal = curves[RIVAL, last].dropna() + _EQUAL
    samplers = curves.columns.get_level_values("sampler").unique()
    return pd.DataFrame({s: _first(curves[s].loc[goal.index], goal, last + 1) for s in samplers})


def _first(curves: pd.DataFrame, goal: pd.Series, never: int) -> pd.Series:
    """The first trial (column) of each task (row) at which the goal is reached."""
    reached = curves.le(goal, axis=0)
    first = reached.idxmax(axis=1).where(reached.any(axis=1), never)
    return first.where(curves.notna().any(axis=1)).astype(float)


def median_trials(needed: pd.DataFrame) -> pd.DataFrame:
    """The median of :func:`trials_to_match` over tasks, families by samplers."""
    medians = needed.groupby("family").quantile(0.5, interpolation="higher")
    return medians.rename(index=short)


def log_efficiency(needed: pd.DataFrame) -> pd.DataFrame:
    """log2(GPSampler's trials / the sampler's), the mean over a family's tasks.

    So 1 is half of GPSampler's trials, 2 a quarter, and -1 twice as many. After the measure of
    Song et al. 2024 ("The Vizier Gaussian process bandit algorithm"), at one goal.

    Args:
        needed: Of :func:`trials_to_match`.

    Returns:
        Families by samplers.
    """
    logs = np.log2(needed.rdiv(needed[RIVAL], axis=0))
    return logs.groupby("family").mean().rename(index=short)


def ask_times(rows: pd.DataFrame) -> pd.DataFrame:
    """The median time of asking in ms, families by samplers.

    It includes looking the value up, and of a live task the training.
    """
    times = rows.groupby(["family", "sampler"])["seconds"].median().unstack()
    return 1000.0 * times.rename(index=short)


def speed_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Trials that GPSampler needs for what MetaGPSampler has at 10 and at 15 trials."""
    table = {}
    for family, part in by_family(rows).items():
        curves = part.pivot_table(index="trial", columns="sampler", values="regret")
        if not {OURS, RIVAL} <= set(curves.columns):
            continue
        cells = {}
        for point in (10, 15):
            reached = curves.index[curves[RIVAL] <= curves[OURS].get(point, -1.0)]
            cells[f"as good as {OURS} at {point}"] = (
                str(reached[0]) if len(reached) else f"> {curves.index.max()}"
            )
        table[family] = cells
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("family")


def harm_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Tasks on which sources made the mean over seeds worse, and by how much at worst."""
    table = {}
    for point in [point for point in (25, 50) if point <= rows["trial"].max()]:
        means = means_at(rows, point)
        if not {OURS, COLD} <= set(means.columns):
            continue
        ours, cold = means[OURS], means[COLD]
        for family, part in (ours - cold).dropna().groupby("family"):
            ratio = ours.groupby("family").mean() / cold.groupby("family").mean()
            table[short(str(family)), point] = {
                "tasks": len(part),
                f"harmed by more than {MARGIN}": int((part > MARGIN).sum()),
                "worst harm": f"{part.max():.3f}",
                "mean regret / cold": f"{ratio[family]:.2f}",
            }
    frame = pd.DataFrame.from_dict(table, orient="index")
    return frame.rename_axis(["family", "trial"]) if len(frame) else frame
