"""Properties that every surrogate has, and those of each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles import by_name
from optuna_metabo.ensembles.averaging import Averaging, CalibratedModel
from optuna_metabo.ensembles.ranking import held_out_ranking_loss, ranking_loss
from optuna_metabo.ensembles.scores import normal_scores
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.stacking import slopes
from optuna_metabo.ensembles.tst import epanechnikov
from optuna_metabo.surrogate import Model, Task

DOMAIN = Domain((Dimension(), Dimension()))
NONE = np.zeros((0, 2))
TRANSFERRING = ["auto", "rgpe", "stacking", "tst"]


def bowl(at: float) -> Callable[[Array], Array]:
    return lambda X: -((X[:, 0] - at) ** 2) - 0.3 * (X[:, 1] - 0.5) ** 2


def make_task(f: Callable[[Array], Array], n: int, seed: int) -> Task:
    X = np.random.default_rng(seed).random((n, 2))
    return Task(X, f(X))


def alike() -> list[Task]:
    return [make_task(bowl(at), 25, seed) for seed, at in enumerate((0.25, 0.3, 0.35))]


def believe(name: str, sources: list[Task], target: Task, pending: Array = NONE) -> Model:
    prior = by_name(name).learn(sources, DOMAIN, generator=np.random.default_rng(0))
    return prior.condition(target, pending)


EMPTY = Task(NONE, np.zeros(0))


@pytest.mark.parametrize("name", [*TRANSFERRING, "none"])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 12])
def test_weights_lie_in_the_simplex_and_posteriors_are_proper(name: str, n: int) -> None:
    model = believe(name, alike(), make_task(bowl(0.3), n, 9) if n else EMPTY)
    assert model.weights.shape == (3,)
    assert (model.weights >= 0).all()
    assert model.weights.sum() <= 1 + 1e-9
    posterior = model.posterior(DOMAIN.sample(32, generator=np.random.default_rng(1)))
    assert posterior.weights.sum() == pytest.approx(1)
    assert np.isfinite(posterior.means).all()
    assert (posterior.variances > 0).all()


@pytest.mark.parametrize("name", [*TRANSFERRING, "none"])
def test_equal_values_say_nothing_and_break_nothing(name: str) -> None:
    target = make_task(lambda X: np.full(len(X), 3.0), 4, 9)
    model = believe(name, alike(), target)
    assert np.isfinite(model.weights).all()
    posterior = model.posterior(DOMAIN.sample(16, generator=np.random.default_rng(1)))
    assert np.isfinite(posterior.mean).all()
    assert (posterior.variance > 0).all()


@pytest.mark.parametrize("name", TRANSFERRING)
def test_the_first_point_is_near_the_optimum_of_alike_sources(name: str) -> None:
    X = DOMAIN.sample(512, generator=np.random.default_rng(1))
    best = X[believe(name, alike(), EMPTY).posterior(X).mean.argmax()]
    np.testing.assert_allclose(best, [0.3, 0.5], atol=0.15)


@pytest.mark.parametrize("name", ["rgpe", "tst", "stacking"])
def test_increasing_transforms_of_a_source_change_nothing(name: str) -> None:
    target = make_task(bowl(0.3), 6, 9)
    bent = [Task(task.X, np.exp(5.0 * task.y)) for task in alike()]
    X = DOMAIN.sample(16, generator=np.random.default_rng(1))
    straight, curved = believe(name, alike(), target), believe(name, bent, target)
    np.testing.assert_allclose(straight.weights, curved.weights)
    np.testing.assert_allclose(straight.posterior(X).mean, curved.posterior(X).mean)


def test_units_of_a_source_do_not_matter() -> None:
    target = make_task(bowl(0.3), 6, 9)
    scaled = [Task(task.X, 40.0 + 1e3 * task.y) for task in alike()]
    one, other = believe("auto", alike(), target), believe("auto", scaled, target)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6)


def test_one_diverged_trial_of_a_source_changes_little() -> None:
    target, worst = (
        make_task(bowl(0.3), 6, 9),
        [replace(task, y=task.y.copy()) for task in alike()],
    )
    for task in worst:
        task.y[task.y.argmin()] = -1e12
    X = DOMAIN.sample(64, generator=np.random.default_rng(1))
    one, other = believe("auto", alike(), target), believe("auto", worst, target)
    assert isinstance(one, CalibratedModel)
    assert isinstance(other, CalibratedModel)
    experts = one.experts.posterior(X), other.experts.posterior(X)
    np.testing.assert_allclose(experts[0].mean, experts[1].mean, atol=0.02)
    assert np.abs(other.posterior(X).mean).max() < 20.0 * np.abs(one.posterior(X).mean).max()


@pytest.mark.parametrize("name", [*TRANSFERRING, "none"])
def test_units_of_the_target_do_not_matter(name: str) -> None:
    target = make_task(bowl(0.3), 6, 9)
    scaled = Task(target.X, 100.0 + 7.0 * target.y)
    X = DOMAIN.sample(16, generator=np.random.default_rng(1))
    one, other = believe(name, alike(), target), believe(name, alike(), scaled)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-6)
    np.testing.assert_allclose(
        100.0 + 7.0 * one.posterior(X).mean, other.posterior(X).mean, rtol=1e-5
    )


@pytest.mark.parametrize("name", ["rgpe", "tst", "stacking"])
def test_an_opposed_source_loses_its_weight_to_a_good_one(name: str) -> None:
    sources = [make_task(bowl(0.3), 25, 0), make_task(lambda X: -bowl(0.3)(X), 25, 1)]
    weights = believe(name, sources, make_task(bowl(0.32), 60, 9)).weights
    assert weights[1] < 0.05
    assert weights[0] >= weights[1]


def test_the_influence_of_an_opposed_source_vanishes_with_more_values() -> None:
    sources = [make_task(lambda X: -bowl(0.3)(X), 25, 1)]
    X = DOMAIN.sample(64, generator=np.random.default_rng(1))
    errors = []
    for n in (2, 8, 40):
        mean = believe("auto", sources, make_task(bowl(0.3), n, 9)).posterior(X).mean
        errors.append(np.abs(mean - bowl(0.3)(X)).mean())
    assert errors[2] < 0.05 * errors[0]


def test_many_unrelated_sources_do_not_take_over_the_model_average() -> None:
    generator = np.random.default_rng(0)
    sources = [Task(X, generator.standard_normal(20)) for X in generator.random((20, 20, 2))]
    alone, among = [], []
    X = DOMAIN.sample(128, generator=np.random.default_rng(1))
    for seed in range(8):
        target = make_task(bowl(0.3), 8, seed)
        alone.append(
            np.corrcoef(believe("none", [], target).posterior(X).mean, bowl(0.3)(X))[0, 1]
        )
        mean = believe("auto", sources, target).posterior(X).mean
        among.append(np.corrcoef(mean, bowl(0.3)(X))[0, 1])
    assert np.mean(among) > np.mean(alone) - 0.1


def test_intervals_of_the_model_average_cover_held_out_functions_nearly_as_promised() -> None:
    X, covered = DOMAIN.sample(64, generator=np.random.default_rng(1)), []
    for seed, at in enumerate(np.linspace(0.2, 0.4, 12)):
        target = make_task(bowl(at), 5, 100 + seed)
        posterior = believe("auto", alike(), target).posterior(X)
        width = 1.96 * np.sqrt(posterior.variance)
        covered.append(np.mean(np.abs(posterior.mean - bowl(at)(X)) <= width))
    assert np.mean(covered) >= 0.8


@pytest.mark.parametrize("name", [*TRANSFERRING, "none"])
def test_a_pending_point_becomes_certain_and_changes_no_weight(name: str) -> None:
    target, pending = make_task(bowl(0.3), 6, 9), np.array([[0.8, 0.9]])
    free, busy = believe(name, alike(), target), believe(name, alike(), target, pending)
    np.testing.assert_allclose(free.weights, busy.weights)
    if name != "rgpe":  # whose source models know nothing of the target's points
        before, after = free.posterior(pending).variances, busy.posterior(pending).variances
        assert (after < before).all()


def test_ranking_loss_counts_pairs_and_its_ties_as_half() -> None:
    y = np.array([0.0, 1.0, 1.0, 2.0])
    generator = np.random.default_rng(0)
    for f in (generator.integers(0, 3, 4).astype(float), np.zeros(4), y, -y):
        pairs = [(i, j) for i, j in itertools.permutations(range(4), 2) if y[i] < y[j]]
        expected = np.mean([(f[i] > f[j]) + 0.5 * (f[i] == f[j]) for i, j in pairs])
        assert ranking_loss(f, y) == pytest.approx(expected)
    assert ranking_loss(np.zeros(3), np.zeros(3)) == 0.5


def test_held_out_loss_compares_predictions_with_observations() -> None:
    y = np.array([0.0, 1.0])
    assert held_out_ranking_loss(y, y) == 0.0
    # The first prediction is above the second observation; the second one is right.
    assert held_out_ranking_loss(np.array([1.5, 2.0]), y) == 0.5


def test_normal_scores_are_symmetric_and_tied_values_share_a_score() -> None:
    scores = normal_scores(np.array([5.0, 1.0, 1.0, -3.0]))
    assert scores[1] == scores[2] == pytest.approx(0.0)
    assert scores[0] == pytest.approx(-scores[3])


def test_stacking_slopes_are_never_negative_and_find_the_right_source() -> None:
    y = np.linspace(-1, 1, 40)
    noise = np.random.default_rng(0).standard_normal(40)
    a = slopes(np.stack([y, -y, noise]), 2.0 * y)
    assert (a >= 0).all()
    assert a.argmax() == 0
    assert a[1] == pytest.approx(0.0)


def test_epanechnikov_is_three_quarters_at_zero_and_zero_from_one() -> None:
    np.testing.assert_allclose(epanechnikov(np.array([0.0, 0.5, 1.0, 2.0])), [0.75, 0.5625, 0, 0])


def test_a_pure_noise_source_is_told_by_its_own_model() -> None:
    generator = np.random.default_rng(0)
    tasks = [make_task(bowl(0.3), 40, 0), Task(generator.random((40, 2)), generator.random(40))]
    models = SourceModels.learn(tasks, DOMAIN)
    spread = models.gp.mean(DOMAIN.sample(64, generator=generator)).std(axis=1)
    assert spread[1] < 0.5 * spread[0]


def test_thousands_of_sources_are_narrowed_down() -> None:
    sources = [make_task(bowl(at), 6, i) for i, at in enumerate(np.linspace(0, 1, 60))]
    prior = Averaging().learn(sources, DOMAIN, generator=np.random.default_rng(0))
    model = prior.condition(make_task(bowl(0.3), 6, 9), NONE)
    assert 0 < np.count_nonzero(model.weights) <= 24


def test_an_unknown_name_raises_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'rgpe'.*got 'RGPE'"):
        by_name("RGPE")
