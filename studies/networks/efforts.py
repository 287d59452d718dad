"""Tables of the experiment: what replayed runs needed and reached.

A run has reached the optimum when its best validation accuracy is within 1 % of the grid's best; a
run that never does counts with all its trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from studies.families.recorded import REPLAYED, recorded_table
from studies.results import read_results

WITHIN = 0.99
RUN = ["family", "task", "sampler", "seed"]
COSTS = ["seconds", "flops"]
TEST = ["test_accuracy", "test_precision", "test_recall", "test_f1"]
BUDGETS = (5, 10, 30)


def replay(results: Sequence[Path]) -> pd.DataFrame:
    """The trials with what the recorded tables know of them, and what was best and spent so far.

    metagp is named for where its sources come from, if not from the task's own data set alone.

    Raises:
        ValueError: If a file is no result file, or none has runs on recorded tables.
    """
    rows = read_results(results, [*RUN, "trial", "value", "seconds", "row"])
    rows = rows[rows["family"].isin(REPLAYED)].rename(columns={"seconds": "ask_seconds"})
    if rows.empty:
        raise ValueError(f"no runs of {sorted(REPLAYED)} in {', '.join(map(str, results))}")
    known = pd.concat([_known(task) for task in rows["task"].unique()])
    rows = rows.astype({"row": int}).merge(known, on=["task", "row"]).sort_values([*RUN, "trial"])
    by_run = rows.groupby(RUN)
    rows["best"] = by_run["value"].cummax()
    rows["seconds"], rows["flops"] = by_run["seconds"].cumsum(), by_run["flops"].cumsum()
    own = rows["family"] == rows["task"].str.split("/").str[0]
    wider = rows["family"].replace({"images": "same modality", "texts": "same modality"})
    name = rows["sampler"].where(own, rows["sampler"] + " (" + wider + ")")
    return rows.assign(sampler=name, dataset=rows["task"].str.split("/").str[0])


def _known(task: str) -> pd.DataFrame:
    """Costs and test scores of each row of a recorded table, and its optimum."""
    table = recorded_table(task)
    known = table[[*COSTS, *TEST]].assign(task=task, row=range(len(table)))
    return known.assign(optimum=table["accuracy"].max())


def efforts(rows: pd.DataFrame) -> pd.DataFrame:
    """For each run: trials, seconds and FLOPs until the optimum is reached, and whether it was."""
    reached = rows[rows["best"] >= WITHIN * rows["optimum"]].groupby([*RUN, "dataset"])
    columns = ["trial", *COSTS]
    first = reached[columns].min()
    whole = rows.groupby([*RUN, "dataset"])[columns].max()
    return first.reindex(whole.index).fillna(whole).assign(reached=whole.index.isin(first.index))


def effort_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Means over tasks and seeds, for each data set and over all."""
    named = {"trial": "trials", "seconds": "seconds", "flops": "TFLOP", "reached": "reached"}
    parts = {"all": runs}
    for dataset, part in runs.groupby("dataset"):
        parts[str(dataset)] = part
    tables = []
    for name, part in parts.items():
        table = part.groupby("sampler")[[*named]].mean().rename(columns=named)
        table["TFLOP"] /= 1e12
        table["reached"] = [f"{share:.0%}" for share in table["reached"]]
        table["trials / grid"] = [f"{n / 162:.1%}" for n in table["trials"]]
        tables.append(table.round({"trials": 1, "seconds": 0, "TFLOP": 2}).assign(dataset=name))
    joined = pd.concat(tables).reset_index().sort_values(["dataset", "trials"], kind="stable")
    return joined.set_index(["dataset", "sampler"])


def chosen_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean test scores of the configuration that was best on validation after so many trials."""
    found = []
    for budget in BUDGETS:
        until = rows[rows["trial"] <= budget].reset_index(drop=True)
        best = until.loc[until.groupby(RUN)["value"].idxmax()]
        found.append(best.groupby("sampler")[TEST].mean().assign(trials=budget))
    table = pd.concat(found).reset_index().set_index(["trials", "sampler"])
    return table.rename(columns=lambda name: name.removeprefix("test_")).round(3)


def side_by_side(runs: pd.DataFrame) -> pd.DataFrame:
    """Trials until the optimum, as shares of TPE's and GPSampler's too, for each architecture."""
    networks = runs["dataset"].map(lambda name: "MLP, bag" if "-" in name else "CNN, LSTM")
    tables = []
    for name, part in runs.groupby(networks):
        means = part.groupby("sampler")[["trial", "reached"]].mean()
        trials = means["trial"]
        table = pd.DataFrame({"trials": trials.round(1)})
        for rival in ("tpe", "gp"):
            table[f"/ {rival}"] = (trials / trials[rival]).round(2)
        table["reached"] = [f"{share:.0%}" for share in means["reached"]]
        tables.append(table.add_prefix(f"{name}: "))
    joined = pd.concat(tables, axis=1).dropna()
    return joined.sort_values(str(joined.columns[0]))


def harm(runs: pd.DataFrame) -> pd.DataFrame:
    """Tasks on which past studies cost trials: metagp against itself without any."""
    means = runs.groupby(["task", "sampler"])["trial"].mean().unstack()
    worse = means[means["metagp"] > means["metagp-cold"]]
    return worse[["metagp", "metagp-cold"]].round(1)
