"""No transfer."""

from __future__ import annotations

import numpy as np

from optuna_metabo.ensembles.target import Scale, fit_target
from tests.ensembles.bowls import DOMAIN, NONE, alike, believe, bowl, make_task


def test_it_is_the_targets_own_process_in_the_targets_units() -> None:
    target = make_task(lambda X: 40.0 + 9.0 * bowl(0.3)(X), 9, 3)
    X, scale = np.random.default_rng(1).random((5, 2)), Scale.of(target.y)
    gp = fit_target(scale.standardise(target), NONE, DOMAIN.groups, None)
    mean, variance = (part[0] for part in gp.posterior(X))
    found = believe("none", [], target).posterior(X)
    np.testing.assert_allclose(found.mean, target.y.mean() + target.y.std() * mean)
    np.testing.assert_allclose(found.variance, target.y.std() ** 2 * variance)


def test_sources_are_not_looked_at() -> None:
    target, X = make_task(bowl(0.3), 9, 3), np.random.default_rng(1).random((5, 2))
    alone, beside = believe("none", [], target), believe("none", alike(), target)
    np.testing.assert_array_equal(alone.posterior(X).means, beside.posterior(X).means)
    np.testing.assert_array_equal(beside.weights, np.zeros(3))
