"""Lengthscales that alike sources tell together."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles import together as module
from optuna_metabo.ensembles.common import Common
from optuna_metabo.ensembles.source_models import SourceModels, telling
from optuna_metabo.ensembles.together import learn_together
from optuna_metabo.gp.fit import HyperparameterPrior
from optuna_metabo.gp.kernel import matern52, squared_distance
from optuna_metabo.repeats import Repeats
from optuna_metabo.tasks import Task

D = 8
DOMAIN = Domain((Dimension(),) * D)


def valley(X: Array) -> Array:
    """Steep along the first axis; along the others it bends little, and is best at .4."""
    return -16.0 * (X[:, 0] - 0.5) ** 2 - np.sum((X[:, 1:] - 0.4) ** 2, axis=1)


def points(n: int, seed: int) -> Array:
    return np.random.default_rng(seed).random((n, D))


def alone(tasks: list[Task]) -> SourceModels:
    return SourceModels.learn(tasks, DOMAIN)


def alike(n_sources: int = 10) -> list[Task]:
    return [Task(X, valley(X)) for X in (points(40, seed) for seed in range(n_sources))]


def border(X: Array) -> float:
    """How far the point lies from .4 along the axes that matter little."""
    return float(np.abs(X[1:] - 0.4).mean())


def test_alike_sources_tell_together_where_an_axis_that_matters_little_is_best() -> None:
    models = alone(alike())
    told, common = learn_together(models)
    before = Common.learn(alike(), np.exp(models.theta[:-2]), models.groups, np.arange(10))
    Z = points(4096, 99)
    Z[:, 0] = 0.5
    assert border(Z[common.mean(Z).argmax()]) < 0.7 * border(Z[before.mean(Z).argmax()])
    error, was = (1.0 - np.corrcoef(one.mean(Z), valley(Z))[0, 1] for one in (common, before))
    assert error < 0.5 * was
    assert (told.theta[1:D] < models.theta[1:D]).mean() > 0.5


def test_the_noise_and_the_weights_of_each_source_follow_the_lengthscales() -> None:
    told, _ = learn_together(alone(alike()))
    again = told.with_lengthscales(told.theta)
    np.testing.assert_allclose(again.alpha, told.alpha)
    np.testing.assert_array_equal(again.noise, told.noise)


def test_sources_that_are_little_alike_keep_their_lengthscales(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where others would explain all points better."""
    monkeypatch.setattr(module, "_CLEARLY", -np.inf)
    tasks = [
        Task(X, np.sin(9.0 * X @ np.roll(np.eye(D)[0], i)))
        for i, X in enumerate(points(40, seed) for seed in range(4))
    ]
    models = alone(tasks)
    told, common = learn_together(models)
    assert common.share < module._ALIKE
    assert told is models


def test_what_is_hardly_better_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    models = alone(alike())
    monkeypatch.setattr(module, "_CLEARLY", np.inf)
    assert learn_together(models)[0] is models


def test_a_single_source_keeps_its_lengthscales() -> None:
    models = alone(alike(1))
    assert learn_together(models)[0] is models


def test_an_axis_that_some_source_lacks_keeps_its_lengthscale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_CLEARLY", -np.inf)
    known = np.ones(D, dtype=bool)
    known[3] = False
    tasks = [Task(t.X, t.y, known if i == 0 else None) for i, t in enumerate(alike())]
    models = alone(tasks)
    told, _ = learn_together(models)
    assert told is not models
    assert told.theta[3] == models.theta[3]
    assert told.theta[4] != models.theta[4]


def test_two_sources_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CLEARLY", -np.inf)
    models = alone(alike(2))
    assert learn_together(models)[0] is not models


def test_what_a_source_holds_of_an_axis_that_it_lacks_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_CLEARLY", -np.inf)
    known = np.arange(D) != 3
    first, *others = alike(4)
    found = []
    for x in (0.5, 9.0):
        one = Task(np.where(known, first.X, x), first.y, known)
        found.append(learn_together(alone([one, *others]))[0].theta)
    np.testing.assert_allclose(found[1], found[0])


def test_points_belong_to_the_sources_that_likely_have_a_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_CLEARLY", -np.inf)
    noise = Task(points(40, 0), np.random.default_rng(9).standard_normal(40))
    models = alone([noise, *alike(5)[1:]])
    likely = telling(models.signal)
    assert likely.tolist() == [1, 2, 3, 4]
    told, common = learn_together(models)
    assert told is not models
    np.testing.assert_array_equal(np.unique(common.owner), likely)


def log_posterior(theta: Array, common: Common) -> float:
    """Of all points as those of one process, written out."""
    lengthscale, (scale, noise) = np.exp(theta[:-2]), np.exp(theta[-2:])
    alike = np.where(common.owner[:, None] == common.owner, 1.0, common.share)
    K = scale * alike * matern52(squared_distance(common.X, common.X, lengthscale))
    K += noise * np.diag(1.0 / common.counts)
    prior, _ = HyperparameterPrior.default(D).log_density(theta)
    y = common.y
    return float(prior - 0.5 * (y @ np.linalg.solve(K, y) + np.linalg.slogdet(K)[1]))


def test_the_lengthscales_are_those_of_one_process_whose_sources_are_as_much_alike() -> None:
    """Of unit variance; values that are means of several have less noise. None is likelier."""
    counts = np.where(np.arange(40) % 2, 1.0, 25.0)
    tasks = []
    for seed in range(4):
        X, generator = points(40, seed), np.random.default_rng(seed)
        y = valley(X) + np.sin(9.0 * X[:, 1] + seed) / 3.0
        y += 0.5 * generator.standard_normal(40) / np.sqrt(counts)
        tasks.append(Task(X, y, repeats=Repeats(counts, np.zeros(40), np.zeros(40))))
    models = alone(tasks)
    _, common = learn_together(models)
    assert len(common.X) <= module._MAX_POINTS
    assert common.share < 1.0
    theta = module._fitted(models, common)
    best = log_posterior(theta, common)
    assert theta[D] == 0.0
    for step in 0.3 * np.vstack([np.eye(D + 2)[:D], -np.eye(D + 2)[:D]]):
        assert log_posterior(theta + step, common) < best
