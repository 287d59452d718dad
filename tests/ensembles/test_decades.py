"""Losses over decades: which scale is chosen, and that nothing else is changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.ensembles import decades as module
from optuna_metabo.ensembles.decades import Decades, by_decades
from optuna_metabo.ensembles.target import settled
from optuna_metabo.memory import Memory
from optuna_metabo.repeats import Repeats
from optuna_metabo.tasks import Task

GROUPS = np.arange(2)
X = np.random.default_rng(0).random((30, 2))
WAY = np.abs(X - 0.4).sum(axis=1)


def task(loss: Array, n: int = 30) -> Task:
    found = Task(X[:n], -loss[:n])
    return replace(found, whole=found)


def test_what_is_linear_in_its_logarithm_is_told_by_it() -> None:
    loss = 10.0 ** (8.0 * WAY - 4.0)
    found = by_decades(task(loss), GROUPS)
    expected = -np.log(loss + loss[:27].min())  # of the values to which hyperparameters are fitted
    np.testing.assert_allclose(found.y, expected)
    assert found.whole is not None
    np.testing.assert_allclose(found.whole.y, expected)
    np.testing.assert_array_equal(found.X, X)


def test_the_scale_is_that_of_the_losses_whatever_their_unit() -> None:
    loss = 10.0 ** (8.0 * WAY - 4.0)
    one, other = (by_decades(task(unit * loss), GROUPS).y for unit in (1.0, 1e-3))
    np.testing.assert_allclose(other - one, np.log(1e3))


@pytest.mark.parametrize(
    "loss",
    [
        1.0 + 50.0 * WAY,  # less than two decades
        WAY - 0.5,  # of both signs
        -(10.0 ** (8.0 * WAY - 4.0)),  # no loss: the best are the largest
        np.r_[10.0 ** (8.0 * WAY[:29] - 4.0), -1.0],  # the last is no loss
        np.maximum(WAY - 0.4, 0.0),  # the best is none at all
    ],
)
def test_other_values_stay_as_they_are(loss: Array) -> None:
    told = task(loss)
    assert by_decades(told, GROUPS) is told


@pytest.mark.parametrize(("ratio", "is_changed"), [(0.5, True), (0.95, False), (1.0, False)])
def test_an_order_that_is_hardly_better_changes_nothing(
    ratio: float, is_changed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Near ties change from value to value, and so would the scale."""
    told = task(10.0 ** (8.0 * WAY - 4.0))

    def loss(one: Task, groups: Array) -> float:
        return 10.0 if (one.y == settled(told).y).all() else 10.0 * ratio

    monkeypatch.setattr(module, "leave_one_out_loss", loss)
    monkeypatch.setattr(module, "_TOLD", Memory(2**16))
    assert (by_decades(told, GROUPS) is not told) == is_changed


def test_of_few_values_nothing_is_changed() -> None:
    told = task(10.0 ** (8.0 * WAY - 4.0), n=9)
    assert by_decades(told, GROUPS) is told
    nothing = Task(X[:0], WAY[:0])
    assert by_decades(nothing, GROUPS) is nothing


def test_a_value_that_hyperparameters_are_not_fitted_to_yet_does_not_change_the_scale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would change from ask to ask, and otherwise where the study is resumed."""
    monkeypatch.setattr(module, "_is_better_told", lambda *_: True)
    monkeypatch.setattr(module, "_TOLD", Memory(2**16))
    losses, late = 1.0 + 50.0 * WAY, np.r_[np.zeros(27), np.full(3, 1e6)]
    told = task(losses + late)
    assert len(settled(told)) == 27
    assert by_decades(told, GROUPS) is told
    early = task(losses + late[::-1])
    assert by_decades(early, GROUPS) is not early


def test_the_evidence_decides() -> None:
    """A plane that comes near to 0 at one point is still a plane."""
    plane = X @ np.array([3.0, 1.0])
    told = task(plane - plane.min() + 1e-3)
    assert by_decades(told, GROUPS) is told


@pytest.mark.parametrize("other", ["counts", "squares", "freedom", "groups"])
def test_the_scale_is_asked_anew_of_whatever_tells_of_it(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Task] = []
    monkeypatch.setattr(module, "_TOLD", Memory(2**16))
    monkeypatch.setattr(module, "_is_better_told", lambda first, *_: bool(asked.append(first)))
    repeats = Repeats(*np.ones((3, 30)))
    told = Task(X, -np.geomspace(1.0, 1e4, 30), repeats=repeats)
    by_decades(told, GROUPS)
    by_decades(told, GROUPS)
    assert len(asked) == 1
    if other == "groups":
        by_decades(told, np.zeros(2, dtype=int))
    else:
        repeats = replace(repeats, **{other: np.full(30, 2.0)})
        by_decades(replace(told, repeats=repeats), GROUPS)
    assert len(asked) == 2


def test_the_way_back_is_the_scales_inverse_and_has_no_values_that_are_no_numbers() -> None:
    scale, values = Decades(0.5), np.array([-0.5, -1.0, -1e300])
    np.testing.assert_allclose(scale.back(scale(values)), values)
    assert -np.inf < scale.back(np.array([-1e9]))[0] < -1e300
