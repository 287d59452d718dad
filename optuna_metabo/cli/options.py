"""What several commands share: options, and what the user is told while a command runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "json", "yaml", "value")
_VERBOSITY = "optuna_metabo.verbosity"


def verbosity(function: F) -> F:
    """``-q`` and ``-v``, which may stand before and after the name of a command."""
    quiet = click.option(
        "-q", "--quiet", count=True, callback=_less, expose_value=False, help="Only warnings."
    )
    verbose = click.option(
        "-v",
        "--verbose",
        count=True,
        callback=_more,
        expose_value=False,
        help="Also Optuna's log; -vv all of it.",
    )
    return quiet(verbose(function))


def _less(ctx: click.Context, option: click.Parameter, times: int) -> None:
    ctx.meta[_VERBOSITY] = ctx.meta.get(_VERBOSITY, 0) - times


def _more(ctx: click.Context, option: click.Parameter, times: int) -> None:
    ctx.meta[_VERBOSITY] = ctx.meta.get(_VERBOSITY, 0) + times


def is_quiet() -> bool:
    """Whether the user wants only warnings."""
    return click.get_current_context().meta.get(_VERBOSITY, 0) < 0


def say(message: str) -> None:
    """A message on stderr, unless the user wants it quiet."""
    if not is_quiet():
        click.echo(message, err=True)


def require(packages: Sequence[str], extra: str) -> None:
    """Raises before any work if one of the packages that a command needs is not there.

    Args:
        packages: What is imported, by its name.
        extra: The extra of this package with which they come.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        told = f"{click.get_current_context().info_name} needs {' and '.join(missing)}"
        raise click.ClickException(f"{told}: pip install 'optuna-metabo[{extra}]'")


def set_log_level() -> None:
    """Gives Optuna's log, of which ours is a part, the level asked for; it is set back later."""
    import optuna

    context = click.get_current_context()
    louder = min(max(context.meta.get(_VERBOSITY, 0), 0), 2)
    level = (optuna.logging.WARNING, optuna.logging.INFO, optuna.logging.DEBUG)[louder]
    before = optuna.logging.get_verbosity()
    context.call_on_close(lambda: optuna.logging.set_verbosity(before))
    optuna.logging.set_verbosity(level)


def _storage(ctx: click.Context, option: click.Parameter, value: str | None) -> str:
    found = value or ctx.find_root().params.get("storage")
    if not found:
        raise click.UsageError("there is no storage: pass --storage, or set OPTUNA_STORAGE", ctx)
    return str(found)


storage = click.option(
    "--storage", callback=_storage, help="URL of the storage; default OPTUNA_STORAGE."
)
study_name = click.option("--study-name", required=True, help="The study, by its name.")
output_format = click.option(
    "-f",
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Of what is printed; value is tab-separated, without a head.",
)
force = click.option("--force", is_flag=True, help="Replace what exists.")


def out(default: str | None = None, *, help: str, is_there: bool = False) -> Callable[[F], F]:
    """``--out``, a path that is written; required without a default.

    Args:
        default: The path if none is given.
        help: What it is.
        is_there: Whether it has to be a file that is there already.
    """
    # To Click a default of None that is passed is a value: it then asks for nothing.
    optional = {"default": default, "show_default": True}
    required = {"required": True}
    return click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path, exists=is_there, dir_okay=not is_there),
        help=help,
        **(required if default is None else optional),
    )
