"""Losses that range over decades, by their logarithm.

Errors and losses that are not bounded, or are a thousand times larger where training diverges, are
on no linear scale: to a Gaussian process of such values all good ones are the same. Their scale is

    y = -log(loss + best),

with the best of the values to which hyperparameters are fitted: what is no larger than that is
told apart as before, and what is larger by its decade. Whether values are much more like functions
on that scale their evidence tells, densities being told on one scale (the choice of a power
transform by its likelihood, Box & Cox 1964).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.target import MOST_FITTED, log_evidence, settled
from optuna_metabo.memory import Memory, digest
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Task
from optuna_metabo.thinning import by_even_ranks

# Fewer values do not tell; those that range over less than two decades are left as they are.
_FEWEST, _RATIO = 10, 100.0
# Nats by which each value must be likelier. A process tells values apart to a thousandth of their
# deviation, so that those which crowd at the best flatter the logarithm: of quadratic functions,
# which it does not help, by up to .3; of values over decades it was .9 to 17, of a loss that is a
# thousand times larger in half of the space 2.7 to 4.
_LIKELIER_EACH = 0.5
# Answers, a byte each and their keys.
_LIKELIER: Memory[Array] = Memory(2**16)


def by_decades(task: Task, groups: Int[Array, " p"]) -> Task:
    """The values by their logarithm, if they are losses over decades, and far likelier so.

    Args:
        task: Values to be maximised: losses are negative.
        groups: The axis of each column.
    """
    first = settled(task)
    if len(first) < _FEWEST:
        return task
    best = -float(first.y.max())
    is_loss = best > 0.0 and float(task.y.max()) < best
    if not is_loss or -float(first.y.min()) < _RATIO * best:
        return task

    def scale(y: Float[Array, " n"]) -> Float[Array, " n"]:
        return np.asarray(-np.log(best - y))

    key = digest(first.X, first.y, first.counts, groups)
    if not _LIKELIER.get(key, lambda: np.array(_is_likelier(first, scale, best, groups))):
        return task
    whole = task.whole and task.whole.transformed(scale(task.whole.y))
    return replace(task.transformed(scale(task.y)), whole=whole)


def _is_likelier(
    first: Task,
    scale: Callable[[Float[Array, " n"]], Float[Array, " n"]],
    best: float,
    groups: Int[Array, " p"],
) -> bool:
    """Whether values have more evidence on a scale, of which the slope is 1 / (best - y)."""
    some = first.thinned(MOST_FITTED, by_even_ranks)
    slope = float(np.log(best - some.y).sum())
    scaled = log_evidence(some.transformed(scale(some.y)), groups) - slope
    return scaled > log_evidence(some, groups) + _LIKELIER_EACH * len(some)
