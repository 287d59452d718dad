"""What is believed of one output of a study, and of all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Bool, Float
from optuna_metabo.surrogate import Model, Posterior, Prior, Task, TransferModel, Trusting
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

    def condition(self, pending: Float[Array, "q p"]) -> TransferModel:
        """What is believed of the output; the cost does not grow beyond so many points."""
        found = self.prior.condition(self.seen.thinned(_MAX_TRIALS, self.rule), pending)
        return found if isinstance(found, TransferModel) else Plain(found)


@dataclass(frozen=True)
class Plain(TransferModel):
    """A model that says nothing of its sources but their weights."""

    model: Model

    @property
    def weights(self) -> Float[Array, " k"]:
        """The model's."""
        return self.model.weights

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """The model's."""
        return self.model.posterior(X)


def begin_anew(models: Sequence[TransferModel]) -> bool:
    """Whether sources have misled so far, in every objective."""
    return all(model.begins_anew for model in models)


def would_tell(models: Sequence[TransferModel], X: Float[Array, "m p"]) -> Bool[Array, " m"]:
    """Which points would tell whether sources mislead, in every objective that has some."""
    return np.asarray(np.all([model.would_tell(X) for model in models], axis=0))


def trust(prior: Prior) -> float:
    """How far sources are believed before any value."""
    return prior.trust if isinstance(prior, Trusting) else 1.0


def trusted(priors: Iterable[Prior]) -> float:
    """How far sources are believed before any value, in the objective where they are most."""
    return max(map(trust, priors), default=1.0)


def past_counts(models: Sequence[Model]) -> bool:
    """Whether any past study counts for anything."""
    return any(np.any(model.weights) for model in models)
