"""Many sources at a time are what they are one by one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array
from scipy.stats import multivariate_normal

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles import source_models
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.gp.exact import Batch
from optuna_metabo.memory import n_bytes
from optuna_metabo.surrogate import Task

DOMAIN = Domain((Dimension(), Dimension(), Dimension(n_choices=3)))


def make_tasks(*sizes: int) -> list[Task]:
    generator = np.random.default_rng(0)
    tasks = []
    for i, n in enumerate(sizes):
        X = DOMAIN.sample(n, generator=generator)
        y = np.sin(3.0 * X[:, 0] + i) + X[:, 1] + X[:, 2] + i * generator.standard_normal(n) / 10
        known = np.array([True, i % 2 == 0, True, True, True])
        tasks.append(Task(X, y, known))
    return tasks


def test_means_are_those_of_the_processes_whatever_is_taken_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = SourceModels.learn(make_tasks(9, 17, 30, 12, 5), DOMAIN)
    X = DOMAIN.sample(16, generator=np.random.default_rng(1))
    expected = models.gp.mean(X)
    np.testing.assert_allclose(models.mean(X), expected, atol=1e-9)
    monkeypatch.setattr(source_models, "_MAX_NUMBERS", 1)
    np.testing.assert_allclose(models.mean(X), expected, atol=1e-9)
    index = np.array([4, 1])
    np.testing.assert_allclose(models.mean(X, index), expected[index], atol=1e-9)


def test_a_source_is_learned_the_same_in_whatever_company(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tasks = make_tasks(9, 17, 30, 12, 5)
    together = SourceModels.learn(tasks, DOMAIN)
    monkeypatch.setattr(source_models, "_CHUNK", 2)
    apart = SourceModels.learn(tasks, DOMAIN)
    np.testing.assert_array_equal(apart.noise, together.noise)
    np.testing.assert_allclose(apart.alpha, together.alpha, rtol=1e-8)


def test_the_noise_of_a_source_is_the_likeliest_of_those_tried() -> None:
    models = SourceModels.learn(make_tasks(9, 17, 30), DOMAIN)

    def evidence(i: int, noise: float) -> float:
        data: Batch = models.data[np.array([i])]
        n = int(data.mask.sum())
        lengthscale = np.broadcast_to(models.lengthscale, data.known.shape)
        C: Array = data.covariance(lengthscale)[1][0, :n, :n]
        K = (1.0 - noise) * C + noise * np.eye(n)
        return float(multivariate_normal(cov=K).logpdf(data.y[0, :n]))

    for i in range(3):
        tried = {noise: evidence(i, noise) for noise in source_models._NOISES}
        assert models.noise[i] == max(tried, key=lambda noise: tried[noise])


def test_what_is_learned_takes_little_more_than_the_points() -> None:
    tasks = make_tasks(*[64] * 40)
    assert n_bytes(SourceModels.learn(tasks, DOMAIN)) < 2 * n_bytes(tasks)
