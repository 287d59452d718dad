"""Exact GPs: identities and oracles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from optuna_metabo.gp import GP, HyperparameterPrior, Hyperparameters, fit_map
from optuna_metabo.gp.exact import Batch, cholesky
from optuna_metabo.gp.fit import log_marginal_likelihood, unpack
from optuna_metabo.surrogate import Task

GROUPS = np.array([0, 1, 2, 2])
THETA = np.array([-0.3, 0.2, 0.1, 0.3, -3.0])


def make_tasks(*sizes: int) -> list[Task]:
    generator = np.random.default_rng(0)
    return [Task(generator.random((n, 4)), generator.standard_normal(n)) for n in sizes]


def condition(*tasks: Task) -> GP:
    return GP.condition(Batch.of(tasks), unpack(THETA, len(tasks)), GROUPS)


def test_posterior_agrees_with_scikit_learn() -> None:
    (task,) = make_tasks(12)
    X = np.random.default_rng(1).random((5, 4))
    kernel = ConstantKernel(np.exp(THETA[3])) * Matern(np.exp(THETA[:3])[GROUPS], nu=2.5)
    oracle = GaussianProcessRegressor(kernel + WhiteKernel(np.exp(THETA[4])), optimizer=None)
    mean, deviation = oracle.fit(task.X, task.y).predict(X, return_std=True)
    ours, variance = condition(task).posterior(X)
    np.testing.assert_allclose(ours[0], mean, rtol=1e-8)
    np.testing.assert_allclose(variance[0] + np.exp(THETA[4]), deviation**2, rtol=1e-8)


def test_joint_posterior_has_the_marginals_of_posterior() -> None:
    gp, X = condition(*make_tasks(6, 9)), np.random.default_rng(1).random((5, 4))
    mean, variance = gp.posterior(X)
    joint_mean, covariance = gp.joint_posterior(X)
    np.testing.assert_allclose(joint_mean, mean)
    np.testing.assert_allclose(np.diagonal(covariance, axis1=1, axis2=2), variance, rtol=1e-8)


def test_padding_and_batching_change_nothing() -> None:
    tasks, X = make_tasks(5, 12, 1), np.random.default_rng(1).random((7, 4))
    together = condition(*tasks).posterior(X)
    for i, task in enumerate(tasks):
        alone = condition(task).posterior(X)
        np.testing.assert_allclose(together[0][i], alone[0][0], atol=1e-10)
        np.testing.assert_allclose(together[1][i], alone[1][0], atol=1e-10)


def test_unknown_columns_are_ignored() -> None:
    (task,) = make_tasks(8)
    known = np.array([True, True, False, False])
    blind = Task(task.X, task.y, known)
    other = Task(np.where(known, task.X, 0.123), task.y, known)
    X = np.random.default_rng(1).random((5, 4))
    np.testing.assert_allclose(condition(blind).mean(X), condition(other).mean(X))


def test_leave_one_out_equals_refitting() -> None:
    (task,) = make_tasks(9)
    mean, variance = condition(task).leave_one_out()
    for i in range(len(task)):
        rest = np.arange(len(task)) != i
        refitted = condition(Task(task.X[rest], task.y[rest]))
        expected, spread = refitted.posterior(task.X[i : i + 1])
        np.testing.assert_allclose(mean[0, i], expected[0, 0], rtol=1e-8)
        np.testing.assert_allclose(variance[0, i], spread[0, 0] + np.exp(THETA[4]), rtol=1e-8)


def test_marginal_likelihood_agrees_with_scipy() -> None:
    tasks = make_tasks(5, 9)
    batch = Batch.of(tasks)
    value, _ = log_marginal_likelihood(THETA, batch, GROUPS)
    expected = []
    for task in tasks:
        alone = Batch.of([task])
        _, correlation = alone.covariance(np.exp(THETA[:3])[GROUPS][None])
        K = np.exp(THETA[3]) * correlation[0] + np.exp(THETA[4]) * np.eye(len(task))
        expected.append(multivariate_normal(cov=K).logpdf(task.y))
    np.testing.assert_allclose(value, sum(expected))


def test_gradient_agrees_with_finite_differences() -> None:
    batch = Batch.of([*make_tasks(7, 12), Task(*_columns(6), np.array([True, False, True, True]))])
    _, gradient = log_marginal_likelihood(THETA, batch, GROUPS)
    step = 1e-5
    numeric = [
        log_marginal_likelihood(THETA + step * e, batch, GROUPS)[0]
        - log_marginal_likelihood(THETA - step * e, batch, GROUPS)[0]
        for e in np.eye(len(THETA))
    ]
    np.testing.assert_allclose(gradient, np.array(numeric) / (2 * step), rtol=1e-5)


def _columns(n: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    return generator.random((n, 4)), generator.standard_normal(n)


def test_no_step_from_the_map_fit_improves_the_posterior_noticeably() -> None:
    batch, prior = Batch.of(make_tasks(15, 20)), HyperparameterPrior.default(3)

    def log_posterior(theta: np.ndarray) -> float:
        z = (theta - prior.loc) / prior.scale
        return log_marginal_likelihood(theta, batch, GROUPS)[0] - 0.5 * float(z @ z)

    theta = fit_map(batch, GROUPS, prior, prior.loc)
    steps = np.random.default_rng(0).standard_normal((200, 5))
    for length in (0.01, 0.1, 1.0):
        inside = [theta + length * step for step in steps if theta[4] + length * step[4] < 0.0]
        assert max(map(log_posterior, inside)) < log_posterior(theta) + 0.05


def test_a_relevant_axis_gets_a_shorter_lengthscale_than_an_irrelevant_one() -> None:
    X = np.random.default_rng(0).random((40, 2))
    task = Task(X, np.sin(6.0 * X[:, 0]))
    prior = HyperparameterPrior.default(2)
    theta = fit_map(Batch.of([task]), np.array([0, 1]), prior, prior.loc)
    assert theta[0] < theta[1] - 0.5


def test_cholesky_of_a_singular_matrix_gets_jitter_and_of_an_indefinite_one_raises() -> None:
    L = cholesky(np.ones((3, 3)))
    np.testing.assert_allclose(L @ L.T, np.ones((3, 3)), atol=1e-6)
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        cholesky(np.diag([1.0, -1.0]))


def test_infinite_lengthscale_switches_an_axis_off() -> None:
    (task,) = make_tasks(6)
    theta = Hyperparameters(np.array([[0.5, 0.5, np.inf]]), np.ones(1), np.full(1, 0.01))
    gp = GP.condition(Batch.of([task]), theta, GROUPS)
    X = np.random.default_rng(1).random((4, 4))
    moved = X.copy()
    moved[:, 2:] = 0.0
    np.testing.assert_allclose(gp.mean(X), gp.mean(moved))


def test_values_with_noise_do_not_drive_the_lengthscales_to_nothing() -> None:
    """Many rough values: from little noise the first step led to where nothing correlates."""
    generator = np.random.default_rng(0)
    tasks = []
    for X in generator.random((24, 40, 3)):
        rough = np.sign(np.sin(9.0 * X[:, 2]))
        tasks.append(Task(X, np.sin(3.0 * X[:, 0]) + X[:, 1] + 0.3 * rough))
    batch, prior = Batch.of(tasks), HyperparameterPrior.default(3)
    theta = fit_map(batch, np.arange(3), prior, prior.loc)
    assert np.exp(theta[:2]).min() > 0.3
    assert np.exp(theta[-1]) > 0.01
