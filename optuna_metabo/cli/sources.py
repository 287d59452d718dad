"""``optuna-metabo sources``: which studies would serve one, how well, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.options import set_log_level
from optuna_metabo.cli.output import emit
from optuna_metabo.cli.past import Asked, looking, study_and_sampler
from optuna_metabo.explanation import SourceExplanation
from optuna_metabo.explanation.names import IN_TEXT, SENTENCE, labels, listed, short_name

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
    records = [record(one) for one in sampler.explain(study).sources]
    if output_format == "table":
        records = _fitting(records)
    emit(records, output_format)


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
        "shared": source.shared,
        "missing": source.missing,
        "why_not": source.reason,
        "likeness": source.likeness,
    }


def _fitting(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is shown in a table, names and reasons as long as fits on a line."""
    names = labels((one["study"] for one in records), IN_TEXT)
    return [
        {
            **{key: one[key] for key in _SHOWN},
            "study": name,
            "missing": listed(one["missing"]),
            "why_not": one["why_not"] and short_name(one["why_not"], SENTENCE),
        }
        for one, name in zip(records, names, strict=True)
    ]
