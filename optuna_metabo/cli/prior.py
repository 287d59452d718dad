"""``optuna-metabo prior``: past studies as one file, and what is in such a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.files import check_free
from optuna_metabo.cli.options import say, set_log_level
from optuna_metabo.cli.output import emit
from optuna_metabo.explanation.names import IN_TEXT, abridged, labels, short_name
from optuna_metabo.logs import counted, one_line

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from optuna_metabo.past_study import SourceStudy
    from optuna_metabo.transfer_prior import TransferPrior

_studies = click.option(
    "--studies",
    multiple=True,
    default=["*"],
    show_default=True,
    metavar="NAME|GLOB",
    help="Name of a study, or a pattern of names; may be repeated.",
)
_file = click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@click.group()
def command() -> None:
    """Past studies and what is learned from them, as one file.

    A sampler starts from it by MetaGPSampler(prior=FILE), without access to the storage.
    """


@command.command()
@options.storage
@_studies
@options.out(help="The file.")
@options.force
@options.verbosity
def build(storage: str, studies: tuple[str, ...], out: Path, force: bool) -> None:
    """Read studies, learn from them and write the file."""
    from optuna_metabo.cli.storage import open_storage
    from optuna_metabo.prior_file import FORMAT
    from optuna_metabo.transfer_prior import TransferPrior

    set_log_level()
    check_free(out, force=force, sign=FORMAT.encode())
    place = open_storage(storage)
    prior = TransferPrior.fit(_names(studies, place), storage=place)
    prior.save(out)
    _say_size(prior, out)


@command.command()
@options.storage
@_studies
@options.out(help="The file, which is there already.", is_there=True)
@options.verbosity
def update(storage: str, studies: tuple[str, ...], out: Path) -> None:
    """Read the studies that are new or have grown, and replace the file."""
    from optuna_metabo.cli.storage import open_storage
    from optuna_metabo.transfer_prior import TransferPrior

    set_log_level()
    before = TransferPrior.load(out)
    place = open_storage(storage)
    prior = before.update(_names(studies, place), storage=place)
    if prior is before:
        say("No study is new or has grown.")
        return
    known = {study.state for study in before.studies}
    read = [study.name for study in prior.studies if study.state not in known]
    prior.save(out)
    have = "is new or has" if len(read) == 1 else "are new or have"
    names = abridged(map(one_line, read))
    say(f"Read {counted(len(read), 'study', 'studies')} that {have} grown: {names}.")
    _say_size(prior, out)


@command.command()
@_file
@options.output_format
@options.verbosity
def inspect(path: Path, output_format: str) -> None:
    """List the studies in the file at PATH."""
    from optuna_metabo.transfer_prior import TransferPrior

    prior = TransferPrior.load(path)
    records = _records(prior)
    if output_format == "table":
        names = labels([record["study"] for record in records], IN_TEXT)
        shown = [
            {"study": name, "parameters": _in_words(study)}
            for name, study in zip(names, prior.studies, strict=True)
        ]
        records = [record | one for record, one in zip(records, shown, strict=True)]
    emit(records, output_format)
    for one in prior.left_out:
        say(one_line(f"left out: {short_name(one.name, IN_TEXT)} ({one.reason})"))
    outputs = counted(len(prior.learned), "output")
    say(f"Surrogate {prior.surrogate!r}; what it has learned of {outputs} is in the file.")


def _names(studies: Sequence[str], storage: BaseStorage) -> list[str]:
    """The studies that are asked for; each pattern has to match one."""
    from optuna_metabo.cli.storage import asked_for
    from optuna_metabo.reading import study_names

    return asked_for(studies, study_names(storage), option="--studies")


def _records(prior: TransferPrior) -> list[dict[str, Any]]:
    from optuna_metabo.cli.parameters import for_programs

    return [
        {
            "study": study.name,
            "trials": study.n_finished,
            "kept": len(study.telling),
            "failed": len(study.failed),
            "directions": [one.direction.name.lower() for one in study.objectives],
            "metrics": [one.name for one in study.objectives if one.name],
            "constraints": list(study.slacks),
            "parameters": {name: for_programs(one) for name, one in study.search_space.items()},
            "attributes": dict(study.attributes),
            "started": study.identity.start,
        }
        for study in prior.studies
    ]


def _in_words(study: SourceStudy) -> str:
    """The parameters of a study, as ``C: float 0.001 to 1000, log``."""
    from optuna_metabo.cli.parameters import in_words

    return "; ".join(f"{name}: {in_words(one)}" for name, one in study.search_space.items())


def _say_size(prior: TransferPrior, path: Path) -> None:
    n_trials = sum(study.n_finished for study in prior.studies)
    size = path.stat().st_size / 1e6
    n_studies = counted(len(prior.studies), "study", "studies")
    say(f"{path}: {n_studies}, {counted(n_trials, 'trial')}, {size:.2f} MB.")
    for one in prior.left_out:
        say(one_line(f"left out: {short_name(one.name, IN_TEXT)} ({one.reason})"))
