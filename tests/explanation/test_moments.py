"""Which trials had ended, and which ran, when another one began."""

from __future__ import annotations

from datetime import datetime, timedelta

import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial

from optuna_metabo.explanation.moments import Growth, ended_before, running_at
from optuna_metabo.ranges import Ranges

NOON = datetime(2026, 1, 1, 12)


def trial(number: int, begin: int | None, end: int | None) -> FrozenTrial:
    """One that began and ended so many seconds after noon."""
    made = optuna.create_trial(value=0.0)
    made.number = number
    made.datetime_start, made.datetime_complete = (
        None if at is None else NOON + timedelta(seconds=at) for at in (begin, end)
    )
    return made


def numbers(trials: list[FrozenTrial]) -> list[int]:
    return [one.number for one in trials]


def test_a_trial_runs_from_its_begin_to_its_end() -> None:
    trials = [trial(0, 0, 2), trial(1, 1, 9), trial(2, 3, None), trial(3, 4, None)]
    assert numbers(ended_before(trials, trials[3])) == [0]
    assert numbers(running_at(trials, trials[3])) == [1, 2]
    waiting = trial(4, None, None)
    assert ended_before(trials, waiting) == running_at(trials, waiting) == []


def test_of_what_happens_at_one_moment_the_trial_of_a_smaller_number_comes_first() -> None:
    """Trials that are added to a study may all begin and end at one."""
    trials = [trial(number, 5, 5) for number in range(4)]
    for one in trials:
        assert numbers(ended_before(trials, one)) == list(range(one.number))
        assert running_at(trials, one) == []
    begun = [trial(number, 5, None) for number in range(4)]
    for one in begun:
        assert numbers(running_at(begun, one)) == list(range(one.number))


def test_ranges_grow_as_trials_end_in_whatever_order_they_began() -> None:
    trials = [trial(0, 0, 2), trial(1, 1, 9), trial(2, 3, 4), trial(3, 5, None)]
    for one in trials:
        low = float(one.number)
        one.distributions = {"x": FloatDistribution(low, low + 4.0)}
    later = trial(4, 9, None)
    growth = Growth.of([*trials[:3]])
    for one in (*trials, later, trial(5, None, None)):
        seen = [each.distributions for each in ended_before(trials, one)]
        assert growth.before(one) == Ranges.of(seen)
    assert growth.before(later).space["x"] == FloatDistribution(0.0, 6.0)
