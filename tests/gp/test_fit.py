"""Hyperparameters by maximum a posteriori."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from scipy.stats import t as student

from optuna_metabo.gp import HyperparameterPrior, fit_map, matern52, squared_distance
from optuna_metabo.gp.exact import Batch
from optuna_metabo.gp.fit import log_marginal_likelihood, unpack
from optuna_metabo.repeats import Repeats
from optuna_metabo.tasks import Task

GROUPS = np.array([0, 1, 2, 2])
THETA = np.array([-0.3, 0.2, 0.1, 0.3, -3.0])


def make_tasks(*sizes: int) -> list[Task]:
    generator = np.random.default_rng(0)
    return [Task(generator.random((n, 4)), generator.standard_normal(n)) for n in sizes]


def test_hyperparameters_are_unpacked_for_each_task() -> None:
    theta = unpack(THETA, 2)
    np.testing.assert_allclose(theta.lengthscale, [np.exp(THETA[:3])] * 2)
    np.testing.assert_allclose(theta.outputscale, np.exp(THETA[3]))
    np.testing.assert_allclose(theta.noise, np.exp(THETA[4]))
    assert theta.noise.shape == (2,)


@pytest.mark.parametrize("d", [1, 4, 100])
def test_the_default_lengthscales_grow_with_the_root_of_the_dimension(d: int) -> None:
    prior = HyperparameterPrior.default(d)
    np.testing.assert_allclose(np.exp(prior.loc[:d]), np.exp(-0.7) * np.sqrt(d))
    np.testing.assert_allclose(prior.loc[d:], [0.0, np.log(1e-3)])
    np.testing.assert_array_equal(prior.scale, [1.0, 0.5, 1.5])


def test_the_prior_is_a_normal_level_with_deviations_of_heavy_tails() -> None:
    loc, scale = np.array([0.1, 0.7, -0.2, 0.3, -5.0]), np.array([0.8, 0.4, 1.3])
    prior = HyperparameterPrior(loc, scale, spread=0.6)

    def expected(theta: np.ndarray) -> float:
        away = theta - loc
        level = away[:3].mean()
        found = norm.logpdf([level, *away[3:]], scale=scale).sum()
        return float(found + student.logpdf((away[:3] - level) / 0.6, df=2.0).sum())

    theta = np.array([-0.4, 2.0, 0.3, 0.9, -4.0])
    value, gradient = prior.log_density(theta)
    at_loc, flat = prior.log_density(loc)
    np.testing.assert_allclose(value - at_loc, expected(theta) - expected(loc))
    np.testing.assert_allclose(flat, 0.0, atol=1e-12)
    numeric = [
        (prior.log_density(theta + e)[0] - prior.log_density(theta - e)[0]) / 2e-5
        for e in 1e-5 * np.eye(5)
    ]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5)


def test_an_axis_twice_as_far_from_the_others_costs_less_than_thrice_as_much() -> None:
    prior = HyperparameterPrior.default(6)
    near, far = (prior.log_density(prior.loc + np.r_[a, np.zeros(7)])[0] for a in (3.0, 6.0))
    assert 3.0 * near < far < near < 0.0


def test_the_prior_is_followed_where_the_values_say_nothing() -> None:
    prior = HyperparameterPrior(np.array([-1.0, 0.3, -4.0]), np.array([0.1, 0.1, 0.1]))
    task = Task(np.array([[0.5]]), np.array([0.1]))
    theta = fit_map(Batch.of([task]), np.arange(1), prior, prior.loc)
    np.testing.assert_allclose(theta, prior.loc, atol=0.15)


def test_the_posterior_density_of_one_task_is_the_largest_on_a_grid() -> None:
    X = np.linspace(0, 1, 12)[:, None]
    batch = Batch.of([Task(X, np.sin(7.0 * X[:, 0]))])
    prior = HyperparameterPrior(np.array([0.0, 0.2, -5.0]), np.array([0.7, 0.5, 1.0]))
    theta = fit_map(batch, np.arange(1), prior, prior.loc)

    def log_density(theta: np.ndarray) -> float:
        lengthscale, scale, noise = np.exp(theta)
        K = scale * matern52(squared_distance(X, X, np.full(1, lengthscale))) + noise * np.eye(12)
        z = (theta - prior.loc) / prior.scale
        return float(multivariate_normal(cov=K).logpdf(batch.y[0]) - 0.5 * z @ z)

    grid = np.stack(np.meshgrid(*[np.linspace(-1.5, 1.5, 13)] * 3), axis=-1).reshape(-1, 3)
    best = max(log_density(prior.loc + step) for step in grid)
    assert log_density(theta) > best - 0.02


def test_hyperparameters_stay_within_their_bounds() -> None:
    prior = HyperparameterPrior(np.array([-9.0, 9.0, 5.0]), np.full(3, 0.1))
    batch = Batch.of([Task(np.array([[0.2], [0.7]]), np.array([1.0, -1.0]))])
    found = np.exp(fit_map(batch, np.arange(1), prior, prior.loc))
    np.testing.assert_allclose(found, [0.03, 20.0, 1.0])
    short = HyperparameterPrior(-prior.loc, prior.scale)
    found = np.exp(fit_map(batch, np.arange(1), short, short.loc))
    np.testing.assert_allclose(found[:2], [50.0, 0.05])
    assert 1e-6 <= found[2] <= 1.0


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


REPEATS = Repeats(np.arange(1.0, 8.0), np.linspace(0.0, 0.5, 7), np.arange(7.0))


@pytest.mark.parametrize("repeats", [None, REPEATS])
def test_gradient_agrees_with_finite_differences(repeats: Repeats | None) -> None:
    one, other = make_tasks(7, 12)
    partial = Task(*_columns(6), np.array([True, False, True, True]))
    batch = Batch.of([Task(one.X, one.y, repeats=repeats), other, partial])
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
        return log_marginal_likelihood(theta, batch, GROUPS)[0] + prior.log_density(theta)[0]

    theta = fit_map(batch, GROUPS, prior, prior.loc)
    steps = np.random.default_rng(0).standard_normal((200, 5))
    for length in (0.01, 0.1, 1.0):
        inside = [theta + length * step for step in steps if theta[4] + length * step[4] < 0.0]
        assert max(map(log_posterior, inside)) < log_posterior(theta) + 0.05


def test_a_fit_of_unit_scale_is_the_best_of_that_scale() -> None:
    batch, prior = Batch.of(make_tasks(15, 20)), HyperparameterPrior.default(3)

    def log_posterior(theta: np.ndarray) -> float:
        return log_marginal_likelihood(theta, batch, GROUPS)[0] + prior.log_density(theta)[0]

    theta = fit_map(batch, GROUPS, prior, prior.loc, has_unit_scale=True)
    assert theta[3] == 0.0
    steps = np.random.default_rng(0).standard_normal((200, 5))
    steps[:, 3] = 0.0
    for length in (0.01, 0.1, 1.0):
        inside = [theta + length * step for step in steps if theta[4] + length * step[4] < 0.0]
        assert max(map(log_posterior, inside)) < log_posterior(theta) + 0.05


def test_a_relevant_axis_gets_a_shorter_lengthscale_than_an_irrelevant_one() -> None:
    X = np.random.default_rng(0).random((40, 2))
    task = Task(X, np.sin(6.0 * X[:, 0]))
    prior = HyperparameterPrior.default(2)
    theta = fit_map(Batch.of([task]), np.array([0, 1]), prior, prior.loc)
    assert theta[0] < theta[1] - 0.5


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


def test_from_little_noise_a_fit_ends_as_well_as_from_that_of_the_values() -> None:
    """On average: of noisy values smooth functions are no more likely than rough ones at first."""
    prior, lost = HyperparameterPrior.default(2), []
    for seed in range(10):
        generator = np.random.default_rng(seed)
        X, noise = generator.random((8, 40, 2)), 0.5 * generator.standard_normal((8, 40))
        Y = np.sin(3.0 * X[:, :, 0]) + noise
        batch = Batch.of([Task(x, (y - y.mean()) / y.std()) for x, y in zip(X, Y, strict=True)])
        found = []
        for start in (1e-6, 0.3):
            theta = fit_map(batch, np.arange(2), prior, np.r_[prior.loc[:-1], np.log(start)])
            value = log_marginal_likelihood(theta, batch, np.arange(2))[0]
            found.append(value + prior.log_density(theta)[0])
        lost.append(found[1] - found[0])
    assert np.mean(lost) < 0.5


def test_deviations_of_repeats_tell_the_noise_where_nothing_else_does() -> None:
    """Three points far apart, fifty values each."""
    X, y = np.repeat([[0.0], [5.0], [10.0]], 50, axis=0), np.repeat([-1.2, 0.0, 1.2], 50)
    y = y + 0.5 * np.random.default_rng(0).standard_normal(150)
    batch, prior = Batch.of([Task.observed(X, y)]), HyperparameterPrior.default(1)
    noise = np.exp(fit_map(batch, np.arange(1), prior, prior.loc)[-1])
    assert noise == pytest.approx(0.25, rel=0.2)


def test_the_noise_of_a_single_value_may_exceed_the_variance_of_means() -> None:
    X = np.repeat(np.arange(8.0)[:, None], 100, axis=0)
    y = 3.0 * np.random.default_rng(0).standard_normal(800) + np.sin(9.0 * X[:, 0])
    batch, prior = Batch.of([Task.observed(X, y)]), HyperparameterPrior.default(1)
    noise = np.exp(fit_map(batch, np.arange(1), prior, prior.loc)[-1])
    assert noise == pytest.approx(9.0, rel=0.1)


def test_tasks_that_are_nothing_alike_are_fitted_together_as_one_by_one() -> None:
    one, other = make_tasks(7, 7)
    together = Batch.of([Task(np.vstack([one.X, other.X]), np.r_[one.y, other.y])])
    apart = Batch.of([one, other])
    owner = np.repeat([0, 1], 7)
    alike = (owner[:, None] == owner).astype(float)
    found = log_marginal_likelihood(THETA, together, GROUPS, alike)
    expected = log_marginal_likelihood(THETA, apart, GROUPS)
    assert found[0] == pytest.approx(expected[0])
    np.testing.assert_allclose(found[1], expected[1])


def test_the_gradient_of_tasks_that_are_somewhat_alike_is_that_of_finite_differences() -> None:
    batch, step = Batch.of(make_tasks(12)), 1e-6
    owner = np.repeat([0, 1, 2], 4)
    alike = 0.6 + 0.4 * (owner[:, None] == owner)
    _, gradient = log_marginal_likelihood(THETA, batch, GROUPS, alike)
    numeric = [
        log_marginal_likelihood(THETA + step * e, batch, GROUPS, alike)[0]
        - log_marginal_likelihood(THETA - step * e, batch, GROUPS, alike)[0]
        for e in np.eye(len(THETA))
    ]
    np.testing.assert_allclose(gradient, np.array(numeric) / (2.0 * step), rtol=1e-5, atol=1e-6)
