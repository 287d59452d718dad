"""``optuna-metabo dashboard``: the explanation on a study's page in optuna-dashboard."""

from __future__ import annotations

import shlex

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.options import say, set_log_level
from optuna_metabo.cli.past import Asked, looking, study_and_sampler
from optuna_metabo.cli.storage import writing_errors_of


@click.command()
@looking
@options.verbosity
def command(asked: Asked) -> None:
    """Put figures and the explanation on a study's page in optuna-dashboard.

    They are written to the study: three figures, a section of its note, and user attributes that
    begin with metabo:. What was there from an earlier call is replaced.
    """
    from optuna_metabo.dashboard import publish

    set_log_level()
    study, sampler = study_and_sampler(asked)
    with writing_errors_of(asked.storage):
        publish(study, sampler)
    say(f"See it: {shlex.join(['optuna-dashboard', asked.storage])}")
