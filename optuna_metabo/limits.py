"""What must hold for a trial to count: its constraints, and that it does not fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy import ndarray as Array
from optuna.trial import FrozenTrial

from optuna_metabo.belief import Belief
from optuna_metabo.columns import Columns, outcomes
from optuna_metabo.constraints import bilog, keys, slacks, usual_size
from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.plain import PlainPrior
from optuna_metabo.ensembles.target import n_settled
from optuna_metabo.exploration import NO_ACCIDENT
from optuna_metabo.learning import SUCCESS, Learned, Learner, Output
from optuna_metabo.past import Past
from optuna_metabo.past_study import SourceStudy
from optuna_metabo.shapes import Float
from optuna_metabo.tasks import observed_together
from optuna_metabo.thinning import near_zero, rare_first

Held = Sequence[dict[str, float]]


def constraints(
    learner: Learner, past: Past, encoding: Encoding, X: Float[Array, "n p"], held: Held
) -> Iterator[Belief]:
    """What has been seen at ``X`` of each constraint that is held, and what is learned of it.

    Before the first trial the constraints are those that every source has, and their border is
    where all sources together have it.
    """
    for key in keys(held) if held else usual(past.studies):
        learned = learner.learn(past.studies, encoding.search_space, Output.constraint(key))
        slack = slacks(held, key)
        # Of the first ones alone: with another unit all values, hyperparameters too, were others.
        own = usual_size(slack[: n_settled(len(slack))])
        y = bilog(slack, _unit(past.studies, key) or own)
        (seen,), _ = observed_together(X, [y], np.ones(len(X), dtype=bool))
        if len(seen):
            yield Belief(seen, learned.prior, near_zero)
        elif learned.used:
            prior = PlainPrior(encoding.domain.groups, n_sources=0)
            yield Belief(learned.pooled(encoding.domain), prior, near_zero)


def learned_of_success(learner: Learner, past: Past, encoding: Encoding) -> Learned:
    """What past studies say of where trials fail."""
    studies = past.failing if learner.transfers else ()
    return learner.learn(studies, encoding.search_space, SUCCESS)


def may_fail(n_failed: int, n_succeeded: int, *, is_told: bool) -> bool:
    """Whether trials are thought to fail somewhere: past studies tell of it, or enough have.

    Beside successes a single failure is an accident.
    """
    return is_told or n_failed >= (NO_ACCIDENT if n_succeeded else 1)


def success(
    learner: Learner,
    past: Past,
    encoding: Encoding,
    succeeded: Float[Array, "n p"],
    failed: Sequence[FrozenTrial],
) -> Belief | None:
    """Where trials succeed (1) and where they fail (-1), here and in the past, once any failed.

    A constraint as any other but that only those parameters count which a failed trial got to:
    what comes after cannot have made it fail.
    """
    learned = learned_of_success(learner, past, encoding)
    if not may_fail(len(failed), len(succeeded), is_told=bool(learned.used)):
        return None
    seen = outcomes(encoding, succeeded, Columns.of(failed).encoded(encoding))
    # In their order within each kind, as ``seen`` is not once it is thinned.
    return Belief(replace(seen, whole=seen), learned.prior, rare_first)


def usual(sources: Sequence[SourceStudy]) -> list[str]:
    """The constraints that every source has."""
    found = [source.slacks.keys() for source in sources]
    return sorted(set(found[0]).intersection(*found[1:])) if found else []


def _unit(sources: Sequence[SourceStudy], key: str) -> float | None:
    """The usual size of a constraint's values in the sources, ``None`` without any."""
    found = [source.slacks[key] for source in sources if key in source.slacks]
    units = [slack.unit for slack in found if slack.is_told]
    return float(np.median(units)) if units else None
