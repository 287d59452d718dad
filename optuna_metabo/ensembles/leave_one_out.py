"""What the sources tell of one another: each of a few is taken for the target in turn.

How far the others are believed of it is told by :mod:`.trust`, how wrong they are of it by
:func:`calibrated`, with the errors of :mod:`.calibration`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.calibration import Calibration, believed_spread, usual_spread
from optuna_metabo.ensembles.functions import Functions
from optuna_metabo.ensembles.mixture import AveragingModel
from optuna_metabo.shapes import Float
from optuna_metabo.tasks import Task

# How many values each source tells: more would not teach as much of points elsewhere as a search,
# which stays near its best, does not either.
_TOLD = (2, 5, 12)


@runtime_checkable
class Separable(Protocol):
    """What sources say, of which single ones can be left out."""

    @property
    def functions(self) -> Functions:
        """What the sources say."""
        ...

    @property
    def some(self) -> tuple[tuple[int, Task], ...]:
        """A few sources with their places, to be left out in turn."""
        ...

    def without(self, source: int) -> Separable:
        """What the other sources say."""
        ...

    def weighed(self, target: Task, pending: Float[Array, "q p"]) -> AveragingModel:
        """What is believed given one value at least."""
        ...


def calibrated(prior: Separable) -> Calibration:
    """How wrong predictions are, seen by leaving out sources where there is more than one."""
    some = prior.some if len(prior.functions.order) > 1 else ()
    found = [np.concatenate([[], *_errors(prior.without(i), task)]) for i, task in some]
    n_left_out = sum(map(bool, map(len, found)))
    return Calibration.of(np.concatenate([[], *found]), n_left_out, _spread(prior))


def _spread(prior: Separable) -> float:
    return usual_spread([task.y for _, task in prior.some])


def _errors(others: Separable, task: Task) -> Iterator[Float[Array, " m"]]:
    """Of what is predicted of a source from the others and from its most promising points."""
    order = np.argsort(-others.functions.opinion(task.X), kind="stable")
    usual = _spread(others)
    for n in (n for n in _TOLD if 2 * n <= len(task)):
        told, left = order[:n], order[n:]
        experts = others.weighed(task.only(told), task.X[:0])
        spread = believed_spread(usual, task.y[told])
        yield experts.errors(task.X[left], task.y[left], spread)
