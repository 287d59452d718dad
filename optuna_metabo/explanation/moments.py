"""Which of a study's trials had ended, and which ran, when another one began."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.trial import FrozenTrial


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
