"""A study at the moment of asking: what is believed of it, and which points it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.belief import Belief
from optuna_metabo.frame import Frame
from optuna_metabo.shapes import Bool, Float


@dataclass(frozen=True)
class Situation:
    """A study at the moment of asking; all points stand on the axes of its joint search space.

    Args:
        frame: What the trial that asks may still propose.
        objectives: Seen at the same n points each.
        limits: What must be 0 at least: the slack of constraints.
        success: Where trials fail, likewise, if any does.
        feasible: Which of the n points break no constraint.
        pending: The running trials, shape [q p].
        taken: Every point asked so far, shape [f p].
        unfinished: Running trials of which parameters are still to come, by number.
        n_failed: How many trials that got to a parameter failed. In ``success`` one that did not
            get to all of them stands at several points.
        n_succeeded: How many did not.
    """

    frame: Frame
    objectives: tuple[Belief, ...]
    limits: tuple[Belief, ...]
    success: Belief | None
    feasible: Bool[Array, " n"]
    pending: Float[Array, "q p"]
    taken: Float[Array, "f p"]
    unfinished: Mapping[int, Frame]
    n_failed: int
    n_succeeded: int

    @property
    def n_seen(self) -> int:
        """The number of different points that have values."""
        return len(self.objectives[0].seen)

    @property
    def is_limited(self) -> bool:
        """Whether a point may be worth nothing."""
        return bool(self.limits) or self.success is not None

    def after(self, X: Float[Array, "a p"]) -> Situation:
        """When further points are under way, too."""
        pending, taken = (np.concatenate([part, X]) for part in (self.pending, self.taken))
        return replace(self, pending=pending, taken=taken)
