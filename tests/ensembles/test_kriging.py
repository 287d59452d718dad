"""Universal kriging against one Gaussian of all that is random, the scale by brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray as Array
from scipy.stats import multivariate_normal

from optuna_metabo.ensembles.kriging import Coefficients, Kernel, Kriging, Quadratic, Residual
from optuna_metabo.ensembles.predictor import Predictor
from optuna_metabo.gp.kernel import matern52, squared_distance

KERNEL = Kernel(np.array([0.5, 0.7]), 0.01)
PRIOR = Coefficients(np.array([1.0, 0.2]), np.array([0.25, 3.0]))
RHO = 0.4


def residual_of(X: Array, spread: Array, counts: Array | float = 1.0) -> Residual:
    noise = np.full(len(X), KERNEL.noise) / counts
    return Residual.factorise(KERNEL.correlation(X, X), spread, rho=RHO, noise=noise)


def problem(n: int, s: int = 3, n_new: int = 4, seed: int = 0) -> tuple[Array, ...]:
    """Points, values whose best is 0, basis functions at these and at new points."""
    generator = np.random.default_rng(seed)
    X, Z = generator.random((n, 2)), generator.random((n_new, 2))
    y = generator.standard_normal(n)
    basis = generator.standard_normal((s, n + n_new))
    return X, y - y.max(), basis[:, :n], Z, basis[:, n:]


def conditioned(X: Array, y: Array, basis: Array, spread: Array | None = None) -> Kriging:
    spread = np.zeros((0, len(X))) if spread is None else spread
    return Kriging.condition(residual_of(X, spread), PRIOR, y, basis)


def predicted(kriging: Kriging, correlation: Array, *at: Array) -> list[Array]:
    """Means and variances at new points, shape [s j m]."""
    everyone = np.ones(kriging.tau.shape, dtype=bool)
    found = Predictor.of([kriging], [everyone]).posterior(correlation[None], *at)
    return [part.reshape(*everyone.shape, -1) for part in found]


def joint(points: Array, phi: Array, spread: Array) -> tuple[Array, Array]:
    """Mean and covariance of one expert's function at points, on the scale of its basis."""
    H = np.stack([phi, np.ones_like(phi)], axis=1)
    K = RHO**2 * matern52(squared_distance(points, points, KERNEL.lengthscale))
    return H @ PRIOR.mean, K + H @ np.diag(PRIOR.variance) @ H.T + spread.T @ spread


@pytest.mark.parametrize("n", [1, 2, 6])
@pytest.mark.parametrize("n_spread", [0, 2])
def test_means_and_variances_are_those_of_the_joint_gaussian_at_every_scale(
    n: int, n_spread: int
) -> None:
    X, y, basis, Z, basis_new = problem(n)
    spread = np.random.default_rng(1).standard_normal((n_spread, n + len(Z)))
    kriging = conditioned(X, y, basis, spread[:, :n])
    means, variances = predicted(kriging, KERNEL.correlation(X, Z), basis_new, spread[:, n:])
    for i, taus in enumerate(kriging.tau):
        mean, K = joint(np.concatenate([X, Z]), np.r_[basis[i], basis_new[i]], spread)
        observed = K[:n, :n] + KERNEL.noise * np.eye(n)
        gain = np.linalg.solve(observed, K[:n, n:]).T
        variance = np.diag(K[n:, n:] - gain @ K[:n, n:])
        for j, tau in enumerate(taus):
            expected = mean[n:] + gain @ (y / tau - mean[:n])
            np.testing.assert_allclose(means[i, j], tau * expected, rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(variances[i, j], tau**2 * variance, rtol=1e-6)


def test_some_experts_and_scales_are_predicted_as_among_all() -> None:
    X, y, basis, Z, basis_new = problem(6)
    kriging, correlation, nothing = (
        conditioned(X, y, basis),
        KERNEL.correlation(X, Z),
        basis_new[:0],
    )
    counts = np.zeros(kriging.tau.shape, dtype=bool)
    counts[0, [1, 3]] = counts[2, 4] = True
    found = Predictor.of([kriging], [counts]).posterior(
        correlation[None], basis_new[[0, 2]], nothing
    )
    for some, every in zip(
        found, predicted(kriging, correlation, basis_new, nothing), strict=True
    ):
        np.testing.assert_allclose(some, every[counts])


@pytest.mark.parametrize("n", [2, 3, 8])
def test_evidence_is_the_integral_over_the_scale_given_the_best_value(n: int) -> None:
    X, y, basis, _, _ = problem(n, seed=n)
    spread = np.random.default_rng(1).standard_normal((2, n))
    found = np.logaddexp.reduce(conditioned(X, y, basis, spread).log_evidence, axis=1)
    t, best, expected = np.linspace(-8.0, 8.0, 20_001), int(y.argmax()), []
    for phi in basis:
        mean, K = joint(X, phi, spread)
        K += KERNEL.noise * np.eye(n)
        alone = multivariate_normal(mean[best], K[best, best]).logpdf(0.0)
        density = multivariate_normal(mean, K).logpdf(np.exp(t)[:, None] * y) - alone
        expected.append(np.logaddexp.reduce((n - 1) * t + density) + np.log(t[1] - t[0]))
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=0.05)


def test_variance_and_determinant_are_those_of_the_covariance() -> None:
    X, spread = problem(5)[0], np.random.default_rng(1).standard_normal((2, 5))
    residual = residual_of(X, spread)
    K = RHO**2 * KERNEL.correlation(X, X) + KERNEL.noise * np.eye(5) + spread.T @ spread
    np.testing.assert_allclose([residual.variance(i) for i in range(5)], np.diag(K))
    for n in range(1, 6):
        assert residual.log_det(n) == pytest.approx(np.linalg.slogdet(K[:n, :n])[1])


def test_quadrature_is_exact_where_the_logarithm_of_the_scale_is_normal() -> None:
    """With many values the density of log u is nearly normal; the nodes must carry it all."""
    n, form = 400, Quadratic(np.array([390.0]), np.array([3.0]), np.array([0.0]))
    u, log_weights = form.nodes(n)
    t = np.linspace(-1.0, 1.0, 20_001)
    exact = np.logaddexp.reduce(form.log_density(np.exp(t)[None], n)[0]) + np.log(t[1] - t[0])
    assert np.logaddexp.reduce(log_weights[0]) == pytest.approx(exact, abs=1e-4)
    assert (u > 0.0).all()


def test_one_value_and_equal_values_are_no_evidence() -> None:
    for n in (1, 4):
        X, y, basis, _, _ = problem(n)
        kriging = conditioned(X, np.zeros_like(y), basis)
        assert not kriging.log_evidence.any()
        assert (kriging.tau == 1.0).all()


def test_units_of_the_values_change_scales_but_no_preference() -> None:
    X, y, basis, _, _ = problem(6)
    one, other = conditioned(X, y, basis), conditioned(X, 1000.0 * y, basis)
    np.testing.assert_allclose(other.tau, 1000.0 * one.tau)
    difference = other.log_evidence - one.log_evidence
    np.testing.assert_allclose(difference, difference[0, 0])


def test_experts_of_several_krigings_are_predicted_at_once_as_alone() -> None:
    """Rows of the further covariance at new points say nothing of those that lack them."""
    X, y, basis, Z, basis_new = problem(6)
    spread = np.random.default_rng(1).standard_normal((4, 6 + len(Z)))
    n_rows = (0, 1, 3)
    several = [
        conditioned(X, y, phi, spread[:n, :6])
        for n, phi in zip(n_rows, (basis, basis[:2], basis[:1]), strict=True)
    ]
    counts = [np.arange(5 * len(one.tau)).reshape(-1, 5) % 4 == 1 for one in several]
    rows = [basis_new[: len(some)][some.any(axis=1)] for some in counts]
    K = KERNEL.correlation(X, Z)[None]
    alone = [
        Predictor.of([one], [some]).posterior(K, row, spread[:n, 6:])
        for one, some, row, n in zip(several, counts, rows, n_rows, strict=True)
    ]
    together = Predictor.of(several, counts).posterior(
        np.repeat(K, 3, axis=0), np.concatenate(rows), spread[:, 6:]
    )
    for part, expected in zip(together, zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(part, np.concatenate(expected), rtol=1e-9)


@pytest.mark.parametrize("n_spread", [0, 2])
def test_what_is_left_of_the_residual_is_its_variance_after_the_values(n_spread: int) -> None:
    X, _, _, Z, _ = problem(5)
    spread = np.random.default_rng(1).standard_normal((n_spread, 5 + len(Z)))
    points = np.concatenate([X, Z])
    K = RHO**2 * KERNEL.correlation(points, points) + spread.T @ spread
    told = K[:5, :5] + KERNEL.noise * np.eye(5)
    left = np.diag(K[5:, 5:] - K[5:, :5] @ np.linalg.solve(told, K[:5, 5:]))
    found = residual_of(X, spread[:, :5]).left(KERNEL.correlation(X, Z), spread[:, 5:])
    np.testing.assert_allclose(found, left / np.diag(K[5:, 5:]), rtol=1e-7)


def test_a_basis_function_that_the_values_follow_has_more_evidence_than_its_opposite() -> None:
    X, _, basis, _, _ = problem(8, s=1)
    y = 3.0 * (basis[0] - basis[0].max())
    good, bad = np.logaddexp.reduce(
        conditioned(X, y, np.stack([basis[0], -basis[0]])).log_evidence, axis=1
    )
    assert good > bad + 2.0


def test_pending_points_shrink_variances_and_change_no_mean() -> None:
    X, y, basis, Z, basis_new = problem(6)
    free = conditioned(X, y, basis)
    both = np.concatenate([X, Z[:1]])
    busy = Kriging.condition(
        residual_of(both, np.zeros((0, 7))),
        PRIOR,
        y,
        np.concatenate([basis, basis_new[:, :1]], axis=1),
    )
    np.testing.assert_allclose(free.log_evidence, busy.log_evidence)
    nothing = np.zeros((0, 4))
    m, v = predicted(free, KERNEL.correlation(X, Z), basis_new, nothing)
    n, w = predicted(busy, KERNEL.correlation(both, Z), basis_new, nothing)
    np.testing.assert_allclose(m, n, atol=1e-8)
    assert (w <= v + 1e-12).all()
    assert (w[:, :, 0] < 0.6 * v[:, :, 0]).all()


def test_means_of_several_values_tell_what_these_tell_one_by_one() -> None:
    """At a given scale; that of the former is told by fewer values."""
    X, y, basis, Z, basis_new = problem(5)
    counts, generator = np.array([1, 4, 1, 2, 3]), np.random.default_rng(2)
    each = np.repeat(np.arange(5), counts)
    deviations = generator.standard_normal(len(each))
    deviations -= (np.bincount(each, deviations) / counts)[each]
    none, K = np.zeros((0, 5)), KERNEL.correlation(X, Z)
    means = Kriging.condition(residual_of(X, none, counts), PRIOR, y, basis)
    one_by_one = Kriging.condition(
        residual_of(X[each], none[:, each]), PRIOR, (y - 5.0)[each] + deviations, basis[:, each]
    )
    means = replace(means, tau=np.full_like(means.tau, 0.7))
    one_by_one = replace(one_by_one, tau=means.tau)
    at = basis_new, np.zeros((0, len(Z)))
    offset = Kriging.condition(residual_of(X, none, counts), PRIOR, y - 5.0, basis)
    found = predicted(replace(offset, tau=means.tau), K, *at)
    expected = predicted(one_by_one, K[each], *at)
    for part, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-7)


def test_the_variance_at_a_point_of_several_values_is_that_of_their_mean() -> None:
    X, counts = problem(3)[0], np.array([1.0, 4.0, 2.0])
    residual = residual_of(X, np.zeros((0, 3)), counts)
    found = [residual.variance(i) for i in range(3)]
    np.testing.assert_allclose(found, RHO**2 + KERNEL.noise / counts)
