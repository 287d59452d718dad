"""``optuna-metabo replay``: would past studies have saved trials?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.files import check_own, check_writable, replacing
from optuna_metabo.cli.options import require, say, set_log_level
from optuna_metabo.cli.output import aligned
from optuna_metabo.cli.storage import errors_of, open_storage
from optuna_metabo.logs import counted, one_line
from optuna_metabo.reading import some_of

if TYPE_CHECKING:
    from optuna_metabo.replay import Archive, Failed, Plan, Replay

_REPORT, _FIGURE = "report.html", "replay.svg"


@click.command()
@options.storage
@click.option(
    "--studies",
    multiple=True,
    default=["*"],
    help="A name or a glob: the studies that take part; may be repeated (default all).",
)
@click.option(
    "--targets",
    multiple=True,
    default=["*"],
    help="A name or a glob: those of them that are run again; may be repeated.",
)
@click.option("--chronological", is_flag=True, help="Learn only from what had ended before.")
@click.option(
    "--sampler",
    "samplers",
    multiple=True,
    help="A sampler to compare, repeatable; metagp-rgpe is our sampler with that surrogate. "
    "Whether past studies helped is told against metagp-cold, which is then run too.",
)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Runs.")
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="The most trials of a run.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes (default: as many as cores).")
@options.out("metabo-replay", help="Directory of the report, and of the runs so as to resume.")
@click.option(
    "-f",
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Of what is printed; JSON has every study and run.",
)
@options.verbosity
def command(
    storage: str,
    studies: tuple[str, ...],
    targets: tuple[str, ...],
    chronological: bool,
    samplers: tuple[str, ...],
    seeds: int,
    trials: int,
    jobs: int | None,
    out: Path,
    output_format: str,
) -> None:
    """Run the studies of a storage again: would past studies have saved trials?

    Samplers may only choose among the configurations that were run, and are told the values that
    were found. Nothing is written to the storage. Called again, it goes on where it stopped.
    """
    require(["jinja2", "matplotlib"], "replay")
    from optuna_metabo.replay import Replay, execute

    set_log_level()
    plan = _plan(samplers, seeds, trials)
    archive = _archive(storage, studies)
    with _names_of("--targets"):
        found, left_out = archive.targets(targets, chronological=chronological)
    _say_what(archive, len(found), left_out)
    _check_files(out)
    failed: list[Failed] = []

    def tell(one: Failed) -> None:
        """Says which run failed, and keeps it for the report."""
        say(f"failed: {one}")
        failed.append(one)

    runs = execute(
        found,
        plan,
        folder=out / "runs",
        jobs=jobs or os.cpu_count() or 1,
        progress=_progress,
        failed=tell,
    )
    replay = Replay.of(found, plan, runs, left_out, failed)
    _show(replay, out, output_format)
    _say_what_failed({n: why for n, why in replay.left_out.items() if n not in left_out})
    _end(failed, len(failed) + len(runs))


def _check_files(out: Path) -> None:
    """Raises before any work if what :func:`_show` writes would replace something else."""
    from optuna_metabo.replay.figure import SIGN

    check_own(out / _REPORT, b"<title>optuna-metabo replay</title>")
    check_own(out / _FIGURE, SIGN.encode())
    for name in (_REPORT, _FIGURE, "runs/run.json"):
        check_writable(out / name)


def _plan(samplers: tuple[str, ...], seeds: int, trials: int) -> Plan:
    from optuna_metabo.replay import Plan, default_orders
    from optuna_metabo.replay.orders import with_cold

    try:
        plan = Plan(with_cold(samplers or default_orders()), seeds, trials)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--sampler") from error
    added = [name for name in plan.samplers if samplers and name not in samplers]
    if added:
        say(f"Run too, to tell what past studies gain: {', '.join(added)}.")
    return plan


def _archive(storage: str, studies: Sequence[str]) -> Archive:
    from optuna_metabo.replay import Archive
    from optuna_metabo.replay.archive import reading_only

    open_storage(storage)  # says in words what is wrong with it
    with errors_of(storage), _names_of("--studies"):
        return Archive.read(open_storage(reading_only(storage)), studies)


@contextmanager
def _names_of(option: str) -> Iterator[None]:
    """In which names that match too few studies are an error that says whose names they are."""
    from optuna_metabo.replay.archive import TooFewNamed

    try:
        yield
    except TooFewNamed as error:
        raise click.ClickException(f"{option}: {error}") from error


def _say_what(archive: Archive, n_found: int, left_out: Mapping[str, str]) -> None:
    """How many studies are run again, and why others are not."""
    from optuna_metabo.replay.archive import told_of

    n_asked_for, n_all = n_found + len(left_out), len(archive.studies) + len(archive.unread)
    rest = f"; {n_all} take part" if n_all > n_asked_for else ""
    say(f"{n_found} of {counted(n_asked_for, 'study', 'studies')} can be replayed{rest}.")
    if left_out:
        say(f"left out: {told_of(left_out)}")


def _say_what_failed(left_out: Mapping[str, str]) -> None:
    """Which studies no table has since a sampler failed on them, and how to have them."""
    from optuna_metabo.replay.archive import told_of

    if left_out:
        say(
            f"left out of every table: {told_of(left_out)}. Samplers are compared on the same "
            "studies; name the others by --sampler, and these count."
        )


def _show(replay: Replay, out: Path, output_format: str) -> None:
    """Writes the report and its figure, and prints the table or everything."""
    from optuna_metabo.replay.figure import svg
    from optuna_metabo.replay.report import write_report
    from optuna_metabo.replay.tables import summary_table

    report, figure = out / _REPORT, out / _FIGURE
    with replacing(report) as new:
        write_report(new, replay)
    with replacing(figure) as new:
        new.write_text(svg(replay), encoding="utf-8")
    if output_format == "json":
        click.echo(json.dumps(replay.as_json(), allow_nan=False))
    else:
        click.echo(aligned(summary_table(replay)))
    say(f"Report: {report}\nFigure: {figure}")


def _end(failed: Sequence[Failed], n_runs: int) -> None:
    """An error if a run failed: a script is not to take the report for a whole one."""
    if failed:
        raise click.ClickException(
            f"{len(failed)} of {n_runs} runs failed, and the report is of the others: "
            f"{some_of(failed)}"
        )


def _progress(done: int, total: int, last: str) -> None:
    """A line from time to time, whatever the name of the study in it."""
    from optuna_metabo.explanation.names import IN_TEXT, short_name

    if done == total or done % max(total // 50, 1) == 0:
        name, comma, sampler = last.rpartition(", ")
        told = f": {short_name(one_line(name), IN_TEXT)}{comma}{sampler}" * bool(last)
        say(f"{done} of {counted(total, 'run')}{told}")
