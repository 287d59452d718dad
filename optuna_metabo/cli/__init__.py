"""The ``optuna-metabo`` command, in the manner of Optuna's: one module a command.

Data go to stdout and messages to stderr. The exit code is 0, or 1 for what could not be done, 2
for a command line that cannot be right, 130 after Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.commands import Commands

COMMANDS = {
    "prior": "Past studies and what is learned from them, as one file.",
    "import": "Trials from elsewhere, a CSV file, as a past study.",
    "demo": "Tune a new task with and without past studies, and compare.",
    "sources": "Show which past studies would serve a study, how well, and why not the others.",
    "explain": "Say what led to each trial of a study: past studies, or its own values.",
    "plot": "Draw how much past studies count, how they agree, and what is believed.",
    "dashboard": "Put figures and the explanation on a study's page in optuna-dashboard.",
    "replay": "Run the studies of a storage again: would past studies have saved trials?",
}


@click.group(
    cls=Commands,
    summaries=COMMANDS,
    package=__name__,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="optuna-metabo", message="%(prog)s %(version)s")
@click.option(
    "--storage",
    envvar="OPTUNA_STORAGE",
    show_envvar=True,
    help="URL of the storage, such as sqlite:///studies.db; a file of Optuna's journal; redis://.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@options.verbosity
def optuna_metabo(storage: str | None, debug: bool) -> None:
    """Transfer learning for Optuna: a new study starts with what finished studies know."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    try:
        code = optuna_metabo.main(
            None if arguments is None else list(arguments),
            prog_name="optuna-metabo",
            standalone_mode=False,
        )
    except click.ClickException as error:
        click.echo(_line(error), err=True)
        return error.exit_code
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0


def _line(error: click.ClickException) -> str:
    """What went wrong, after the command that says so."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    context = getattr(error, "ctx", None) or getattr(error, "context", None)
    name = context.command_path if context else "optuna-metabo"
    hint = f" (see {name} --help)" if isinstance(error, click.UsageError) else ""
    return f"{name}: {' '.join(error.format_message().split())}{hint}"
