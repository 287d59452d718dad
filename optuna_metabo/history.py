"""What is worked out of a study's trials at every ask, remembered of those that cannot change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.search_space import intersection_search_space
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.encoding import Encoding
from optuna_metabo.memory import Memory
from optuna_metabo.ranges import Ranges
from optuna_metabo.shapes import Float
from optuna_metabo.snapshot import Snapshot

# Trials that are looked at together, and bytes of what is remembered of them.
_CHUNK = 64
_MOST = 2**24

V = TypeVar("V")
Space = dict[str, BaseDistribution]


@dataclass(frozen=True)
class History:
    """Works through the trials of studies chunk by chunk.

    So that the cost of an ask does not grow with the trials but for looking up what is known.
    """

    _memory: Memory[Any] = field(default_factory=lambda: Memory(_MOST), repr=False)

    def intersection(self, now: Snapshot) -> Space:
        """The parameters that every completed trial has with the same distribution."""
        parts = [part for part in self._each(now, "intersection", _intersection) if part]
        spaces = [space for (space,) in parts]
        first = spaces[0] if spaces else {}
        return {n: d for n, d in first.items() if all(s.get(n) == d for s in spaces[1:])}

    def ranges(self, now: Snapshot) -> Ranges:
        """The ranges of all parameters of the trials that have ended."""
        return Ranges.over(self._each(now, "ranges", _ranges))

    def encoded(self, now: Snapshot, encoding: Encoding) -> Float[Array, "n p"]:
        """All trials, one a row."""

        def rows(trials: Sequence[FrozenTrial]) -> Float[Array, "c p"]:
            return encoding.encode_many([trial.params for trial in trials])

        space = tuple(map(repr, encoding.search_space.items()))
        return np.concatenate([rows(()), *self._each(now, space, rows)])

    def _each(
        self, now: Snapshot, what: Hashable, work: Callable[[Sequence[FrozenTrial]], V]
    ) -> list[V]:
        found = []
        for start in range(0, len(now.trials), _CHUNK):
            trials = now.trials[start : start + _CHUNK]
            if len(trials) < _CHUNK or not all(trial.state.is_finished() for trial in trials):
                found.append(work(trials))
                continue
            # Another study may have the name of one that was deleted, and a bracket of Hyperband
            # has that of its study and some of its trials.
            ends = [
                (t.number, t.datetime_start, t.datetime_complete) for t in trials[:: _CHUNK - 1]
            ]
            key = (now.name, *ends, what)
            found.append(self._memory.get(key, lambda trials=trials: work(trials)))  # type: ignore[misc]
        return found


def _intersection(trials: Sequence[FrozenTrial]) -> tuple[Space] | None:
    completed = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return (intersection_search_space(completed),) if completed else None


def _ranges(trials: Sequence[FrozenTrial]) -> Ranges:
    return Ranges.of(trial.distributions for trial in trials if trial.state.is_finished())
