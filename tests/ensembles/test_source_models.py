"""The Gaussian processes of the past studies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles import source_models as module
from optuna_metabo.ensembles.scores import normal_scores
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.gp import expansion, matern52, squared_distance
from optuna_metabo.gp.exact import Batch
from optuna_metabo.gp.fit import HyperparameterPrior
from optuna_metabo.memory import n_bytes
from optuna_metabo.repeats import Repeats
from optuna_metabo.tasks import Task
from tests.ensembles.bowls import DOMAIN, alike, bowl, make_task

MIXED = Domain((Dimension(), Dimension(), Dimension(n_choices=3)))


def noisy(n: int, seed: int, size: float) -> Task:
    task = make_task(bowl(0.3), n, seed)
    noise = np.random.default_rng(seed + 100).standard_normal(n)
    return replace(task, y=task.y + size * task.y.std() * noise)


def test_a_source_has_the_noise_of_the_largest_evidence() -> None:
    sources = [noisy(40, i, size) for i, size in enumerate((0.0, 0.3, 1.0, 30.0))]
    models = SourceModels.learn(sources, DOMAIN)
    lengthscale = np.exp(models.theta[:-2])
    for i, task in enumerate(sources):
        k = matern52(squared_distance(task.X, task.X, lengthscale))
        evidence = {
            noise: multivariate_normal(cov=(1.0 - noise) * k + noise * np.eye(40)).logpdf(
                normal_scores(task.y)
            )
            for noise in (1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5, 0.9)
        }
        assert models.noise[i] == max(evidence, key=evidence.__getitem__)
    assert (np.diff(models.noise) >= 0.0).all()
    assert models.noise[0] < 0.05 < models.noise[3]


def test_no_lengthscales_are_clearly_likelier_than_the_shared_ones() -> None:
    """Given the processes that are used, of unit variance, not others of a larger one."""
    sources = [make_task(bowl(0.3 + 0.1 * i), 30, i) for i in range(5)]
    models, prior = SourceModels.learn(sources, DOMAIN), HyperparameterPrior.default(2)

    def log_posterior(theta: np.ndarray) -> float:
        return module._Explained.by(theta, models.data, DOMAIN.groups, prior).log_posterior

    for length in (0.1, 0.3, 0.6):
        for step in length * np.random.default_rng(0).standard_normal((32, 2)):
            moved = models.theta + np.r_[step, 0.0, 0.0]
            assert log_posterior(moved) < log_posterior(models.theta) + 1.0


def test_means_are_those_of_each_source_alone() -> None:
    models, X = SourceModels.learn(alike(), DOMAIN), np.random.default_rng(1).random((4, 2))
    for i, task in enumerate(alike()):
        noise, scale = models.noise[i], 1.0 - models.noise[i]
        lengthscale = np.exp(models.theta[:-2])
        K = scale * matern52(squared_distance(task.X, task.X, lengthscale)) + noise * np.eye(25)
        cross = scale * matern52(squared_distance(X, task.X, lengthscale))
        expected = cross @ np.linalg.solve(K, normal_scores(task.y))
        np.testing.assert_allclose(models.mean(X)[i], expected, atol=1e-8)


def test_some_sources_are_asked_in_any_order_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    models, X = SourceModels.learn(alike(), DOMAIN), np.random.default_rng(1).random((4, 2))
    everything = models.mean(X)
    monkeypatch.setattr(expansion, "_MAX_NUMBERS", 1)
    np.testing.assert_allclose(models.mean(X), everything)
    index = np.array([2, 0, 1])
    np.testing.assert_allclose(models.mean(X, index), everything[index])
    assert models.mean(X, index[:0]).shape == (0, 4)


def test_hyperparameters_are_fitted_to_a_spread_of_sources_and_trials() -> None:
    sources = [make_task(bowl(0.3), 200, seed) for seed in range(50)]
    some = module._subset(sources, np.arange(50))
    assert some.X.shape == (32, 64, 2)
    np.testing.assert_array_equal(some.X[0, [0, -1]], sources[0].X[[0, -1]])
    np.testing.assert_array_equal(some.X[-1, [0, -1]], sources[-1].X[[0, -1]])
    np.testing.assert_array_equal(some.y[0, [0, -1]], sources[0].y[[0, -1]])


def test_a_pure_noise_source_is_told_by_its_own_model() -> None:
    generator = np.random.default_rng(0)
    tasks = [make_task(bowl(0.3), 40, 0), Task(generator.random((40, 2)), generator.random(40))]
    models = SourceModels.learn(tasks, DOMAIN)
    spread = models.gp.mean(DOMAIN.sample(64, generator=generator)).std(axis=1)
    assert spread[1] < 0.5 * spread[0]


def only_noise(n: int, seed: int) -> Task:
    generator = np.random.default_rng(seed)
    return Task(generator.random((n, 2)), generator.standard_normal(n))


def test_sources_with_a_signal_are_told_from_noise() -> None:
    models = SourceModels.learn([*alike(), *(only_noise(25, seed) for seed in range(40))], DOMAIN)
    assert (models.signal[:3] > 0.99).all()
    assert (models.signal[3:] < 0.5).all()
    assert models.signal[3:].mean() < 0.05


def test_noise_moves_no_lengthscale_of_the_others() -> None:
    noise = [only_noise(25, seed) for seed in range(10)]
    alone, beside = (SourceModels.learn(some, DOMAIN) for some in (alike(), [*alike(), *noise]))
    np.testing.assert_allclose(beside.theta, alone.theta)


def test_a_few_trials_do_not_make_a_source_noise() -> None:
    few = [make_task(bowl(0.3), 3, seed) for seed in range(4)]
    assert (SourceModels.learn(few, DOMAIN).signal > 0.5).all()


def test_the_signal_is_what_is_left_to_noise_once_shares_have_settled() -> None:
    sources = [noisy(8, i, 3.0) for i in range(3)]
    models = SourceModels.learn(sources, DOMAIN)
    noises = np.array([1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5, 0.9, 1.0])
    y = np.array([normal_scores(task.y) for task in sources])
    evidence = np.empty((8, 3))
    for i, task in enumerate(sources):
        k = matern52(squared_distance(task.X, task.X, np.exp(models.theta[:-2])))
        for j, noise in enumerate(noises):
            K = (1.0 - noise) * k + noise * np.eye(8)
            evidence[j, i] = multivariate_normal(cov=K).pdf(y[i])
    seen = np.r_[3.0 * (1.0 - noises[:-1]) / (1.0 - noises[:-1]).sum(), 1.0]
    share = seen / seen.sum()
    for _ in range(module._N_ROUNDS):
        likely = share[:, None] * evidence
        likely /= likely.sum(axis=0)
        share = (seen + likely.sum(axis=1)) / 7.0
    np.testing.assert_allclose(models.signal, 1.0 - likely[-1], atol=1e-6)


def explained(theta: np.ndarray, sources: list[Task]) -> module._Explained:
    prior = HyperparameterPrior.default(2)
    return module._Explained.by(theta, Batch.of(sources), DOMAIN.groups, prior)


def test_lengthscales_are_judged_by_themselves() -> None:
    """Each source has its own noise and signal; those fitted beside count for nothing."""
    theta = np.array([-0.7, 0.3, 0.0, -3.0])
    one, other = (
        explained(np.r_[theta[:-2], rest], alike()) for rest in ([0.0, -3.0], [2.0, -9.0])
    )
    assert one.log_posterior == other.log_posterior


def test_lengthscales_are_fitted_to_several_sources_where_few_seem_to_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fitted: list[int] = []
    subset = module._subset

    def counted(tasks: list[Task], index: np.ndarray) -> Batch:
        fitted.append(len(index))
        return subset(tasks, index)

    monkeypatch.setattr(module, "_subset", counted)
    noise = [only_noise(25, seed) for seed in range(12)]
    SourceModels.learn([*alike(), *noise], DOMAIN)
    assert {3, 8} <= set(fitted)


def short(n_sources: int, n_trials: int) -> list[Task]:
    """Past studies of one function, that are too short to tell it from noise one by one."""
    return [make_task(bowl(0.3), n_trials, seed) for seed in range(n_sources)]


@pytest.mark.parametrize(("n_sources", "n_trials"), [(100, 6), (50, 8), (250, 8)])
def test_many_short_sources_tell_together_that_none_of_them_is_noise(
    n_sources: int, n_trials: int
) -> None:
    models = SourceModels.learn(short(n_sources, n_trials), DOMAIN)
    assert (models.signal > 0.1).mean() > 0.9


def test_noise_is_not_explained_by_lengthscales_shorter_than_the_gaps_between_points() -> None:
    noise = [only_noise(12, seed) for seed in range(40)]
    models = SourceModels.learn(noise, DOMAIN)
    assert (models.signal < 0.1).all()
    assert not models.covered.any()
    assert (np.exp(models.theta[:-2]) > 0.3).all()


def test_the_likeliest_sources_are_taken_where_too_few_tell() -> None:
    signal = np.array([0.05, 0.9, 0.01, 0.2, 0.02])
    assert module.telling(signal).tolist() == [1, 3]
    assert module.telling(signal, at_least=2).tolist() == [1, 3]
    assert module.telling(signal, at_least=4).tolist() == [0, 1, 3, 4]
    assert module.telling(signal, at_least=9).tolist() == [0, 1, 2, 3, 4]
    assert module.telling(0.01 * signal, at_least=2).tolist() == [0, 1, 2, 3, 4]


def make_tasks(*sizes: int) -> list[Task]:
    generator = np.random.default_rng(0)
    tasks = []
    for i, n in enumerate(sizes):
        X = MIXED.sample(n, generator=generator)
        y = np.sin(3.0 * X[:, 0] + i) + X[:, 1] + X[:, 2] + i * generator.standard_normal(n) / 10
        known = np.array([True, i % 2 == 0, True, True, True])
        tasks.append(Task(X, y, known))
    return tasks


def test_means_are_those_of_the_processes_whatever_is_taken_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = SourceModels.learn(make_tasks(9, 17, 30, 12, 5), MIXED)
    X = MIXED.sample(16, generator=np.random.default_rng(1))
    expected = models.gp.mean(X)
    np.testing.assert_allclose(models.mean(X), expected, atol=1e-9)
    monkeypatch.setattr(expansion, "_MAX_NUMBERS", 1)
    np.testing.assert_allclose(models.mean(X), expected, atol=1e-9)
    index = np.array([4, 1])
    np.testing.assert_allclose(models.mean(X, index), expected[index], atol=1e-9)


def test_a_source_is_learned_the_same_in_whatever_company(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tasks = make_tasks(9, 17, 30, 12, 5)
    together = SourceModels.learn(tasks, MIXED)
    monkeypatch.setattr(module, "_CHUNK", 2)
    apart = SourceModels.learn(tasks, MIXED)
    np.testing.assert_array_equal(apart.noise, together.noise)
    np.testing.assert_allclose(apart.alpha, together.alpha, rtol=1e-8)


def test_what_is_learned_takes_little_more_than_the_points() -> None:
    tasks = make_tasks(*[64] * 40)
    assert n_bytes(SourceModels.learn(tasks, MIXED)) < 2 * n_bytes(tasks)


def repeated(task: Task, counts: np.ndarray) -> Task:
    return replace(task, repeats=Repeats(counts, np.zeros(len(task)), np.zeros(len(task))))


def test_means_of_several_values_have_less_of_the_noise_and_all_of_it_on_average() -> None:
    counts = np.r_[np.ones(20), np.full(20, 4.0)]
    task = noisy(40, 1, 1.0)
    models = SourceModels.learn([repeated(task, counts)], DOMAIN)
    y, k = (
        normal_scores(task.y),
        matern52(squared_distance(task.X, task.X, np.exp(models.theta[:-2]))),
    )
    share = np.diag(1.0 / counts) / np.mean(1.0 / counts)
    evidence = {
        noise: multivariate_normal(cov=(1.0 - noise) * k + noise * share).logpdf(y)
        for noise in (1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5, 0.9)
    }
    noise = max(evidence, key=evidence.__getitem__)
    assert models.noise[0] == noise
    expected = np.linalg.solve((1.0 - noise) * k + noise * share, models.task(0).y)
    np.testing.assert_allclose(models.alpha[0], expected, rtol=1e-8)
    np.testing.assert_allclose(models.gp.alpha[0], expected, rtol=1e-8)
    np.testing.assert_allclose(models.task(0).counts, counts * np.mean(1.0 / counts))


def test_the_evidence_of_pure_noise_is_that_of_the_means() -> None:
    counts = np.array([1.0, 4.0, 2.0, 1.0, 9.0])
    data = Batch.of([repeated(only_noise(5, 0), counts)])
    model = multivariate_normal(cov=np.diag(1.0 / counts)).logpdf(data.y[0])
    constant = -0.5 * 5 * np.log(2.0 * np.pi)
    signals = 1.0 - np.array(module._NOISES)
    seen = np.r_[3.0 * signals / signals.sum(), 1.0]
    for ratio in (-2.0, 0.0, 2.0):
        evidence = np.full((7, 1), model - constant + ratio)
        (signal,), log_likelihood = module._signal(data, evidence)
        share = seen / seen.sum()
        for _ in range(20):
            likely = share * np.r_[np.full(7, np.exp(ratio)), 1.0]
            expected, share = likely / likely.sum(), (seen + likely / likely.sum()) / 5.0
        assert signal == pytest.approx(1.0 - expected[-1])
        assert log_likelihood == pytest.approx(model - constant + np.log(likely.sum()))


def test_a_source_whose_points_all_have_as_many_values_is_learned_as_with_one_each() -> None:
    one, many = (
        SourceModels.learn([repeated(task, np.full(25, c)) for task in alike()], DOMAIN)
        for c in (1.0, 5.0)
    )
    np.testing.assert_allclose(many.alpha, one.alpha, rtol=1e-8)
    np.testing.assert_allclose(many.signal, one.signal)


def test_covered_is_what_sources_that_know_a_column_have_tried_together() -> None:
    """A third axis is tried by halves, a fourth in its upper half and, by another study, not at
    all, and of a choice of three two are taken.
    """
    domain = Domain((Dimension(n_choices=3), Dimension(), Dimension()))
    X = domain.from_unit(np.random.default_rng(0).random((60, 3)))
    X = X[X[:, 2] == 0.0]
    n = len(X) // 2
    low, high = X[:n].copy(), X[n:].copy()
    low[:, 3] /= 2.0
    high[:, 3:] = (1.0 + high[:, 3:]) / 2.0
    low[:, 4] = 0.0
    known = np.array([True, True, True, True, False])
    sources = [Task(low, low[:, 3], known), Task(high, high[:, 3])]
    assert SourceModels.learn(sources, domain).covered.tolist() == [True, True, False, True, False]


def test_the_middle_where_absent_parameters_stand_covers_no_range() -> None:
    generator = np.random.default_rng(0)
    X = np.column_stack([generator.random(20), np.r_[np.full(10, 0.5), np.linspace(0.6, 1.3, 10)]])
    task = Task(X, X[:, 0])
    assert SourceModels.learn([task], DOMAIN).covered.tolist() == [True, False]


@pytest.mark.parametrize(("signal", "is_covered"), [(0.4, False), (0.6, True)])
def test_of_a_column_that_only_a_much_less_likely_source_knows_nothing_is_covered(
    signal: float, is_covered: bool
) -> None:
    """Whether it has a signal is told beside those that lack the column, not alone."""
    lack_it = [replace(one, known=np.array([True, False])) for one in alike()]
    models = SourceModels.learn([*lack_it, make_task(bowl(0.3), 25, 9)], DOMAIN)
    doubted = replace(models, signal=np.r_[np.ones(3), signal])
    assert doubted.covered.tolist() == [True, is_covered]
    assert replace(doubted, signal=np.full(4, signal)).covered.all()


def test_sources_say_nothing_of_parameters_that_they_lack_and_of_choices_that_none_had() -> None:
    X = MIXED.sample(12, generator=np.random.default_rng(0))
    X[:, 2:] = np.eye(3)[[0, 1] * 6]
    some, other = Task(X, X[:, 0]), Task(X, X[:, 1], np.array([True, False, True, True, True]))
    models = SourceModels.learn([some, other], MIXED)
    new = [False, False, False, False, True]
    np.testing.assert_array_equal(models.lacks, [new, [False, True, False, False, True]])
