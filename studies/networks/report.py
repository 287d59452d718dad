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

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import optuna
import pandas as pd

from optuna_metabo import MetaGPSampler
from studies.commands import command, existing_file
from studies.families import load
from studies.markdown import to_markdown
from studies.networks.efforts import (
    chosen_scores,
    effort_table,
    efforts,
    harm,
    replay,
    side_by_side,
)
from studies.networks.live import live_table
from studies.networks.plots import plot_curves, plot_shares
from studies.past import others, past_studies
from studies.plots import plot_critical_difference
from studies.statistics import friedman, wilcoxon_holm


@dataclass(frozen=True)
class Part:
    """A part of the report: any of a title, a paragraph, a table and the file of a figure."""

    title: str = ""
    text: str = ""
    table: pd.DataFrame | None = None
    figure: str = ""

    @property
    def caption(self) -> str:
        """What the figure shows."""
        return self.title or "Critical differences of mean ranks"


def source_weights(task: str, *, trials: int = 30) -> pd.DataFrame:
    """Weights of the sources after each trial of one run, a row a trial."""
    family = load(task.split("/")[0])
    index = family.index(task)
    sampler = MetaGPSampler(past_studies(family.name, others(family.name, index), 0), seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    rows = []
    for _ in range(trials):
        study.optimize(family.tasks[index].objective, n_trials=1)
        explanation = sampler.explain(study)
        rows.append({source.name: source.weight for source in explanation.sources})
    table = pd.DataFrame(rows, index=range(1, trials + 1)).sort_index(axis=1)
    return table.assign(**{"without past studies": 1.0 - table.sum(axis=1)})


def make_parts(replayed: pd.DataFrame, out: Path) -> list[Part]:
    """Every table, and the figures in the folder."""
    every_run = efforts(replayed).reset_index()
    rows = replayed[~replayed["dataset"].str.contains("-")]
    runs = every_run[~every_run["dataset"].str.contains("-")]
    counts = f"{rows['task'].nunique()} tasks, {rows['seed'].nunique()} seeds"
    replication = "Replication: trials until within 1 % of the grid's optimum"
    return [
        *_curves(rows, f"Means over {counts}.", out),
        Part("Effort until within 1 % of the grid's optimum", table=effort_table(runs)),
        Part("Test scores of the chosen configuration", table=chosen_scores(rows)),
        *_tests(runs, out),
        Part("Tasks on which past studies cost trials", table=harm(runs)),
        Part(replication, table=side_by_side(every_run)),
        _weights(rows, out),
    ]


def _curves(rows: pd.DataFrame, text: str, out: Path) -> list[Part]:
    for x, name in (("trial", "trials"), ("seconds", "seconds")):
        plot_curves(rows, x, out / f"best-over-{name}.png")
    return [
        Part("Best validation accuracy", text, figure="best-over-trials.png"),
        Part("The same over seconds of training", figure="best-over-seconds.png"),
    ]


def _tests(runs: pd.DataFrame, out: Path) -> list[Part]:
    """Tests over tasks of the samplers that ran on all of them."""
    trials = runs.pivot_table(index="task", columns="sampler", values="trial").dropna(axis=1)
    statistic, p = friedman(trials)
    plot_critical_difference(trials, out / "ranks.png")
    text = (
        f"Friedman: chi² = {statistic:.1f}, p = {p:.2g}. Wilcoxon signed-rank tests of metagp "
        "against each other sampler, p corrected by Holm:"
    )
    return [
        Part("Tests over tasks, of the trials to the optimum", text),
        Part(table=wilcoxon_holm(trials, "metagp"), figure="ranks.png"),
    ]


def _weights(rows: pd.DataFrame, out: Path) -> Part:
    tasks = sorted(rows.groupby("dataset")["task"].min())
    plot_shares({task: source_weights(task) for task in tasks}, out / "weights.png")
    return Part("Weights of the past studies in one run each", figure="weights.png")


def markdown(parts: Sequence[Part]) -> str:
    """The report as Markdown, with its figures beside it."""
    blocks = ["# Tables and figures of the experiment"]
    for part in parts:
        blocks += [f"## {part.title}"] * bool(part.title) + [part.text] * bool(part.text)
        if part.table is not None and len(part.table):
            blocks.append(to_markdown(part.table))
        blocks += [f"![{part.caption}]({part.figure})"] * bool(part.figure)
    return "\n\n".join(blocks) + "\n"


def page(parts: Sequence[Part], out: Path) -> str:
    """The report as one HTML page that holds its figures, which stand in ``out``."""
    folder = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=folder, autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["inlined"] = lambda figure: base64.b64encode(
        (out / figure).read_bytes()
    ).decode()
    return environment.get_template("report.html.jinja").render(parts=parts)


def write(parts: Sequence[Part], out: Path) -> None:
    """Writes the report twice, as Markdown and as a page."""
    (out / "tables.md").write_text(markdown(parts), encoding="utf-8")
    (out / "report.html").write_text(page(parts, out), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = command("report", __doc__)
    parser.add_argument("results", type=existing_file, nargs="+", help="files of studies.compare")
    parser.add_argument("--live", nargs="+", default=[], help="storages of studies.tune")
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    options = parser.parse_args(argv)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    live = []
    with parser.refusing():
        rows = replay(options.results)
        options.out.mkdir(parents=True, exist_ok=True)
        if options.live:
            live = [Part("Live runs, means over their seeds", table=live_table(options.live))]
    write([*make_parts(rows, options.out), *live], options.out)


if __name__ == "__main__":
    main()
