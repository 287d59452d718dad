"""Which of a study's trials had ended, and which ran, when another one began."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from optuna.trial import FrozenTrial

from optuna_metabo.ranges import Ranges

Moment = tuple[datetime, int]


def was_added(trial: FrozenTrial) -> bool:
    """Whether it began and ended at one moment; of whole seconds, as a database may keep, that is
    no sign.
    """
    start = trial.datetime_start
    return start is not None and start == trial.datetime_complete and start.microsecond != 0


def ended_before(trials: Sequence[FrozenTrial], before: FrozenTrial) -> list[FrozenTrial]:
    """Those that had ended when a trial began.

    One that was added to the study begins and ends at one moment, perhaps that of another.
    """
    start = before.datetime_start
    return [
        one
        for one in trials
        if one.datetime_complete
        and start
        and (one.datetime_complete, one.number) < (start, before.number)
    ]


def running_at(trials: Sequence[FrozenTrial], begin: FrozenTrial) -> list[FrozenTrial]:
    """Those that had begun and not ended when a trial began."""
    start = begin.datetime_start
    ended = {one.number for one in ended_before(trials, begin)}
    return [
        one
        for one in trials
        if one.datetime_start
        and start
        and (one.datetime_start, one.number) < (start, begin.number)
        and one.number not in ended
    ]


@dataclass(frozen=True)
class Ended:
    """The trials that had ended when one began.

    Args:
        told: Those that told something.
        failed: Those that had failed.
    """

    told: list[FrozenTrial]
    failed: list[FrozenTrial]

    @property
    def n_placed(self) -> tuple[int, int]:
        """How many of either, failed ones first, were asked for a parameter."""
        n_failed, n_told = (sum(bool(x.params) for x in part) for part in (self.failed, self.told))
        return n_failed, n_told


@dataclass(frozen=True)
class Growth:
    """What was known of the ranges of a study's parameters while its trials ended.

    Args:
        ends: When they ended, with their numbers, ascending.
        ranges: Before the first of them, and after each.
    """

    ends: Sequence[Moment]
    ranges: Sequence[Ranges]

    @classmethod
    def of(cls, trials: Sequence[FrozenTrial]) -> Growth:
        """Of trials that have ended."""
        ended = {
            (one.datetime_complete, one.number): one for one in trials if one.datetime_complete
        }
        ends = sorted(ended)
        each = (Ranges(ended[end].distributions, frozenset()) for end in ends)
        known = accumulate(each, lambda a, b: Ranges.over((a, b)), initial=Ranges.of(()))
        return cls(ends, list(known))

    def before(self, trial: FrozenTrial) -> Ranges:
        """Those of the trials that had ended when one began: see :func:`ended_before`."""
        start = trial.datetime_start
        return self.ranges[bisect_left(self.ends, (start, trial.number)) if start else 0]
