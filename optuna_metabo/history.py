"""What is worked out of a study's trials at every ask, remembered of those that cannot change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy import ndarray as Array
from optuna.search_space import intersection_search_space
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.branches import lacking
from optuna_metabo.constraints import constraints_of
from optuna_metabo.encoding import Encoding
from optuna_metabo.memory import Memory, digest_of
from optuna_metabo.objectives import TELLING
from optuna_metabo.ranges import Ranges, Space
from optuna_metabo.shapes import Float
from optuna_metabo.snapshot import Snapshot

# Bytes of what is remembered.
_MOST = 2**23

V = TypeVar("V")


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

    def lacking(self, now: Snapshot, tree: Encoding, token: Hashable) -> frozenset[str]:
        """The parameters that a trial lacks which has them by a tree of parameters.

        Args:
            now: The study.
            tree: The parameters, with conditions.
            token: Stands for the tree.
        """
        if not tree.names:
            return frozenset()

        def names(trials: Sequence[FrozenTrial]) -> frozenset[str]:
            """Those of some trials; one that failed may not have got to all that it has."""
            return lacking([trial for trial in trials if trial.state in TELLING], tree)

        return frozenset().union(*self._each(now, ("lacking", token), names))

    def encoded(self, now: Snapshot, encoding: Encoding) -> Float[Array, "n p"]:
        """All trials, one a row."""

        def rows(trials: Sequence[FrozenTrial]) -> Float[Array, "c p"]:
            """Those of some trials."""
            return encoding.encode_many([trial.params for trial in trials])

        space = digest_of(encoding.search_space)
        return np.concatenate([rows(()), *self._each(now, space, rows)])

    def constraints(
        self,
        now: Snapshot,
        trials: Sequence[FrozenTrial],
        asked: Callable[[FrozenTrial], dict[str, float]],
    ) -> list[dict[str, float]]:
        """Those that trials hold themselves; of one without any, what it is ``asked`` for."""
        stored = [one for part in self._each(now, "constraints", _constraints) for one in part]
        return [
            stored[i] or asked(trial) for i, trial in zip(now.places(trials), trials, strict=True)
        ]

    def candidates(
        self, candidates: Sequence[Mapping[str, Any]], encoding: Encoding
    ) -> Float[Array, "m p"]:
        """Configurations that may be asked about again and again, one a row."""
        key = digest_of((encoding.search_space, candidates))
        X: Float[Array, "m p"] = self._memory.get(key, lambda: encoding.encode_many(candidates))
        return X

    def _each(
        self, now: Snapshot, what: Hashable, work: Callable[[Sequence[FrozenTrial]], V]
    ) -> list[V]:
        return [
            work(trials)
            if key is None
            else self._memory.get((key, what), lambda trials=trials: work(trials))  # type: ignore[misc]
            for trials, key in now.chunks
        ]


def _intersection(trials: Sequence[FrozenTrial]) -> tuple[Space] | None:
    completed = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return (intersection_search_space(completed),) if completed else None


def _ranges(trials: Sequence[FrozenTrial]) -> Ranges:
    return Ranges.of(trial.distributions for trial in trials if trial.state.is_finished())


def _constraints(trials: Sequence[FrozenTrial]) -> list[dict[str, float]]:
    return [constraints_of(trial, None) for trial in trials]
