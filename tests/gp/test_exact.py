"""Exact GPs: identities and oracles."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from optuna_metabo.gp import GP, Hyperparameters
from optuna_metabo.gp.exact import Batch, cholesky, transposed_solve
from optuna_metabo.gp.fit import log_marginal_likelihood, unpack
from optuna_metabo.tasks import Task

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


def test_joint_covariance_is_what_the_data_leave_of_the_prior_one() -> None:
    (task,), X = make_tasks(6), np.random.default_rng(1).random((4, 4))
    lengthscale, scale, noise = np.exp(THETA[:3])[GROUPS], np.exp(THETA[3]), np.exp(THETA[4])
    Z = np.concatenate([task.X, X])
    K = scale * Matern(lengthscale, nu=2.5)(Z)
    expected = K[6:, 6:] - K[6:, :6] @ np.linalg.solve(K[:6, :6] + noise * np.eye(6), K[:6, 6:])
    np.testing.assert_allclose(condition(task).joint_posterior(X)[1][0], expected, atol=1e-10)


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


def test_unknown_columns_are_ignored_by_the_joint_covariance() -> None:
    (task,), known = make_tasks(8), np.array([True, True, False, False])
    gp, X = condition(Task(task.X, task.y, known)), np.random.default_rng(1).random((5, 4))
    seen, blind = (gp.joint_posterior(Z)[1] for Z in (X, np.where(known, X, 0.123)))
    np.testing.assert_allclose(seen, blind, atol=1e-12)


def test_leave_one_out_equals_refitting() -> None:
    (task,) = make_tasks(9)
    mean, variance = condition(task).leave_one_out()
    for i in range(len(task)):
        rest = np.arange(len(task)) != i
        refitted = condition(Task(task.X[rest], task.y[rest]))
        expected, spread = refitted.posterior(task.X[i : i + 1])
        np.testing.assert_allclose(mean[0, i], expected[0, 0], rtol=1e-8)
        np.testing.assert_allclose(variance[0, i], spread[0, 0] + np.exp(THETA[4]), rtol=1e-8)


def test_cholesky_of_a_singular_matrix_gets_jitter_and_of_an_indefinite_one_raises() -> None:
    L = cholesky(np.ones((3, 3)))
    np.testing.assert_allclose(L @ L.T, np.ones((3, 3)), atol=1e-6)
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        cholesky(np.diag([1.0, -1.0]))


def test_solving_for_the_transpose_of_a_factor_is_undone_by_it() -> None:
    generator = np.random.default_rng(0)
    L = np.tril(generator.standard_normal((2, 5, 5))) + 3.0 * np.eye(5)
    B = generator.standard_normal((2, 5, 3))
    np.testing.assert_allclose(np.swapaxes(L, 1, 2) @ transposed_solve(L, B), B)
    np.testing.assert_array_equal(transposed_solve(L[1], B[1]), transposed_solve(L, B)[1])


def test_jitter_is_relative_to_the_size_of_the_matrix() -> None:
    for size in (1e-12, 1e12):
        L = cholesky(size * np.ones((3, 3)))
        np.testing.assert_allclose(L @ L.T, size * np.ones((3, 3)), rtol=1e-6)
    L = cholesky(np.diag([4.0, 9.0]))  # none where none is needed
    np.testing.assert_array_equal(L, np.diag([2.0, 3.0]))


def test_a_variance_is_never_zero_at_a_point_without_noise() -> None:
    (task,) = make_tasks(5)
    theta = Hyperparameters(np.array([[0.5, 0.5, 0.5]]), np.full(1, 2.0), np.full(1, 1e-14))
    _, variance = GP.condition(Batch.of([task]), theta, GROUPS).posterior(task.X)
    assert (variance >= 2e-12).all()


def test_some_of_a_batch_are_those_alone() -> None:
    tasks, X = make_tasks(5, 12, 7), np.random.default_rng(1).random((4, 4))
    gp, index = condition(*tasks), np.array([2, 0])
    assert len(gp) == 3
    assert len(gp[index]) == 2
    for part, whole in zip(gp[index].posterior(X), gp.posterior(X), strict=True):
        np.testing.assert_array_equal(part, whole[index])
    for part, whole in zip(gp[index].leave_one_out(), gp.leave_one_out(), strict=True):
        np.testing.assert_array_equal(part, whole[index])


def test_infinite_lengthscale_switches_an_axis_off() -> None:
    (task,) = make_tasks(6)
    theta = Hyperparameters(np.array([[0.5, 0.5, np.inf]]), np.ones(1), np.full(1, 0.01))
    gp = GP.condition(Batch.of([task]), theta, GROUPS)
    X = np.random.default_rng(1).random((4, 4))
    moved = X.copy()
    moved[:, 2:] = 0.0
    np.testing.assert_allclose(gp.mean(X), gp.mean(moved))


def repeated(*sizes: int) -> tuple[list[Task], list[Task]]:
    """Tasks of points that have 1, 2, 3, ... values each: these one by one, and their means."""
    generator, one_by_one = np.random.default_rng(3), []
    for task in make_tasks(*sizes):
        each = np.repeat(np.arange(len(task)), 1 + np.arange(len(task)))
        y = task.y[each] + 0.3 * generator.standard_normal(len(each))
        one_by_one.append(Task(task.X[each], y))
    return one_by_one, [Task.observed(task.X, task.y) for task in one_by_one]


def test_a_mean_of_several_values_tells_what_these_tell_one_by_one() -> None:
    one_by_one, means = repeated(3, 5)
    X = np.random.default_rng(1).random((6, 4))
    for found, expected in zip(
        condition(*means).joint_posterior(X),
        condition(*one_by_one).joint_posterior(X),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, atol=1e-8)
    some = condition(*means)[np.array([1])]
    np.testing.assert_allclose(some.mean(X), condition(one_by_one[1]).mean(X), atol=1e-8)


def test_values_one_by_one_have_the_likelihood_of_means_and_deviations() -> None:
    """But for the constant, the sum of log counts."""
    one_by_one, means = (Batch.of(tasks) for tasks in repeated(3, 5))
    for theta in (THETA, THETA + 0.4, THETA - np.arange(5.0)):
        found, gradient = log_marginal_likelihood(theta, means, GROUPS)
        expected, slope = log_marginal_likelihood(theta, one_by_one, GROUPS)
        assert found - 0.5 * np.log(means.counts).sum() == pytest.approx(expected)
        np.testing.assert_allclose(gradient, slope, rtol=1e-6, atol=1e-6)
