"""The group of commands: a command's module is imported when the command is called."""

from __future__ import annotations

import errno
import keyword
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem


class Interrupted(click.ClickException):
    """Ctrl-C; 128 and the number of the signal, as shells count."""

    exit_code = 130


class Commands(click.Group):
    """Commands that are known by name and summary, and loaded when they are called.

    That of ``a-b`` is the object ``command`` of the module ``a_b``; one that is a keyword has an
    underscore after it. Help and completion load none.

    Args:
        summaries: For each command a line of help.
        package: Where the modules of the commands are.
    """

    def __init__(
        self, *args: Any, summaries: Mapping[str, str], package: str, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._summaries = summaries
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a user needs them."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command."""
        if cmd_name not in self._summaries:
            return None
        name = cmd_name.replace("-", "_") + "_" * keyword.iskeyword(cmd_name)
        command: click.Command = import_module(f"{self._package}.{name}").command
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, and the options of the group, that begin so."""
        names = [
            CompletionItem(name, help=summary)
            for name, summary in self._summaries.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command that is called; every error becomes one of Click's."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what matters to the user is in the log too
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted(
                "interrupted; no output was replaced, run the command again"
            ) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params["debug"] or getattr(error, "errno", None) == errno.EPIPE:
                raise
            raise click.ClickException(in_one_line(error)) from error


def in_one_line(error: Exception) -> str:
    """An error as a user reads it: what is wrong, and for a fault of ours how to see where."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, (ValueError, OSError, ImportError, RuntimeError)) or _of_storage(error):
        return reason(error)
    return f"unexpected {type(error).__name__}: {error} (--debug before the command shows where)"


def _of_storage(error: Exception) -> bool:
    from optuna_metabo.reading import reading_errors

    return isinstance(error, reading_errors()) and not isinstance(error, KeyError)


def reason(error: Exception) -> str:
    """The first line of what is wrong; of an error of a backend, that from which it came."""
    from optuna_metabo.reading import cause, first_line

    return first_line(cause(error))
