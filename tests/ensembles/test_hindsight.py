"""What the plain process's evidence owes to fits to the same values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.hindsight import _FITS, _rival, counted, hindsight
from optuna_metabo.ensembles.kriging import Kernel, Kriging
from optuna_metabo.ensembles.target import Scale, fitted_to, target_theta
from optuna_metabo.tasks import Task, observed_together

D = 6
GROUPS = np.arange(D)


def told(n: int, seed: int = 0) -> Task:
    """A study of values that hang on nothing, in the order of its trials."""
    generator = np.random.default_rng(seed)
    X, y = generator.random((n, D)), generator.normal(size=n)
    (task,), _ = observed_together(X, [y], np.ones(n, dtype=bool))
    return task


def fitted(task: Task) -> Kernel:
    return Kernel.of(target_theta(task, GROUPS, None), GROUPS)


def evidence(kriging: Kriging, scale: Scale) -> Array:
    return kriging.log_evidence


def log_evidence(task: Task, kernel: Kernel) -> float:
    """Of the plain process, by its definition."""
    scaled = Scale.from_best(task.y).standardise(task)
    return float(np.logaddexp.reduce(_rival(scaled, kernel).log_evidence.ravel()))


@pytest.mark.parametrize("n", [1, 2, 9, 11, 30])
def test_without_hindsight_each_value_is_told_by_what_was_fitted_before(n: int) -> None:
    task = told(n)
    assert task.whole is not None
    fits = [m for m in _FITS if m <= n]
    ends = [*fits[1:], n]
    expected = 0.0
    for m, end in zip(fits, ends, strict=True):
        kernel, before = fitted(fitted_to(task.whole, m)), fitted_to(task.whole, m)
        after = fitted_to(task.whole, end)
        expected += log_evidence(after, kernel) - log_evidence(before, kernel)
    last = log_evidence(fitted_to(task.whole, n), fitted(task))
    found = last - hindsight(task, fitted, evidence)
    # Of one value there is no evidence.
    assert found == pytest.approx(expected, abs=1e-8)


def test_fits_to_values_that_hang_on_nothing_gain_by_hindsight_alone() -> None:
    gains = [hindsight(told(15, seed), fitted, evidence) for seed in range(8)]
    assert np.mean(gains) > 1.0


def test_where_the_order_of_values_is_not_known_nothing_is_hindsight() -> None:
    task = told(20)
    assert hindsight(Task(task.X, task.y), fitted, evidence) == 0.0


def test_the_evidence_does_not_leap_where_hyperparameters_are_fitted_anew() -> None:
    leaps, usual = [], []
    for seed in range(6):
        task = told(24, seed).whole
        assert task is not None
        found = []
        for n in range(9, 25):
            (one,), _ = observed_together(task.X[:n], [task.y[:n]], np.ones(n, dtype=bool))
            found.append(log_evidence(one, fitted(one)) - hindsight(one, fitted, evidence))
        steps = {n: now - before for n, (before, now) in enumerate(pairwise(found), start=10)}
        leaps += [steps[n] for n in (10, 12, 15, 18, 22)]
        usual += [steps[n] for n in (11, 13, 14, 16, 17, 19, 20, 21, 23, 24)]
    # What a refit tells of the values themselves would be several nats.
    assert abs(np.mean(leaps) - np.mean(usual)) < 1.0


def test_it_counts_in_full_of_few_values_and_not_at_all_of_many() -> None:
    assert [counted(n) for n in (1, 10, 30, 50, 300)] == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_of_many_values_the_rival_has_the_evidence_of_its_last_fit() -> None:
    domain = Domain((Dimension(),) * D)
    source = told(30, 1)
    prior = Averaging().learn([source], domain, generator=np.random.default_rng(0))
    assert isinstance(prior, AveragingPrior)
    few, many = told(12, 2), told(52, 2)
    assert prior._hindsight(few) > 0.0
    assert prior._hindsight(many) == 0.0
