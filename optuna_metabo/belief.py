"""What is believed of one output of a study, and which of its views a search or a report takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Bool, Float
from optuna_metabo.surrogate import Model, Prior, Task
from optuna_metabo.thinning import Rule, by_rank

# The target's trials that are modelled: the cost of asking does not grow beyond.
_MAX_TRIALS = 300


@dataclass(frozen=True)
class Belief:
    """What has been seen of one output of a study, and what its sources say of it.

    Args:
        seen: The output's values.
        prior: Of the sources.
        rule: Which points are modelled of many.
    """

    seen: Task
    prior: Prior
    rule: Rule = by_rank

    def condition(self, pending: Float[Array, "q p"]) -> Model:
        """What is believed of the output; the cost does not grow beyond so many points."""
        return self.prior.condition(self.seen.thinned(_MAX_TRIALS, self.rule), pending)


def begin_anew(models: Sequence[Model]) -> bool:
    """Whether sources have misled so far, in every objective."""
    return all(getattr(model, "begins_anew", False) for model in models)


def would_tell(models: Sequence[Model], X: Float[Array, "m p"]) -> Bool[Array, " m"]:
    """Which points would tell whether sources mislead, in every objective that has some."""
    found = np.ones(len(X), dtype=bool)
    for model in models:
        if hasattr(model, "would_tell"):
            found &= model.would_tell(X)
    return found


def opposition(model: Model) -> float:
    """What part of all that is believed is the opposite of what sources say."""
    return float(getattr(model, "opposition", 0.0))


def trust(model: Model | Prior) -> float:
    """How far sources were believed before any value."""
    return float(getattr(model, "trust", 1.0))


def past_counts(models: Sequence[Model]) -> bool:
    """Whether any past study counts for anything."""
    return any(np.any(model.weights) for model in models)


def acting(model: Model) -> Model:
    """The model itself, or the one that it lets choose this time."""
    return getattr(model, "acting", model)


def beside_others(model: Model) -> Model:
    """The model itself, or the one of an objective that is not alone."""
    return getattr(model, "beside_others", model)


def sharp(model: Model) -> Model:
    """The model itself, or the one whose intervals are those of a search, not of a report."""
    return getattr(model, "experts", model)
