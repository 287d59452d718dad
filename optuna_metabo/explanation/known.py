"""What is known of a study's objectives at one time, as a search and as a report have it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.belief import Belief, past_counts
from optuna_metabo.ensembles.decades import decades_of
from optuna_metabo.explanation.origin import Origin
from optuna_metabo.explanation.predictions import Back, Prediction
from optuna_metabo.scaling import searched, without_outliers
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Model, TransferModel
from optuna_metabo.tasks import Task


@dataclass(frozen=True)
class Step:
    """What was believed when one trial began.

    Args:
        n_told: The number of trials whose values were known.
        weights: Of the past studies that were used then, by their keys.
        trust: How far these were believed before any value, over the parameters known then.
        origin: What the trial came from; see :mod:`optuna_metabo.explanation.origin`.
        prediction: What was expected of each objective; ``None`` before the first value.
    """

    n_told: int
    weights: Mapping[Hashable, float]
    trust: float
    origin: Origin
    prediction: Prediction | None


@dataclass(frozen=True)
class Reported:
    """What is reported of an objective.

    Args:
        model: Of its values, on some scale.
        back: From there to the values, ascending.
    """

    model: Model
    back: Back = np.asarray


@dataclass(frozen=True)
class Known:
    """What is known of a study's objectives once some of its trials have ended.

    Args:
        beliefs: Of each objective.
        groups: The axis of each column.
    """

    beliefs: Sequence[Belief]
    groups: Int[Array, " p"]

    @property
    def seen(self) -> list[Task]:
        """The values as a search looks at them."""
        return [one.seen for one in self._searched]

    @cached_property
    def models(self) -> list[TransferModel]:
        """As a search has them that knows of no other trial."""
        return [one.condition(self._no_points) for one in self._searched]

    def searching(self, pending: Float[Array, "q p"]) -> list[TransferModel]:
        """As a search has them, with points under way."""
        return [one.condition(pending) for one in self._searched] if len(pending) else self.models

    @cached_property
    def reported(self) -> list[Reported]:
        """In the units of the values."""
        return [self._reported(*part) for part in zip(self.beliefs, self.models, strict=True)]

    def _reported(self, belief: Belief, model: TransferModel) -> Reported:
        """The search's model where that has the values as they are, or they can be told back: what
        past studies say of how far values lie apart is said of values as they are.
        """
        scale = decades_of(belief.seen, self.groups)
        if scale is None:
            return Reported(model.reported)
        if not past_counts([model]):
            return Reported(model.reported, scale.back)
        return Reported(without_outliers(belief).condition(self._no_points).reported)

    @cached_property
    def _searched(self) -> list[Belief]:
        return searched(self.beliefs, self.groups)

    @property
    def _no_points(self) -> Float[Array, "0 p"]:
        return np.zeros((0, len(self.groups)))
