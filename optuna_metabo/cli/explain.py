"""``optuna-metabo explain``: what led to the trials of a study."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.options import say, set_log_level
from optuna_metabo.cli.output import emit, emit_one
from optuna_metabo.cli.past import Asked, looking, study_and_sampler
from optuna_metabo.cli.sources import record
from optuna_metabo.explanation import Explanation, TrialExplanation
from optuna_metabo.explanation.render import untold


@click.command()
@looking
@options.output_format
@options.verbosity
def command(asked: Asked, output_format: str) -> None:
    """Say what led to each trial of a study: past studies, or its own values.

    It is worked out anew from the trials, as if MetaGPSampler had proposed them with these past
    studies. With -f value it is one line a trial: its number, value and origin. Of more than 64
    trials the first ones and an even spread are told.
    """
    set_log_level()
    study, sampler = study_and_sampler(asked)
    explanation = sampler.explain(study)
    if output_format == "table":
        click.echo(explanation)
    elif output_format == "value":
        emit([_trial(one) for one in explanation.trials], output_format)
        if line := untold(explanation):
            say(line)
    else:
        emit_one(_whole(explanation), output_format)


def _trial(trial: TrialExplanation) -> dict[str, Any]:
    return {"number": trial.number, "values": trial.values, "origin": str(trial.origin)}


def _whole(explanation: Explanation) -> dict[str, Any]:
    names = [source.name for source in explanation.sources]
    return {
        "study": explanation.study_name,
        "trials_told": explanation.n_told,
        "trials_in_all": explanation.n_trials,
        "weight_without_sources": explanation.weight_without_sources,
        "weight_of_opposites": explanation.weight_of_opposites,
        "trust": explanation.trust,
        "sources": [record(source) for source in explanation.sources],
        "features": [asdict(one) for one in explanation.features],
        "trials": [
            {**_trial(one), "weights": dict(zip(names, one.weights, strict=False))}
            for one in explanation.trials
        ],
    }
