"""What is planned for trials that are being asked for."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from optuna_metabo.plans import Plans, key_of
from optuna_metabo.snapshot import Snapshot

X = FloatDistribution(0, 1)
PLAN = {"layers": [64, 32], "flag": True, "x": 0.5}


def running(number: int = 0, **params: Any) -> FrozenTrial:
    """A trial that holds some choices."""
    space = {name: CategoricalDistribution([value]) for name, value in params.items()}
    trial = create_trial(state=TrialState.RUNNING, params=params, distributions=space)
    trial.number = number
    return trial


@pytest.fixture
def study() -> optuna.Study:
    return optuna.create_study()


@pytest.mark.parametrize(
    ("params", "name", "low", "served"),
    [
        ({}, "x", 0.0, True),
        ({"layers": (64, 32), "flag": True}, "x", 0.0, True),
        ({"layers": (64, 16)}, "x", 0.0, False),
        ({"flag": 1}, "x", 0.0, False),
        ({"elsewhere": 1}, "x", 0.0, False),
        ({}, "y", 0.0, False),
        ({}, "x", 0.6, False),
    ],
)
@pytest.mark.filterwarnings("ignore:Choices for a categorical")
def test_a_plan_serves_a_trial_that_has_kept_to_it(
    study: optuna.Study, params: dict[str, Any], name: str, low: float, served: bool
) -> None:
    plans, trial = Plans(), running(**params)
    assert plans.serving(study, trial, name, X) is None
    plans.keep(key_of(study, trial), PLAN)
    found = plans.serving(study, trial, name, FloatDistribution(low, 1))
    assert (found is PLAN) == served


def test_of_trials_that_never_finish_the_oldest_are_dropped(study: optuna.Study) -> None:
    plans, trials = Plans(), [running(number) for number in range(300)]
    for trial in trials:
        plans.keep(key_of(study, trial), PLAN)
    assert sorted(plans.of(study, trials)) == list(range(300 - 256, 300))
    plans.forget(key_of(study, trials[-1]))
    assert max(plans.of(study, trials)) == 298


def test_what_was_read_serves_once_and_not_after_another_plan_of_the_study(
    study: optuna.Study,
) -> None:
    now, names = Snapshot.of(study, with_attributes=False), frozenset({"x"})
    other = optuna.create_study()
    first, second, third = (key_of(one, running(i)) for i, one in enumerate((study, study, other)))
    plans = Plans()
    for key in (first, second, third):
        plans.begin(key, now, names)
    assert plans.read(first) is now
    assert plans.read(first) is None
    plans.keep(first, PLAN)
    assert plans.asked_together(second) == names
    assert plans.read(second) is None
    assert plans.read(third) is now


def test_another_process_has_the_plans_alone(study: optuna.Study) -> None:
    plans, trial = Plans(), running()
    key = key_of(study, trial)
    plans.begin(key, Snapshot.of(study, with_attributes=False), frozenset({"x"}))
    plans.keep(key, PLAN)
    theirs = plans.without_reading()
    assert theirs.of(study, [trial]) == {0: PLAN}
    assert theirs.asked_together(key) == frozenset()
    theirs.forget(key)
    assert plans.of(study, [trial]) == {0: PLAN}


def test_of_a_trial_that_has_ended_nothing_that_was_read_is_kept(study: optuna.Study) -> None:
    plans, key = Plans(), key_of(study, running())
    plans.begin(key, Snapshot.of(study, with_attributes=False), frozenset({"x"}))
    plans.forget(key)
    assert plans.asked_together(key) == frozenset()
    assert not plans.inferred
