"""The evidence of distant experts, the scale by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array
from scipy.stats import multivariate_normal

from optuna_metabo.ensembles import beyond as module
from optuna_metabo.ensembles.beyond import NOTHING, Beyond, Lacking
from optuna_metabo.ensembles.distant import distant_evidence, likeliest
from optuna_metabo.ensembles.experts import DISTANT
from optuna_metabo.ensembles.kriging import Kernel
from optuna_metabo.repeats import Repeats
from optuna_metabo.tasks import Task


def brute_force(kernels: dict[str, Kernel], beyond: Beyond, target: Task, phi: Array) -> float:
    """The evidence of a distant expert: the integral over the scale, given the best value."""
    K = DISTANT.rho**2 * kernels["shared"].correlation(target.X, target.X)
    if not beyond.is_nothing:
        K = K + beyond.size * kernels[beyond.kernel].correlation(target.X, target.X)
    H, prior = np.column_stack([phi, np.ones_like(phi)]), DISTANT.coefficients
    K = K + np.diag(kernels["shared"].noise / target.counts) + H * prior.variance @ H.T
    mean, best = H @ prior.mean, int(target.y.argmax())
    t = np.linspace(-8.0, 8.0, 4001)
    density = multivariate_normal(mean, K).logpdf(np.exp(t)[:, None] * target.y)
    density -= multivariate_normal(mean[best], K[best, best]).logpdf(0.0)
    return float(np.logaddexp.reduce((len(phi) - 1) * t + density) + np.log(t[1] - t[0]))


def problem(effect: float) -> tuple[dict[str, Kernel], Lacking, Task, Array]:
    """Two functions of which one lacks z, and values in which z matters."""
    one, X = Kernel(np.array([0.5, 0.7, 0.6]), 0.05), np.random.default_rng(5).random((9, 3))
    lacks = Lacking.of(np.array([[False, False, True], [False] * 3]))
    known = -((X[:, 0] - 0.3) ** 2) - (X[:, 1] - 0.6) ** 2
    phi, y = np.stack([known, known - X[:, 2]]), 3.0 * known + effect * np.sin(4.0 * X[:, 2])
    repeats = Repeats(np.where(np.arange(9) % 2, 1.0, 9.0), np.zeros(9), np.zeros(9))
    target = Task(X, y - y.max(), repeats=repeats)
    return {"shared": one, **lacks.kernels(one)}, lacks, target, phi


def test_the_evidence_of_distant_experts_is_that_of_all_that_is_random() -> None:
    """Also of means of several values, whose noise is less."""
    kernels, lacks, target, phi = problem(2.0)
    found = distant_evidence(kernels, lacks, target, phi)
    (name,) = set(kernels) - {"shared"}
    each = Beyond(name, 10.0), NOTHING
    expected = [brute_force(kernels, each[i], target, phi[i]) for i in range(2)]
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1], abs=0.02)


@pytest.mark.parametrize(("effect", "size"), [(0.5, 1.0), (2.0, 10.0), (30.0, 100.0)])
def test_its_size_is_that_of_the_most_evidence(effect: float, size: float) -> None:
    kernels, lacks, target, phi = problem(effect)
    beyond, nothing = likeliest(kernels, lacks, target, phi)
    sizes = [Beyond(beyond.kernel, one) for one in module._SIZES]
    expected = max(sizes, key=lambda one: brute_force(kernels, one, target, phi[0]))
    assert (beyond, nothing) == (expected, NOTHING)
    assert beyond.size == size
