"""What parameters may do that no source knows."""

from __future__ import annotations

import numpy as np
import pytest

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles import beyond as module
from optuna_metabo.ensembles.averaging import Averaging
from optuna_metabo.ensembles.beyond import Beyond
from optuna_metabo.ensembles.experts import RIVAL
from optuna_metabo.gp.kernel import matern52, squared_distance
from optuna_metabo.quasirandom import halton
from optuna_metabo.tasks import Task

LENGTHSCALE = np.array([0.3, 1.0, 1.2])
POINTS = halton(256, 3, generator=np.random.default_rng(0))
X = np.random.default_rng(1).random((20, 3))


@pytest.mark.parametrize("unknown", [[False, False, True], [False, True, True]])
def test_its_covariance_is_the_kernel_of_the_unknown_columns_alone(unknown: list[bool]) -> None:
    found = Beyond.of(np.array(unknown), LENGTHSCALE, POINTS)
    columns = np.flatnonzero(unknown)
    r2 = squared_distance(X[:, columns], X[:, columns], LENGTHSCALE[columns])
    np.testing.assert_allclose(found(X).T @ found(X), found.size * matern52(r2), atol=0.02 * 10)
    moved = X.copy()
    moved[:, 0] = 0.5
    np.testing.assert_array_equal(found(moved), found(X))


def test_where_sources_know_all_there_is_nothing() -> None:
    found = Beyond.of(np.zeros(3, dtype=bool), LENGTHSCALE, POINTS)
    assert found.is_nothing
    assert found(X).shape == (0, 20)
    assert not Beyond.of(np.array([False, False, True]), LENGTHSCALE, POINTS).is_nothing


def test_its_size_is_the_likeliest_and_the_usual_one_where_nothing_tells() -> None:
    usual = Beyond.of(np.array([False, False, True]), LENGTHSCALE, POINTS)
    assert usual.likeliest(lambda one: 0.0).size == usual.size
    sizes = {usual.likeliest(lambda one, sign=sign: sign * one.size).size for sign in (1.0, -1.0)}
    assert min(sizes) < usual.size < max(sizes)
    large = usual.likeliest(lambda one: one.size)
    np.testing.assert_allclose(large(X).T @ large(X), large.size / 10 * (usual(X).T @ usual(X)))


def test_sources_are_believed_though_what_they_lack_matters_more_than_all_they_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without it the rival has nearly all of the weight: the scale of the values is another."""
    domain, generator = Domain((Dimension(),) * 3), np.random.default_rng(3)

    def known(Z: np.ndarray) -> np.ndarray:
        return -((Z[:, 0] - 0.3) ** 2) - (Z[:, 1] - 0.6) ** 2

    sources = []
    for _ in range(3):
        Z = generator.random((30, 3))
        sources.append(Task(Z, known(Z), np.array([True, True, False])))
    Z = generator.random((12, 3))
    target = Task(Z, known(Z) - 8.0 * (Z[:, 2] - 0.4) ** 2)

    def own() -> float:
        prior = Averaging().learn(sources, domain, generator=np.random.default_rng(0))
        return prior.weighed(target, np.zeros((0, 3))).weight(RIVAL)

    assert own() < 0.1
    monkeypatch.setattr(module, "_SIZES", (1e-9,))
    monkeypatch.setattr(module.Beyond.__init__, "__defaults__", (1e-9,))
    assert own() > 0.5
