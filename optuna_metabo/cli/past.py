"""A study and its sampler, for the commands that look at what past studies say of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click
import optuna
from optuna.storages import BaseStorage

from optuna_metabo.cli import options
from optuna_metabo.cli.options import say
from optuna_metabo.cli.storage import asked_for, load_study, open_storage
from optuna_metabo.reading import study_names
from optuna_metabo.sampler import MetaGPSampler

# The names of the surrogates, in the order in which a user reads them; a test holds them to
# those that there are.
SURROGATES = ("auto", "rgpe", "tst", "stacking", "ranknet", "none")

_DEFAULTS = inspect.signature(MetaGPSampler).parameters


@dataclass(frozen=True)
class Asked:
    """Which study is looked at, which past ones count, and how they are combined.

    Args:
        storage: Where the study is.
        study_name: Its name.
        sources: Names and globs of past studies there; without any all others, but none where
            there is a prior.
        prior: A file of past studies.
        surrogate: The name of what combines them.
        features: User attributes by which they are weighed.
        n_startup_trials: Trials before the first proposal if no past study can be used.
    """

    storage: str
    study_name: str
    sources: tuple[str, ...]
    prior: Path | None
    surrogate: str
    features: tuple[str, ...]
    n_startup_trials: int


_OPTIONS = (
    options.storage,
    options.study_name,
    click.option(
        "--sources",
        multiple=True,
        metavar="NAME|GLOB",
        help="Past studies; may be repeated. Default: every other study of the storage; with "
        "--prior only those of the file.",
    ),
    click.option(
        "--prior",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="A file of past studies, made by optuna-metabo prior build.",
    ),
    click.option(
        "--surrogate",
        type=click.Choice(SURROGATES),
        default="auto",
        show_default=True,
        help="How past studies are combined.",
    ),
    click.option(
        "--feature",
        "features",
        multiple=True,
        metavar="NAME",
        help="A user attribute by which past studies are weighed, as in "
        "MetaGPSampler(features=[NAME]); may be repeated.",
    ),
    click.option(
        "--startup-trials",
        "n_startup_trials",
        type=click.IntRange(min=1),
        default=_DEFAULTS["n_startup_trials"].default,
        show_default=True,
        help="Trials before the first proposal of a study without usable past studies, as in "
        "MetaGPSampler(n_startup_trials=N).",
    ),
)


def looking(function: Callable[..., None]) -> Callable[..., None]:
    """The options of :class:`Asked`, which the command is given as its first argument."""

    @wraps(function)
    def command(**given: Any) -> None:
        """With what the options say."""
        asked = Asked(**{one.name: given.pop(one.name) for one in fields(Asked)})
        function(asked, **given)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def study_and_sampler(asked: Asked) -> tuple[optuna.Study, MetaGPSampler]:
    """The study, and a sampler that learns from the past studies asked for.

    Raises:
        click.ClickException: If there is no such study, or none that a name or a glob asks for.
        PriorFileError: If the file is no prior.
    """
    place = open_storage(asked.storage)
    study = load_study(asked.study_name, place)
    names = _past(asked, place)
    sampler = MetaGPSampler(
        names or None,
        storage=place if names else None,
        surrogate=asked.surrogate,
        seed=0,
        n_startup_trials=asked.n_startup_trials,
        prior=None if asked.prior is None else str(asked.prior),
        features=list(dict.fromkeys(asked.features)) or None,
    )
    return study, sampler


def _past(asked: Asked, storage: BaseStorage) -> list[str]:
    """The names of the storage's studies that count."""
    if asked.prior is not None and not asked.sources:
        return []
    existing = study_names(storage)
    names = asked_for(asked.sources, existing, option="--sources") if asked.sources else existing
    others = [name for name in names if name != asked.study_name]
    if not others and asked.sources:
        say(f"--sources asks for nothing but {asked.study_name!r} itself.")
    elif not others:
        say(f"There is no study besides {asked.study_name!r} to learn from.")
    return others
