"""A study and its sampler, for the commands that look at what past studies say of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import optuna

from optuna_metabo.cli import options
from optuna_metabo.cli.options import say
from optuna_metabo.cli.storage import load_study, open_storage
from optuna_metabo.reading import Glob, check_names, is_glob, reading_errors, shown, study_names
from optuna_metabo.sampler import MetaGPSampler

F = TypeVar("F", bound=Callable[..., Any])

_SURROGATES = ("auto", "rgpe", "tst", "stacking", "ranknet", "none")


def looking(function: F) -> F:
    """The options that say which study, which past ones, and how they are combined."""
    sources = click.option(
        "--sources",
        multiple=True,
        metavar="NAME|GLOB",
        help="Past studies; may be repeated. Default: every other study of the storage.",
    )
    surrogate = click.option(
        "--surrogate",
        type=click.Choice(_SURROGATES),
        default="auto",
        show_default=True,
        help="How past studies are combined.",
    )
    return options.storage(options.study_name(sources(surrogate(function))))


def study_and_sampler(
    storage: str, study_name: str, sources: Sequence[str], surrogate: str
) -> tuple[optuna.Study, MetaGPSampler]:
    """The study, and a sampler that learns from the past studies asked for.

    Raises:
        click.ClickException: If there is no such study, or none that a name or a glob asks for.
    """
    place = open_storage(storage)
    study = load_study(study_name, place)
    names = [name for name in _asked_for(sources, study_names(place)) if name != study_name]
    if not names:
        say(f"There is no study besides {study_name!r} to learn from.")
    past = names or None
    sampler = MetaGPSampler(past, storage=place if past else None, surrogate=surrogate, seed=0)
    return study, sampler


def _asked_for(sources: Sequence[str], existing: Sequence[str]) -> list[str]:
    """The names that the names and globs stand for, each once."""
    found: dict[str, None] = dict.fromkeys(existing if not sources else ())
    for one in sources:
        found.update(dict.fromkeys(_matching(one, existing)))
    return list(found)


def _matching(pattern: str, existing: Sequence[str]) -> list[str]:
    if pattern in existing or not is_glob(pattern):
        try:
            check_names([pattern], existing)
        except reading_errors() as error:
            raise click.ClickException(f"--sources: {error}") from error
        return [pattern]
    names = list(filter(Glob(pattern), existing))
    if not names:
        raise click.ClickException(
            f"--sources {pattern!r} matches no study of the storage, {shown(existing)}"
        )
    return names
