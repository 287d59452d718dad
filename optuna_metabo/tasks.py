"""The points and values of one study as surrogates learn from them, to be maximised.

Values are finite here, and points that are equal are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.repeats import Repeats
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.thinning import Rule, by_rank

# Values outside these magnitudes are rescaled: their squares would leave float64.
_TINY, _HUGE = 1e-100, 1e100
# What lies so far from the best, and so many times as far as the next better value, is not
# compared with it.
_LEAP = 1e60
# Smaller values are none: their squares would be lost.
_LEAST = 1e-120
# How far below the best the target's values count, in lengths of its better three quarters.
_REACH = 3.0


@dataclass(frozen=True)
class Groups:
    """Points, those that are equal merged into one.

    Args:
        X: The different points, shape [g p].
        index: The group of each point, shape [n].
        first: The first point of each group, shape [g].
    """

    X: Float[Array, "g p"]
    index: Int[Array, " n"]
    first: Int[Array, " g"]

    @classmethod
    def of(cls, X: Float[Array, "n p"]) -> Groups:
        """Merges equal rows: ``np.unique`` along the first axis, in a third of its time."""
        order = np.lexsort(X.T[::-1])
        ordered = X[order]
        is_first = np.ones(len(X), dtype=bool)
        is_first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        index = np.empty(len(X), dtype=np.intp)
        index[order] = np.cumsum(is_first) - 1
        return cls(ordered[is_first], index, order[is_first])

    def means(self, y: Float[Array, " n"]) -> Float[Array, " g"]:
        """The mean of each group's finite values; of equal ones exactly that."""
        base = y[self.first]
        apart = np.bincount(self.index, y - base[self.index])
        return np.asarray(base + apart / np.bincount(self.index))

    def repeats(self, y: Float[Array, " n"]) -> Repeats | None:
        """What is known of the values of each group, if they are noisy: if those of one differ.

        A function without noise that is evaluated again tells nothing more. Where one value is far
        below all others, as of a training that diverged, deviations tell nothing of other points.
        """
        if (y == y[self.first][self.index]).all():
            return None
        counts = np.bincount(self.index).astype(float)
        squares = np.bincount(self.index, (y - self.means(y)[self.index]) ** 2)
        is_far = np.bincount(self.index, y != bounded(y)) > 0.0
        return Repeats(counts, squares, counts - 1.0).where(~is_far)


def comparable(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Values with those far below all others minus infinite.

    Beside what stands for a training that diverged, as the largest number there is, the
    differences of the others would be lost.
    """
    told = y[np.isfinite(y)]
    best = told.max(initial=-np.inf)
    if not best / 2.0 - told.min(initial=np.inf) / 2.0 > _LEAP:  # as of most: no leap is smaller
        return y
    gaps = np.unique(best / 2.0 - told / 2.0)
    leaps = np.flatnonzero(gaps[2:] / _LEAP > np.maximum(gaps[1:-1], 1.0))
    return np.where(best / 2.0 - y / 2.0 >= gaps[leaps[0] + 2], -np.inf, y) if len(leaps) else y


def unit_of(y: Float[Array, " n"]) -> float:
    """What values are divided by so that their squares stay in float64; 1 for most."""
    return _unit(comparable(y))


def _unit(y: Float[Array, " n"]) -> float:
    """:func:`unit_of` values that are comparable."""
    magnitude = float(np.abs(y[np.isfinite(y)]).max(initial=0.0))
    return magnitude if magnitude > _HUGE or 0.0 < magnitude < _TINY else 1.0


def finite(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Values with the infinite ones drawn to the worst and the best finite one, and those that are
    not :func:`comparable`; rescaled where their squares would leave float64.

    Where the finite ones do not differ, or there is none, the infinite ones are drawn to a place
    beyond: how far does not matter, as nothing else has a scale.
    """
    y = comparable(y)
    y = y / _unit(y)
    y = np.where(np.abs(y) < _LEAST, 0.0, y)
    told = y[np.isfinite(y)]
    low, high = (told.min(), told.max()) if len(told) else (0.0, 0.0)
    if low == high:
        gap = max(abs(low), 1.0)
        low, high = low - gap, high + gap
    return np.asarray(np.clip(y, low, high))


def bounded(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Draws the lowest quarter of the target's values up, where it is far below the others.

    A target's values are crowded near the best, so that their median says nothing of the scale of
    the others; what is kept reaches thrice as far below the best as the better three quarters: of
    eleven values the better nine, of twelve as many. The worst of these is one of the values: what
    lies between two may be far below it.
    """
    best, worst = y.max(), np.sort(y)[len(y) // 4]
    return np.asarray(np.maximum(y, best - _REACH * (best - worst))) if best > worst else y


@dataclass(frozen=True, eq=False)
class Task:
    """Evaluated points of one study, encoded in the target's domain.

    Like arrays, tasks are told apart as objects: two of the same points are two.

    Args:
        X: Points, shape [n p]; a point may lie outside the unit cube.
        y: Finite values to be maximised, shape [n].
        known: The columns that this study says something about, shape [p]; the others are to be
            ignored. ``None`` means all.
        whole: All points in the order of their first trials, with the values that were told, of
            which this task may hold some, or less extreme ones. ``None`` where that is not known.
        repeats: Of the noisy values whose means ``y`` are; ``None`` if it is one value each.

    Example:
        >>> import numpy as np
        >>> from optuna_metabo import Task
        >>> len(Task(np.array([[0.1], [0.7]]), np.array([3.0, 4.0])))
        2
    """

    X: Float[Array, "n p"]
    y: Float[Array, " n"]
    known: Bool[Array, " p"] | None = None
    whole: Task | None = None
    repeats: Repeats | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def tally(self) -> Repeats:
        """``repeats``, of one value each if there are none."""
        return Repeats.none(len(self)) if self.repeats is None else self.repeats

    @property
    def counts(self) -> Float[Array, " n"]:
        """How many noisy values each of ``y`` is the mean of."""
        return self.tally.counts

    @classmethod
    def observed(
        cls, X: Float[Array, "n p"], y: Float[Array, " n"], known: Bool[Array, " p"] | None = None
    ) -> Task:
        """Points and their values, in no order, as data to be maximised.

        Points whose value is NaN are left out, infinite values are drawn to the worst and the best
        finite one, and points evaluated more than once get their mean, which counts as so many if
        they differ.
        """
        told = ~np.isnan(y)
        return _merged(Groups.of(X[told]), finite(y[told]), known)

    def only(self, rows: Int[Array, " r"] | Bool[Array, " n"]) -> Task:
        """Some of its points."""
        repeats = self.repeats and self.repeats.only(rows)
        return replace(self, X=self.X[rows], y=self.y[rows], repeats=repeats)

    def transformed(self, y: Float[Array, " n"]) -> Task:
        """With other values, at some or all of the points.

        How much single values differed where they are others is not known on their scale.
        """
        return replace(self, y=y, repeats=self.repeats and self.repeats.where(y == self.y))

    def scaled(self, centre: float, scale: float) -> Task:
        """With ``(y - centre) / scale`` as values."""
        repeats = self.repeats and replace(self.repeats, squares=self.repeats.squares / scale**2)
        return replace(self, y=(self.y - centre) / scale, repeats=repeats)

    @classmethod
    def joined(cls, tasks: Sequence[Task]) -> Task:
        """The points of several tasks, one at least, as those of one that has all columns."""
        X, y = np.concatenate([t.X for t in tasks]), np.concatenate([t.y for t in tasks])
        if not any(task.repeats for task in tasks):
            return cls(X, y)
        several = (task.tally for task in tasks)
        parts = ((one.counts, one.squares, one.freedom) for one in several)
        return cls(X, y, repeats=Repeats(*map(np.concatenate, zip(*parts, strict=True))))

    def thinned(self, most: int, rule: Rule = by_rank) -> Task:
        """At most so many points, kept by a rule of :mod:`optuna_metabo.thinning`."""
        if len(self) <= most:
            return self
        return self.only(rule(self.y, most))


def _merged(groups: Groups, y: Float[Array, " n"], known: Bool[Array, " p"] | None = None) -> Task:
    """The means of finite values at points of which some are equal."""
    return Task(groups.X, groups.means(y), known, repeats=groups.repeats(y))


def observed_together(
    X: Float[Array, "n p"], values: Sequence[Float[Array, " n"]], is_feasible: Bool[Array, " n"]
) -> tuple[list[Task], Bool[Array, " g"]]:
    """Outputs of a study that goes on, which know the order of their trials, seen at the same
    points, and where all that was seen is feasible.

    Args:
        X: The points.
        values: Of each output, to be maximised; NaN where a point says nothing of it.
        is_feasible: Of each point.
    """
    told = ~np.isnan(values).any(axis=0)
    groups = Groups.of(X[told])
    order = np.argsort(groups.first)
    tasks = [_merged(groups, finite(y[told])) for y in values]
    tasks = [replace(task, whole=task.only(order)) for task in tasks]
    return tasks, groups.means(is_feasible[told].astype(float)) == 1.0
