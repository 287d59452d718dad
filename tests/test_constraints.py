"""What the trials of a study say of constraints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.constraints import bilog, constraints_of, feasible, keys, slacks, usual_size

COMPLETED = optuna.create_trial(value=1.0)
FAILED = optuna.create_trial(state=TrialState.FAIL)


def constrained(values: Any) -> FrozenTrial:
    return optuna.create_trial(
        params={}, distributions={}, value=1.0, system_attrs={"constraints": values}
    )


def test_constraints_are_read_from_the_trial_before_the_function() -> None:
    assert constraints_of(constrained([1.0, -2.0]), lambda _: [9.0]) == {"0": 1.0, "1": -2.0}
    assert constraints_of(COMPLETED, lambda _: [9.0]) == {"0": 9.0}
    assert constraints_of(COMPLETED, None) == {}
    assert constraints_of(FAILED, lambda _: [9.0]) == {}


def test_a_constraint_that_is_not_a_number_is_broken() -> None:
    from_function = constraints_of(COMPLETED, lambda _: [-1.0, math.nan])
    stored = constraints_of(constrained([-1.0, math.nan]), None)
    not_told = constraints_of(constrained([-1.0, None]), None)
    assert from_function == stored == not_told == {"0": -1.0, "1": math.inf}
    held = [{"0": -1.0}, from_function]
    np.testing.assert_array_equal(feasible(held), [True, False])
    np.testing.assert_array_equal(slacks(held, "1"), [math.nan, -math.inf])


def test_a_missing_key_is_unknown_and_breaks_nothing() -> None:
    held = [{"a": 1.0}, {"b": 0.0}, {}]
    assert keys(held) == ["a", "b"]
    np.testing.assert_array_equal(slacks(held, "a"), [-1.0, math.nan, math.nan])
    np.testing.assert_array_equal(feasible(held), [False, True, True])


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300])
def test_bilog_keeps_the_border_and_the_order(unit: float) -> None:
    slack = unit * np.array([-100.0, -1.0, 0.0, 2.0])
    found = bilog(slack, usual_size(slack))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(np.sign(found), np.sign(slack))
    assert (np.diff(found) > 0.0).all()


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300])
def test_an_infinite_constraint_is_as_bad_as_the_worst_one(unit: float) -> None:
    slack = unit * np.array([-9.0, 1.0, -math.inf, math.inf, math.nan])
    found = bilog(slack, unit)
    np.testing.assert_allclose(found[:3], [-np.log1p(9.0), np.log1p(1.0), -np.log1p(9.0)])
    assert found[3] == found[1]
    assert np.isnan(found[4])


def test_an_infinite_constraint_stands_beyond_the_border_whatever_is_known() -> None:
    np.testing.assert_allclose(
        bilog(np.array([0.5, -math.inf]), 1.0), [np.log1p(0.5), -np.log1p(1.0)]
    )
    np.testing.assert_allclose(bilog(np.array([math.inf]), 1.0), [np.log1p(1.0)])
    assert len(bilog(np.zeros(0), 1.0)) == 0


def test_the_unit_is_the_usual_size() -> None:
    assert usual_size(np.array([0.0, 2.0, -4.0, 600.0, math.inf, math.nan])) == 4.0
    assert usual_size(np.array([0.0, math.inf])) == 1.0
    assert math.isfinite(usual_size(np.array([1.5e308, 1.7e308])))
