"""How good the trials of a pool are, as their owner knows in the end.

    regret = (best - found) / (best - median), in [0, 1]

``found`` is the best value so far, ``best`` and ``median`` are those of the owner's completed
trials. Of several objectives, ``found`` is the hypervolume of what was found, ``best`` that of
all, and nothing stands in for the median. Each objective then counts by its ranks, so that
neither units nor decades matter: the reference is just below the worst of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array
from optuna.trial import TrialState
from scipy.stats import rankdata

from optuna_metabo.acquisition import boxes, nondominated
from optuna_metabo.constraints import constraints_of, feasible
from optuna_metabo.replay.pool import Pool
from optuna_metabo.shapes import Float

# Within this part of the best value, and among this part of all trials.
CLOSE = 0.01
# Values beyond this are measured in units of their own: differences of two must stay floats.
_HUGE, _UNIT = 1e300, 4.0


@dataclass(frozen=True)
class Yardstick:
    """Measures what was found of a pool.

    Args:
        results: One row a trial, one column an objective, to be maximised, finite, in any unit;
            NaN for a trial without a result: pruned, failed, or breaking a constraint.
    """

    results: Float[Array, "n m"]

    @classmethod
    def of(cls, pool: Pool) -> Yardstick:
        """Of the owner's own values; infinite ones count as the most extreme finite one.

        A report of a pruned trial is told to samplers and counts as no result.
        """
        is_result = np.array([one.state == TrialState.COMPLETE for one in pool.trials], dtype=bool)
        is_result &= feasible([constraints_of(one, None) for one in pool.trials])
        values = np.stack([one.values(pool.trials) for one in pool.objectives], axis=1)
        values = np.where(is_result[:, None], values, np.nan)
        columns = [_finite(column) for column in values.T]
        if len(columns) > 1:
            columns = [_ranks(column) for column in columns]
        return cls(np.stack(columns, axis=1))

    @property
    def n_results(self) -> int:
        """The number of trials with a result."""
        return int((~np.isnan(self.results[:, 0])).sum())

    @property
    def tells(self) -> bool:
        """Whether any order of the trials can be better than another."""
        known = self.results[~np.isnan(self.results[:, 0])]
        return len(known) > 1 and bool(np.ptp(known, axis=0).any())

    def found(self, rows: Sequence[int]) -> Float[Array, " t"]:
        """The best value, or the hypervolume, after each trial; minus infinity for none."""
        taken = self.results[list(rows)]
        if self.results.shape[1] == 1:
            return np.maximum.accumulate(np.nan_to_num(taken[:, 0], nan=-np.inf))
        return _hypervolumes(taken)

    @cached_property
    def best(self) -> float:
        """What all trials together found."""
        return float(self.found(range(len(self.results)))[-1])

    @cached_property
    def _median(self) -> float:
        return float(np.nanmedian(self.results)) if self.results.shape[1] == 1 else 0.0

    def regret(self, found: Float[Array, " t"]) -> Float[Array, " t"]:
        """Regret after each trial, of what was found by then; 1 before the first result."""
        span = self.best - self._median
        if span <= 0.0:
            return np.where(found >= self.best, 0.0, 1.0)
        with np.errstate(over="ignore"):
            return np.clip((self.best - found) / span, 0.0, 1.0)

    @cached_property
    def front(self) -> frozenset[tuple[float, ...]]:
        """The best results: the best value, or all that no other dominates."""
        known = self.results[~np.isnan(self.results[:, 0])]
        return frozenset(map(tuple, known[nondominated(known)].tolist()))

    @cached_property
    def goals(self) -> dict[str, float]:
        """What is to be found: 1 % off the best value, the best 1 % of all results, the best.

        Hypervolumes are made of ranks already.
        """
        close = self.best - CLOSE * abs(self.best)
        if self.results.shape[1] > 1:
            return {"close": close, "top": close, "best": self.best}
        ranked = -np.sort(-self.results[~np.isnan(self.results[:, 0]), 0])
        top = ranked[math.ceil(CLOSE * len(ranked)) - 1]
        return {"close": close, "top": float(top), "best": self.best}

    def trials_to(self, found: Float[Array, " t"], goal: str) -> float:
        """How many trials it took to reach one of the goals; infinite if it was not reached."""
        reached = np.flatnonzero(found >= self.goals[goal])
        return float(reached[0] + 1) if len(reached) else math.inf


def _finite(values: Float[Array, " n"]) -> Float[Array, " n"]:
    """Infinite values as the most extreme finite one, and huge ones in a larger unit."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.where(np.isnan(values), np.nan, np.sign(values))
    unit = _UNIT if np.abs(known).max() > _HUGE else 1.0
    return np.clip(values, known.min(), known.max()) / unit


def _ranks(values: Float[Array, " n"]) -> Float[Array, " n"]:
    """The part of all results that is not better, in (0, 1]; NaN stays."""
    known = ~np.isnan(values)
    ranks = np.full(len(values), np.nan)
    ranks[known] = rankdata(values[known], method="max") / max(known.sum(), 1)
    return ranks


def _hypervolumes(ranks: Float[Array, "t m"]) -> Float[Array, " t"]:
    """The part of the unit cube that is dominated after each row."""
    front = np.zeros((0, ranks.shape[1]))
    volumes = np.zeros(len(ranks))
    for i, row in enumerate(ranks):
        volumes[i] = volumes[i - 1] if i else 0.0
        if np.isnan(row).any() or (front >= row).all(axis=1).any():
            continue
        front = np.concatenate([front[(front > row).any(axis=1)], row[None]])
        volumes[i] = _hypervolume(front)
    return volumes


def _hypervolume(front: Float[Array, "k m"]) -> float:
    """Of points in the unit cube: by stripes in the plane, else by the boxes of the rest."""
    if front.shape[1] == 2:
        x, y = front[front[:, 0].argsort()].T
        return float(np.diff(x, prepend=0.0) @ y)
    lower, upper = boxes(front, np.zeros(front.shape[1]))
    sides = np.maximum(np.minimum(upper, 1.0) - lower, 0.0)
    return 1.0 - float(sides.prod(axis=1).sum())
