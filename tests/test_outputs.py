"""What the trials of a study say of objectives and constraints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.outputs import (
    Objective,
    bilog,
    constraints_of,
    feasible,
    keys,
    matching,
    objectives_of,
    slacks,
    unit_of,
)

MAXIMISE = Objective(0, StudyDirection.MAXIMIZE)
MINIMISE = Objective(0, StudyDirection.MINIMIZE)


def make_trial(
    value: float | None, reports: dict[int, float], state: TrialState = TrialState.COMPLETE
) -> FrozenTrial:
    return optuna.create_trial(
        params={"x": 0.5},
        distributions={"x": FloatDistribution(0, 1)},
        value=value,
        intermediate_values=reports,
        state=state,
    )


def pruned(reports: dict[int, float]) -> FrozenTrial:
    return make_trial(None, reports, TrialState.PRUNED)


COMPLETED = [
    make_trial(0.9, {1: 0.5, 2: 0.8}),
    make_trial(0.6, {1: 0.3}),
    make_trial(0.7, {1: 0.4}),
]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ({1: 0.4}, 0.7),
        ({1: 0.45}, 0.8),
        ({1: 0.1}, 0.6),
        ({1: 0.1, 2: 0.7}, 0.9),  # one peer alone
        ({7: 0.1}, math.nan),
        ({1: math.nan}, math.nan),
        ({}, math.nan),
    ],
)
def test_a_pruned_trial_has_the_value_of_its_rank(
    reports: dict[int, float], expected: float
) -> None:
    for objective, sign in ((MAXIMISE, 1.0), (MINIMISE, -1.0)):
        mirrored = [
            make_trial(
                sign * (t.value or 0.0), {k: sign * v for k, v in t.intermediate_values.items()}
            )
            for t in COMPLETED
        ]
        other = pruned({k: sign * v for k, v in reports.items()})
        found = objective.values([*mirrored, other])
        np.testing.assert_allclose(found, [0.9, 0.6, 0.7, expected])


def two(names: list[str] | None = None) -> tuple[Objective, ...]:
    study = optuna.create_study(directions=["minimize", "maximize"])
    if names:
        study.set_metric_names(names)
    return objectives_of(study)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_objectives_match_by_name_then_by_position() -> None:
    named, swapped, plain = two(["loss", "acc"]), two(["acc", "loss"]), two()
    assert matching(named[0], swapped, 2) is swapped[1]
    assert matching(named[1], plain, 2) is plain[1]
    assert matching(plain[0], swapped, 2) is swapped[0]
    assert matching(named[0], two(["time", "acc"]), 2) is None
    assert matching(MAXIMISE, two(), 1) is None
    assert matching(MAXIMISE, (MINIMISE,), 1) is MINIMISE
    alone = Objective(0, StudyDirection.MAXIMIZE, "acc")
    assert matching(alone, named, 1) is named[1]
    assert matching(named[1], (alone,), 2) is alone


def constrained(values: Any) -> FrozenTrial:
    return optuna.create_trial(
        params={}, distributions={}, value=1.0, system_attrs={"constraints": values}
    )


def test_constraints_are_read_from_the_trial_before_the_function() -> None:
    assert constraints_of(constrained([1.0, -2.0]), lambda _: [9.0]) == {"0": 1.0, "1": -2.0}
    assert constraints_of(make_trial(1.0, {}), lambda _: [9.0, math.nan]) == {"0": 9.0}
    assert constraints_of(make_trial(1.0, {}), None) == {}


def test_a_missing_key_is_unknown_and_breaks_nothing() -> None:
    held = [{"a": 1.0}, {"b": 0.0}, {}]
    assert keys(held) == ["a", "b"]
    np.testing.assert_array_equal(slacks(held, "a"), [-1.0, math.nan, math.nan])
    np.testing.assert_array_equal(feasible(held), [False, True, True])


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300])
def test_bilog_keeps_the_border_and_the_order(unit: float) -> None:
    slack = unit * np.array([-100.0, -1.0, 0.0, 2.0])
    found = bilog(slack, unit_of(slack))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(np.sign(found), np.sign(slack))
    assert (np.diff(found) > 0.0).all()
