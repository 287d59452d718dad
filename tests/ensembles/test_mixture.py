"""What the model average believes after some values."""

from __future__ import annotations

import pickle
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.experts import CLOSE, OPPOSED, RIVAL
from optuna_metabo.ensembles.mixture import AveragingModel
from optuna_metabo.surrogate import Task
from tests.ensembles.bowls import DOMAIN, NONE, alike, bowl, make_task

POINTS = np.random.default_rng(1).random((20, 2))


@pytest.fixture(scope="module")
def prior() -> AveragingPrior:
    found = Averaging().learn(alike(), DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(found, AveragingPrior)
    return found


def given(prior: AveragingPrior, target: Task) -> AveragingModel:
    return prior.weighed(target, NONE)


def test_of_doubted_sources_points_tell_of_which_more_than_the_average_is_expected(
    prior: AveragingPrior,
) -> None:
    model = given(replace(prior, trust=0.2), make_task(bowl(0.6), 6, 9))
    expected = model.functions(POINTS)[-1]
    clear = np.abs(expected) > 0.3
    told = model.would_tell(POINTS)
    assert told.any()
    np.testing.assert_array_equal(told[clear], (expected > 0.0)[clear])


def test_how_large_errors_are_does_not_depend_on_where_values_are_counted_from(
    prior: AveragingPrior,
) -> None:
    target = make_task(bowl(0.6), 6, 9)
    found = []
    for centre in (0.0, 10.0, -10.0):
        model = given(prior, replace(target, y=target.y + centre))
        found.append(model.expected(POINTS, 0.0)[1])
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-6)


def test_novelty_is_the_part_of_the_residual_and_what_is_beyond_that_no_value_explains() -> None:
    """Where a parameter is that sources lack, points are new at values of it never tried."""
    lack_it = [Task(one.X, one.y, np.array([True, False])) for one in alike()]
    prior = Averaging().learn(lack_it, DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(prior, AveragingPrior)
    target = make_task(bowl(0.3), 6, 9)
    target = replace(target, X=np.column_stack([target.X[:, 0], np.full(6, 0.4)]))
    model = given(prior, target)
    group, kernel = model.groups[0], model.kernels["shared"]
    beyond = model.kernels[group.beyond.kernel]

    def covariance(X: Array, Z: Array) -> Array:
        part = group.relation.rho**2 * kernel.correlation(X, Z)
        return part + group.beyond.size * beyond.correlation(X, Z)

    cross = covariance(target.X, POINTS)
    K = covariance(target.X, target.X) + kernel.noise * np.eye(6)
    told = np.sum(cross * np.linalg.solve(K, cross), axis=0) / covariance(POINTS, POINTS)[0, 0]
    np.testing.assert_allclose(model.novelty(POINTS), 1.0 - told, rtol=1e-4, atol=1e-8)
    assert model.novelty(np.array([[0.3, 0.4], [0.3, 0.9]]))[1] > 0.5


def test_novelty_is_that_of_those_close_experts_that_are_believed_most() -> None:
    """Of a source that has the parameter, where it is right."""
    known = np.array([True, False])
    sources = [Task(one.X, one.y, known) if i else one for i, one in enumerate(alike())]
    prior = Averaging().learn(sources, DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(prior, AveragingPrior)
    model = given(prior, make_task(bowl(0.25), 6, 9))
    parts = [group.beyond.is_nothing for group in model.groups[:2]]
    assert sorted(parts) == [False, True]
    for place, first in enumerate((0, len(model.groups[0].experts))):
        weights = np.full_like(model.expert_weights, 1e-3)
        weights[first] = 1.0
        group = model.groups[place]
        found = {name: model.kernels[name].correlation(model.X, POINTS) for name in group.kernels}
        left = model.krigings[place].residual.left(group.correlation(found), np.zeros((0, 20)))
        believed = replace(model, expert_weights=weights)
        np.testing.assert_array_equal(believed.novelty(POINTS), left)


def test_who_chooses_is_told_of_a_model_that_was_copied(prior: AveragingPrior) -> None:
    model = given(prior, make_task(lambda X: -bowl(0.3)(X), 6, 9))
    for other in (deepcopy(model), pickle.loads(pickle.dumps(model))):
        for relation in (CLOSE, OPPOSED, RIVAL):
            assert other.weight(relation) == model.weight(relation) > 0.0
        np.testing.assert_array_equal(other.acting.expert_weights, model.acting.expert_weights)


def test_opposition_is_a_part_of_all_weight(prior: AveragingPrior) -> None:
    model = given(prior, make_task(lambda X: -bowl(0.3)(X), 6, 9))
    assert 0.1 < model.opposition < 1.0
    doubled = replace(model, expert_weights=2.0 * model.expert_weights)
    assert doubled.opposition == pytest.approx(model.opposition)
