"""What is believed of one output of a study, and which of its views a search or a report takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.decades import by_decades
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.surrogate import Model, Prior, Task, bounded
from optuna_metabo.thinning import Rule, by_rank

# With fewer values the bad ones are needed to tell which sources agree.
_MIN_BOUNDED = 10
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


def searched(beliefs: Sequence[Belief], groups: Int[Array, " p"]) -> list[Belief]:
    """The objectives as a search looks at them, with very low values drawn up.

    A single one's losses over decades are told by their logarithm: improvement of several is a
    volume in their own units.
    """
    if len(beliefs) == 1:
        beliefs = [replace(one, seen=by_decades(one.seen, groups)) for one in beliefs]
    return list(map(without_outliers, beliefs))


def without_outliers(belief: Belief) -> Belief:
    """The belief with very low values drawn up, as soon as so many are known."""
    seen = belief.seen
    if len(seen) < _MIN_BOUNDED:
        return belief
    return replace(belief, seen=seen.transformed(bounded(seen.y)))


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


def acting(model: Model) -> Model:
    """The model itself, or the one that it lets choose this time."""
    return getattr(model, "acting", model)


def beside_others(model: Model) -> Model:
    """The model itself, or the one of an objective that is not alone."""
    return getattr(model, "beside_others", model)


def sharp(model: Model) -> Model:
    """The model itself, or the one whose intervals are those of a search, not of a report."""
    return getattr(model, "experts", model)
