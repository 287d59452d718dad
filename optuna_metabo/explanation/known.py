"""What is known of a study's objectives at one time, as a search and as a report have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.belief import Belief
from optuna_metabo.scaling import searched, without_outliers
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Model
from optuna_metabo.tasks import Task


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
    def models(self) -> list[Model]:
        """As a search has them that knows of no other trial."""
        return [one.condition(self._no_points) for one in self._searched]

    def searching(self, pending: Float[Array, "q p"]) -> list[Model]:
        """As a search has them, with points under way."""
        return [one.condition(pending) for one in self._searched] if len(pending) else self.models

    @cached_property
    def reported(self) -> list[Model]:
        """In the units of the values; most often these are the same."""
        plain = list(map(without_outliers, self.beliefs))
        pairs = zip(plain, self._searched, strict=True)
        if all(np.array_equal(one.seen.y, other.seen.y) for one, other in pairs):
            return self.models
        return [one.condition(self._no_points) for one in plain]

    @cached_property
    def _searched(self) -> list[Belief]:
        return searched(self.beliefs, self.groups)

    @property
    def _no_points(self) -> Float[Array, "0 p"]:
        return np.zeros((0, len(self.groups)))
