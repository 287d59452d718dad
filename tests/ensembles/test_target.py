"""The Gaussian process of the target's own trials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optuna_metabo.ensembles import target as module
from optuna_metabo.ensembles.target import Scale, fit_target, settled, target_theta
from optuna_metabo.gp.fit import HyperparameterPrior
from optuna_metabo.memory import Memory
from optuna_metabo.repeats import Repeats
from optuna_metabo.tasks import Task

GROUPS = np.arange(3)


def task(n: int) -> Task:
    X = np.random.default_rng(0).random((n, 3))
    return Task(X, np.sin(6.0 * X[:, 0]) + X[:, 1] ** 2)


@pytest.mark.parametrize(("n", "expected"), [(1, []), (2, [2]), (60, [60]), (400, [48, 128])])
def test_hyperparameters_are_fitted_to_a_bounded_number_of_values(
    n: int, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, fit = [], module.fit_map

    def counted(data: Any, *rest: Any) -> Any:
        sizes.append(data.y.shape[1])
        return fit(data, *rest)

    monkeypatch.setattr(module, "fit_map", counted)
    target_theta(task(n), GROUPS, None)
    assert sizes == expected


def test_those_of_some_values_are_about_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    some = target_theta(task(300), GROUPS, None)
    monkeypatch.setattr(module, "_MANY", 300)
    everything = target_theta(task(300), GROUPS, None)
    np.testing.assert_allclose(some[:2], everything[:2], atol=0.4)  # logarithms
    assert some[2] > some[0] + 1.0  # the axis that does not matter


@pytest.mark.parametrize("other", ["squares", "groups"])
def test_hyperparameters_are_fitted_anew_to_whatever_they_hang_on(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Task] = []
    monkeypatch.setattr(module, "_FITTED", Memory(2**16))
    monkeypatch.setattr(module, "_fitted", lambda first, *_: fitted.append(first) or np.zeros(5))
    repeats = Repeats(*np.ones((3, 6)))
    one = replace(task(6), repeats=repeats)
    two = replace(one, repeats=replace(repeats, squares=np.full(6, 9.0)))
    target_theta(one, GROUPS, None)
    if other == "squares":
        target_theta(two, GROUPS, None)
    else:
        target_theta(one, np.array([0, 1, 1]), None)
    assert len(fitted) == 2


def test_lengthscales_of_sources_hold_those_of_the_target_more_than_usual_ones_do() -> None:
    """Both may be the same: of sources it is known that the target is like them."""
    usual = HyperparameterPrior.default(3).loc
    own, held = (target_theta(task(20), GROUPS, theta) - usual for theta in (None, usual))
    assert 0.0 < held[:3].mean() < 0.9 * own[:3].mean()


@pytest.mark.parametrize("n", [1, 2, 8])
def test_lengthscales_are_those_of_the_sources_before_values_tell_otherwise(n: int) -> None:
    usual = HyperparameterPrior.default(3).loc
    theirs = usual + np.array([-1.5, 0.0, 1.5, 0.0, 0.0])
    held, own = (target_theta(task(n), GROUPS, theta) for theta in (theirs, None))
    assert np.abs(held - theirs)[:3].max() < 0.7
    assert held[2] - held[0] > own[2] - own[0] + 1.5


def test_they_do_not_depend_on_the_order_of_the_trials() -> None:
    one, rows = task(300), np.random.default_rng(1).permutation(300)
    other = Task(one.X[rows], one.y[rows])
    np.testing.assert_allclose(
        target_theta(one, GROUPS, None), target_theta(other, GROUPS, None), atol=1e-4
    )


def test_pending_points_take_the_value_that_is_expected_of_them() -> None:
    pending = np.array([[0.1, 0.9, 0.5]])
    gp, believed = (fit_target(task(30), some, GROUPS, None) for some in (pending[:0], pending))
    assert believed.mean(pending)[0] == pytest.approx(gp.mean(pending)[0], abs=1e-4)
    assert believed.posterior(pending)[1] < gp.posterior(pending)[1]


@pytest.mark.parametrize("of", [Scale.of, Scale.from_best])
def test_a_prediction_of_standardised_values_comes_back_in_their_units(of: Any) -> None:
    one = Task(task(9).X, 40.0 + 3.0 * task(9).y)
    scale = of(one.y)
    y = scale.standardise(one).y
    assert y.std() == pytest.approx(1.0)
    found = scale.restore(np.ones(1), y[None], np.full((1, 9), 0.25))
    np.testing.assert_allclose(found.mean, one.y)
    np.testing.assert_allclose(found.variance, 0.25 * one.y.var())


def test_the_centre_is_the_mean_or_the_best_value_and_equal_values_have_the_scale_one() -> None:
    y = np.array([1.0, 2.0, 6.0])
    assert (Scale.of(y).centre, Scale.from_best(y).centre) == (3.0, 6.0)
    assert Scale.of(np.full(3, 7.0)) == Scale(7.0, 1.0)
    assert Scale.of(np.zeros(0)) == Scale(0.0, 1.0)


@pytest.mark.parametrize("n", range(1, 14))
@pytest.mark.parametrize("value", [0.1, 0.7, -1e20])
def test_equal_values_stand_at_the_centre_of_the_scale_one(n: int, value: float) -> None:
    assert Scale.of(np.full(n, value)) == Scale.from_best(np.full(n, value)) == Scale(value, 1.0)


@pytest.mark.parametrize("value", [0.1, 0.7, -1e20, 1e99])
def test_rounding_is_no_larger_than_the_scale(value: float) -> None:
    y = value + np.spacing(abs(value)) * np.array([0.0, 2.0, 1.0, 0.0])
    scale = Scale.of(y)
    assert scale.scale >= 1.0
    found = scale.standardise(Task(np.zeros((4, 1)), y)).y
    assert np.abs(found).max() <= (1e-15 if abs(value) < 1.0 else 1.0)


def test_repeats_of_the_first_points_are_known_where_these_are_fitted() -> None:
    i = np.arange(25.0)
    whole = Task(i[:, None], i, repeats=Repeats(1.0 + i, i, i))
    first = settled(Task(i[:, None], i, whole=whole))
    assert first.repeats is not None
    np.testing.assert_array_equal(first.counts, 1.0 + i[:22])
    is_drawn_up = first.y != i[:22]
    np.testing.assert_array_equal(first.repeats.freedom, i[:22] * ~is_drawn_up)


def test_values_that_repeat_are_trusted_by_their_number() -> None:
    one, counts = task(30), np.ones(30)
    counts[7] = 20.0
    y = one.y + np.random.default_rng(1).standard_normal(30)
    noisy = Task(one.X, y, repeats=Repeats(counts, 19.0 * (counts > 1), counts - 1.0))
    pending = one.X[:1] + 0.3
    gp = fit_target(Scale.of(y).standardise(noisy), pending, GROUPS, None)
    variance = gp.posterior(one.X)[1][0]
    assert variance[7] < 0.3 * np.median(variance)
    np.testing.assert_array_equal(gp.data.counts[0], [*counts, 1e4])
