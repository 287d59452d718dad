"""``optuna-metabo sources``: which studies would serve one, how well, and why not the others."""

from __future__ import annotations

from typing import Any

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.options import set_log_level
from optuna_metabo.cli.output import emit
from optuna_metabo.cli.past import Asked, looking, study_and_sampler
from optuna_metabo.explanation import SourceExplanation
from optuna_metabo.explanation.names import abridged
from optuna_metabo.explanation.render import fitting, trials_used

# What fits on a line of a terminal; the other formats have all.
_SHOWN = ("study", "serves", "weight", "agreement", "tau", "trials", "missing", "why_not")


@click.command()
@looking
@options.output_format
@options.verbosity
def command(asked: Asked, output_format: str) -> None:
    """Show which past studies would serve a study, how well, and why not the others.

    The study may be without any trial yet. The weight is the share of the belief that a past study
    would have in the next trial; the agreement is Kendall's tau between what it predicts and the
    values so far.
    """
    set_log_level()
    study, sampler = study_and_sampler(asked)
    explanation = sampler.explain(study)
    if output_format == "table":
        emit([_line(one) for one in fitting(explanation).sources], output_format)
    else:
        emit([record(one) for one in explanation.sources], output_format)


def record(source: SourceExplanation) -> dict[str, Any]:
    """One source as a row."""
    low, high = source.agreement_interval
    known = source.rank_agreement is not None
    return {
        "study": source.name,
        "serves": source.reason is None,
        "weight": source.weight,
        "agreement": source.agreement if known else None,
        "tau": source.rank_agreement,
        "tau_low": low if known else None,
        "tau_high": high if known else None,
        "trials": source.n_trials,
        "finished": source.n_finished,
        "shared": source.shared,
        "missing": source.missing,
        "why_not": source.reason,
        "likeness": source.likeness,
    }


def _line(source: SourceExplanation) -> dict[str, Any]:
    """What of a record fits on a line."""
    whole = record(source)
    short = {"trials": trials_used(source), "missing": abridged(source.missing)}
    return {**{name: whole[name] for name in _SHOWN}, **short}
