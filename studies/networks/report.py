"""The experiment's figures, tables and tests, from replayed grids.

    python -m studies.compare run --families mnist cifar10 imdb ag_news images texts everything \
        --samplers random grid tpe gp metagp metagp-cold --seeds 10 --trials 60 --out grids.csv
    python -m studies.report grids.csv --live sqlite:///live.db --out docs/experiment

Families of other architectures, such as `mnist-mlp`, are the replication, set beside the main
experiment. `--live` adds what studies of `studies.tune` reached. Writes PNG figures, the tables as
`tables.md`, and one self-contained `report.html`. A run has reached the optimum when its best
validation accuracy is within 1 % of the grid's best; a run that never does counts with all its
trials.
"""

from __future__ import annotations

import argparse
import base64
import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
from optuna.trial import TrialState

from optuna_metabo import MetaGPSampler
from studies.families import RECORDED, REPLAYED, load
from studies.statistics import friedman, wilcoxon_holm
from studies.tables.compare import past_study
from studies.tables.plots import plot_critical_difference, plot_curves, plot_shares
from studies.tables.summaries import to_markdown

WITHIN = 0.99
RUN = ["family", "task", "sampler", "seed"]
COSTS = ["seconds", "flops"]
# A title, a paragraph or table, and the file of a figure.
Part = tuple[str, str | pd.DataFrame, str]
TEST = ["test_accuracy", "test_precision", "test_recall", "test_f1"]
BUDGETS = (5, 10, 30)
LIVE_BUDGETS = (1, 3, 6, 10, 20)


def replay(results: Sequence[Path]) -> pd.DataFrame:
    """The trials with what the recorded tables know of them, and what was best and spent so far.

    metagp is named for where its sources come from, if not from the task's own data set alone.
    """
    rows = pd.concat([pd.read_csv(path) for path in results], ignore_index=True)
    rows = rows[rows["family"].isin(REPLAYED)].rename(columns={"seconds": "ask_seconds"})
    tables = []
    for task in rows["task"].unique():
        table = pd.read_csv(RECORDED / f"{task}.csv")
        known = table[[*COSTS, *TEST]].assign(task=task, row=range(len(table)))
        tables.append(known.assign(optimum=table["accuracy"].max()))
    rows = rows.astype({"row": int}).merge(pd.concat(tables), on=["task", "row"])
    rows = rows.sort_values([*RUN, "trial"])
    by_run = rows.groupby(RUN)
    rows["best"] = by_run["value"].cummax()
    rows["seconds"], rows["flops"] = by_run["seconds"].cumsum(), by_run["flops"].cumsum()
    own = rows["family"] == rows["task"].str.split("/").str[0]
    wider = rows["family"].replace({"images": "same modality", "texts": "same modality"})
    name = rows["sampler"].where(own, rows["sampler"] + " (" + wider + ")")
    return rows.assign(sampler=name, dataset=rows["task"].str.split("/").str[0])


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


def live_table(storages: Sequence[str]) -> pd.DataFrame:
    """Means over seeds and tasks of the studies that `studies.tune` names itself."""
    rows = []
    for url in storages:
        for study in optuna.get_all_study_names(url):
            parts = study.split("/")
            if len(parts) != 5:
                continue
            dataset, task, _, space, run = parts
            loaded = optuna.load_study(study_name=study, storage=url)
            trials = loaded.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            best = np.maximum.accumulate([trial.values[0] for trial in trials])
            row = {"space": space, "task": f"{dataset}/{task}", "sampler": run.rsplit("-", 1)[0]}
            row |= {f"best at {n}": best[n - 1] for n in LIVE_BUDGETS if n <= len(best)}
            row["test accuracy"] = loaded.user_attrs.get("test_accuracy", np.nan)
            row["hours"] = sum(trial.user_attrs["seconds"] for trial in trials) / 3600
            row["device hours"] = (
                sum(trial.user_attrs["device_seconds"] for trial in trials) / 3600
            )
            rows.append(row)
    groups = pd.DataFrame(rows).groupby(["space", "task", "sampler"])
    columns = [f"best at {n}" for n in LIVE_BUDGETS] + ["test accuracy", "hours", "device hours"]
    table = groups.mean().reindex(columns=columns).dropna(axis=1, how="all").round(3)
    return table.astype(object).where(table.notna(), "").assign(runs=groups.size())


def harm(runs: pd.DataFrame) -> pd.DataFrame:
    """Tasks on which past studies cost trials: metagp against itself without any."""
    means = runs.groupby(["task", "sampler"])["trial"].mean().unstack()
    worse = means[means["metagp"] > means["metagp-cold"]]
    return worse[["metagp", "metagp-cold"]].round(1)


def source_weights(task: str, *, trials: int = 30) -> pd.DataFrame:
    """Weights of the sources after each trial of one run, a row a trial."""
    family = load(task.split("/")[0])
    index = next(i for i, one in enumerate(family.tasks) if one.name == task)
    others = [i for i in range(len(family.tasks)) if i != index]
    sampler = MetaGPSampler([past_study(family.name, i, 0, 50) for i in others], seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    rows = []
    for _ in range(trials):
        study.optimize(family.tasks[index].objective, n_trials=1)
        explanation = sampler.explain(study)
        rows.append({source.name: source.weight for source in explanation.sources})
    table = pd.DataFrame(rows, index=range(1, trials + 1)).sort_index(axis=1)
    return table.assign(**{"without past studies": 1.0 - table.sum(axis=1)})


def write(results: Sequence[Path], out: Path, live: Sequence[str] = ()) -> None:
    """Makes every figure and table."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    out.mkdir(parents=True, exist_ok=True)
    rows = replay(results)
    every_run = efforts(rows).reset_index()
    rows = rows[~rows["dataset"].str.contains("-")]
    runs = every_run[~every_run["dataset"].str.contains("-")]
    for x, name in (("trial", "trials"), ("seconds", "seconds")):
        plot_curves(rows, x, out / f"best-over-{name}.png")
    tasks = sorted(rows.groupby("dataset")["task"].min())
    plot_shares({task: source_weights(task) for task in tasks}, out / "weights.png")
    everywhere = runs.pivot_table(index="task", columns="sampler", values="trial").dropna(axis=1)
    statistic, p = friedman(everywhere)
    plot_critical_difference(everywhere, out / "ranks.png")
    counts = f"{rows['task'].nunique()} tasks, {rows['seed'].nunique()} seeds"
    parts: list[Part] = [
        ("Best validation accuracy", f"Means over {counts}.", "best-over-trials.png"),
        ("The same over seconds of training", "", "best-over-seconds.png"),
        ("Effort until within 1 % of the grid's optimum", effort_table(runs), ""),
        ("Test scores of the chosen configuration", chosen_scores(rows), ""),
        (
            "Tests over tasks, of the trials to the optimum",
            f"Friedman: chi² = {statistic:.1f}, p = {p:.2g}. Wilcoxon signed-rank tests of metagp "
            "against each other sampler, p corrected by Holm:",
            "",
        ),
        ("", wilcoxon_holm(everywhere, "metagp"), "ranks.png"),
        ("Tasks on which past studies cost trials", harm(runs), ""),
        (
            "Replication: trials until within 1 % of the grid's optimum",
            side_by_side(every_run),
            "",
        ),
        ("Weights of the past studies in one run each", "", "weights.png"),
    ]
    if live:
        parts.append(("Live runs, means over their seeds", live_table(live), ""))
    (out / "tables.md").write_text(_markdown(parts), encoding="utf-8")
    (out / "report.html").write_text(_page(parts, out), encoding="utf-8")


def _markdown(parts: Sequence[Part]) -> str:
    blocks = ["# Tables and figures of the experiment"]
    for title, body, figure in parts:
        blocks += [f"## {title}"] if title else []
        blocks += [body if isinstance(body, str) else to_markdown(body)] if len(body) else []
        blocks += [f"![{title or 'Critical differences of mean ranks'}]({figure})"] * bool(figure)
    return "\n\n".join(blocks) + "\n"


def _page(parts: Sequence[Part], out: Path) -> str:
    blocks = []
    for title, body, figure in parts:
        blocks += [f"<h2>{html.escape(title)}</h2>"] if title else []
        text = f"<p>{html.escape(body)}</p>" if isinstance(body, str) else body.to_html(border=0)
        blocks.append(text)
        if figure:
            data = base64.b64encode((out / figure).read_bytes()).decode()
            blocks.append(f'<img src="data:image/png;base64,{data}">')
    style = "body{font-family:sans-serif;max-width:70rem;margin:2rem auto}img{max-width:100%}"
    style += "td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}"
    head = f'<meta charset="utf-8"><title>Experiment</title><style>{style}</style>'
    return f"<!doctype html>{head}<h1>Tuning with and without past studies</h1>{''.join(blocks)}"


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m studies.report", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("results", type=Path, nargs="+", help="files of studies.compare")
    parser.add_argument("--live", nargs="+", default=[], help="storages of studies.tune")
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    options = parser.parse_args(argv)
    write(options.results, options.out, options.live)


if __name__ == "__main__":
    main()
