"""``optuna-metabo demo``: past studies, then a new task tuned with and without them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.files import check_free, replacing
from optuna_metabo.cli.options import require, say, set_log_level
from optuna_metabo.cli.output import aligned
from optuna_metabo.cli.progress import progress
from optuna_metabo.demo import MISLEADING
from optuna_metabo.logs import counted

if TYPE_CHECKING:
    from optuna_metabo.demo.run import Plan, Result


@click.command()
@options.out("metabo-demo", help="Directory of the report and the studies.")
@click.option("--seeds", type=click.IntRange(min=1), help="Runs of each sampler (default 8).")
@click.option("--trials", type=click.IntRange(min=1), help="Trials of each run (default 20).")
@click.option("--quick", is_flag=True, help="3 runs instead of 8.")
@options.force
@options.verbosity
def command(out: Path, seeds: int | None, trials: int | None, quick: bool, force: bool) -> None:
    """Tune a new task with and without past studies, and compare."""
    require(["jinja2", "plotly", "sklearn"], "demo")
    from optuna_metabo.demo.report import write_report
    from optuna_metabo.demo.run import Plan, run_demo

    set_log_level()
    plan = Plan(seeds=3) if quick else Plan()
    plan = replace(plan, seeds=seeds or plan.seeds, trials=trials or plan.trials)
    database, report = out / "studies.db", out / "report.html"
    check_free(database, force=force, sign=MISLEADING.name.encode())
    check_free(report, force=force, sign=b"<title>optuna-metabo demo</title>")
    with (
        replacing(report) as new_report,
        replacing(database) as new_database,
        progress(plan.n_trials, "trials") as step,
    ):
        result = run_demo(new_database, plan, step)
        write_report(new_report, result, plan, _command(plan))
    _print(result, plan)
    say(f"\nReport:   {report}\nStudies:  {database}")
    say(f"See them: pip install optuna-dashboard && optuna-dashboard sqlite:///{database}")


def _command(plan: Plan) -> str:
    return f"optuna-metabo demo --seeds {plan.seeds} --trials {plan.trials}"


def _print(result: Result, plan: Plan) -> None:
    from optuna_metabo.demo.run import table

    click.echo(f"Mean best accuracy on the new task over {counted(plan.seeds, 'run')}\n")
    click.echo(aligned(table(result)))
    for name, reason in result.skipped.items():
        click.echo(f"\n{name} took no part: {reason}.")
    click.echo(
        f"\nWhich past studies were used, after {counted(plan.trials, 'trial')} of the first run"
    )
    click.echo(f"({MISLEADING.name} misleads: it logged its error as if it were its accuracy;")
    click.echo("how little that costs is the difference between the first two rows)\n")
    click.echo(result.explanation)
