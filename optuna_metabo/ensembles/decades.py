"""Losses that range over decades, by their logarithm.

Errors and losses that are not bounded, or are a thousand times larger where training diverges, are
on no linear scale: to a Gaussian process of such values all good ones are the same. Their scale is

    y = -log(loss + best),

with the best of the values to which hyperparameters are fitted: what is no larger than that is
told apart as before, and what is larger by its decade. They are looked at so where that tells
more of them: where values that are left out are put into a clearly better order. Their
likelihood, by which power transforms are chosen (Box & Cox 1964), would not do: a process tells
values apart to a thousandth of their deviation, so that those which crowd at the best of a
quadratic function flatter the logarithm, which has no smooth optimum there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.target import leave_one_out_loss, parts, settled
from optuna_metabo.memory import Memory, digest
from optuna_metabo.shapes import Float, Int
from optuna_metabo.tasks import Task

# Fewer values do not tell; those that range over less than two decades are left as they are.
_FEWEST, _RATIO = 10, 100.0
# By how much the loss must be the smaller one: near ties change from value to value.
_CLEARLY = 0.8
# Its exponential is below the largest float.
_LARGEST = 700.0
# Answers, a byte each and their keys.
_TOLD: Memory[Array] = Memory(2**16)


@dataclass(frozen=True)
class Decades:
    """The scale, from values, losses with a minus, to what a search looks at, and back.

    Args:
        best: The smallest loss of those that hyperparameters are fitted to.
    """

    best: float

    def __call__(self, y: Float[Array, " n"]) -> Float[Array, " n"]:
        """The search's values."""
        return np.asarray(-np.log(self.best - y))

    def back(self, z: Float[Array, " n"]) -> Float[Array, " n"]:
        """The values that stand there; of what no float holds a very low one."""
        return np.asarray(self.best - np.exp(np.minimum(-z, _LARGEST)))


def decades_of(task: Task, groups: Int[Array, " p"]) -> Decades | None:
    """The scale of values to be maximised, if they are losses over decades and better told so.

    Args:
        task: The values: losses are negative.
        groups: The axis of each column.
    """
    first = settled(task)
    if len(first) < _FEWEST:
        return None
    scale = Decades(-float(first.y.max()))
    is_loss = scale.best > 0.0 and float(task.y.max()) < scale.best
    if not is_loss or -float(first.y.min()) < _RATIO * scale.best:
        return None
    key = digest(*parts(first), groups)
    is_better = _TOLD.get(key, lambda: np.array(_is_better_told(first, scale, groups)))
    return scale if is_better else None


def by_decades(task: Task, groups: Int[Array, " p"]) -> Task:
    """The values on this scale, or as they are."""
    scale = decades_of(task, groups)
    if scale is None:
        return task
    whole = task.whole and task.whole.transformed(scale(task.whole.y))
    return replace(task.transformed(scale(task.y)), whole=whole)


def _is_better_told(
    first: Task,
    scale: Callable[[Float[Array, " n"]], Float[Array, " n"]],
    groups: Int[Array, " p"],
) -> bool:
    """Whether values that are left out are put into a clearly better order on a scale."""
    scaled = first.transformed(scale(first.y))
    return leave_one_out_loss(scaled, groups) < _CLEARLY * leave_one_out_loss(first, groups)
