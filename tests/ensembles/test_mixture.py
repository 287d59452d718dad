"""What the model average believes after some values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
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
        found.append(model.unit(POINTS, model.posterior(POINTS), 0.0))
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-6)


def test_opposition_is_a_part_of_all_weight(prior: AveragingPrior) -> None:
    model = given(prior, make_task(lambda X: -bowl(0.3)(X), 6, 9))
    assert 0.1 < model.opposition < 1.0
    doubled = replace(model, expert_weights=2.0 * model.expert_weights)
    assert doubled.opposition == pytest.approx(model.opposition)
