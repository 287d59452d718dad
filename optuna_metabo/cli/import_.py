"""``optuna-metabo import``: a table of trials that Optuna has not made, as a past study."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.files import check_free
from optuna_metabo.cli.options import say, set_log_level
from optuna_metabo.cli.output import emit
from optuna_metabo.logs import counted, one_line

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

_DIRECTIONS = ("minimize", "maximize")
_KINDS = ("linear", "log", "categorical")


@click.command()
@click.argument("table", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--metric",
    "metrics",
    type=(str, click.Choice(_DIRECTIONS)),
    multiple=True,
    required=True,
    metavar="COLUMN DIRECTION",
    help="A column of values, and minimize or maximize; several for several objectives.",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    help="A column of a parameter, once for each; without any, all that are called params.x.",
)
@click.option(
    "--as",
    "kinds",
    type=(str, click.Choice(_KINDS)),
    multiple=True,
    metavar="PARAM KIND",
    help="linear, log or categorical, for a parameter of which the wrong one is inferred.",
)
@click.option("--study-name", help="The study; default the name of the file.")
@click.option("--storage", help="Where the study is made, beside or instead of --out.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A prior of this study alone.")
@options.force
@options.output_format
@options.verbosity
def command(
    table: Path,
    metrics: tuple[tuple[str, str], ...],
    params: tuple[str, ...],
    kinds: tuple[tuple[str, Any], ...],
    study_name: str | None,
    storage: str | None,
    out: Path | None,
    force: bool,
    output_format: str,
) -> None:
    """Trials from elsewhere, a CSV file, as a past study.

    One row of TABLE is one trial; a missing cell is a parameter that it did not have, and a row
    without a value is a failed trial. So is one that a column state or status calls failed; those
    that it calls running are left out. Prints what each parameter was taken for; without --storage
    and --out that is all.
    """
    from optuna_metabo.cli.storage import writing_errors_of
    from optuna_metabo.importing import import_history, why_choices
    from optuna_metabo.prior_file import FORMAT

    set_log_level()
    if out is not None:
        check_free(out, force=force, sign=FORMAT.encode())
    with _in_words_of_options(), writing_errors_of(storage) if storage else nullcontext():
        study = import_history(
            table,
            _once(metrics, "--metric"),
            study_name=study_name or table.stem,
            params=params or None,
            distributions=_once(kinds, "--as"),
            storage=None if storage is None else _writable(storage),
        )
    emit(_records(study, output_format), output_format)
    trials = study.get_trials(deepcopy=False)
    guessed = {name for one in trials for name in one.params} - dict(kinds).keys()
    reasons = {name: why_choices(trials, name) for name in sorted(guessed)}
    for name, reason in reasons.items():
        if reason:
            say(one_line(f"{name} is categorical {reason}"))
    if out is not None:
        from optuna_metabo.transfer_prior import TransferPrior

        TransferPrior.fit([study]).save(out)
    states = [trial.state.name for trial in trials]
    n_trials, n_failed = counted(len(states), "trial"), states.count("FAIL")
    say(f"{one_line(study.study_name)}: {n_trials}, {n_failed} of them failed.")


def _once(pairs: tuple[tuple[str, Any], ...], option: str) -> dict[str, Any]:
    """What an option says of each name, which must be one thing."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise click.UsageError(f"{option} {twice} is given more than once")
    return found


@contextmanager
def _in_words_of_options() -> Iterator[None]:
    """In which an argument of :func:`import_history` is called by its option."""
    try:
        yield
    except ValueError as error:
        if not str(error).startswith("distributions "):
            raise
        told = str(error).replace("distributions", "--as", 1)
        raise click.ClickException(told) from error


def _writable(storage: str) -> str | BaseStorage:
    """A URL, of which Optuna makes the file if there is none, or a journal that exists."""
    from optuna_metabo.cli.storage import REDIS, open_storage

    if "://" in storage and not storage.startswith(REDIS):
        return storage
    return open_storage(storage)


def _records(study: optuna.Study, output_format: str) -> list[dict[str, Any]]:
    from optuna_metabo.cli.parameters import for_programs, in_words

    told = for_programs if output_format in ("json", "yaml") else in_words
    trials = study.get_trials(deepcopy=False)
    found = {name: one for trial in trials for name, one in trial.distributions.items()}
    return [
        {
            "parameter": name,
            "trials": sum(name in trial.params for trial in trials),
            "distribution": told(one),
        }
        for name, one in found.items()
    ]
