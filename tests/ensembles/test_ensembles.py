"""Properties that every surrogate has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optuna_metabo.ensembles import by_name
from optuna_metabo.ensembles.mixture import AveragingModel
from optuna_metabo.tasks import Task
from tests.ensembles.bowls import DOMAIN, EMPTY, NONE, alike, believe, bowl, make_task

TRANSFERRING = ["auto", "rgpe", "stacking", "tst"]


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


@pytest.mark.parametrize("factor", [1e-3, 30.0, 1e3])
def test_units_of_a_source_hardly_matter(factor: float) -> None:
    """They say how far the target's values are likely to lie apart."""
    target = make_task(bowl(0.3), 6, 9)
    scaled = [Task(task.X, 40.0 + factor * task.y) for task in alike()]
    one, other = believe("auto", alike(), target), believe("auto", scaled, target)
    np.testing.assert_allclose(one.weights, other.weights, atol=0.05)


def test_one_diverged_trial_of_a_source_changes_little() -> None:
    target, worst = (
        make_task(bowl(0.3), 6, 9),
        [replace(task, y=task.y.copy()) for task in alike()],
    )
    for task in worst:
        task.y[task.y.argmin()] = -1e12
    X = DOMAIN.sample(64, generator=np.random.default_rng(1))
    one, other = believe("auto", alike(), target), believe("auto", worst, target)
    assert isinstance(one, AveragingModel)
    assert isinstance(other, AveragingModel)
    np.testing.assert_allclose(one.posterior(X).mean, other.posterior(X).mean, atol=0.02)
    told = [model.reported.posterior(X).mean for model in (one, other)]
    assert np.abs(told[1]).max() < 20.0 * np.abs(told[0]).max()


@pytest.mark.parametrize("name", [*TRANSFERRING, "none"])
def test_units_of_the_metric_do_not_matter(name: str) -> None:
    target = make_task(bowl(0.3), 6, 9)
    scaled = Task(target.X, 100.0 + 7.0 * target.y)
    sources = [Task(task.X, 100.0 + 7.0 * task.y) for task in alike()]
    X = DOMAIN.sample(16, generator=np.random.default_rng(1))
    one, other = believe(name, alike(), target), believe(name, sources, scaled)
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
        model = believe("auto", alike(), target)
        assert isinstance(model, AveragingModel)
        posterior = model.reported.posterior(X)
        width = 1.96 * np.sqrt(posterior.variance)
        covered.append(np.mean(np.abs(posterior.mean - bowl(at)(X)) <= width))
    assert np.mean(covered) >= 0.8


@pytest.mark.parametrize("name", [*TRANSFERRING, "none"])
def test_a_pending_point_becomes_certain_and_changes_no_weight(name: str) -> None:
    target, pending = make_task(bowl(0.3), 6, 9), np.array([[0.8, 0.9]])
    free, busy = believe(name, alike(), target), believe(name, alike(), target, pending)
    np.testing.assert_allclose(free.weights, busy.weights)
    before, after = free.posterior(pending).variances, busy.posterior(pending).variances
    assert (after < before).all()


@pytest.mark.parametrize("name", [*TRANSFERRING, "none"])
@pytest.mark.parametrize("n", [0, 12])
def test_next_to_a_pending_point_nothing_is_left_however_noisy_values_are(
    name: str, n: int
) -> None:
    target, pending = make_task(bowl(0.3), n, 9), np.array([[0.8, 0.9]])
    noise = np.random.default_rng(0).normal(size=n)
    target = target.transformed(target.y + 0.3 * noise)
    near = pending + 1e-3
    before, after = (
        believe(name, alike(), target, points).posterior(near).variances
        for points in (NONE, pending)
    )
    assert (after < 0.01 * before).all()


def test_an_unknown_name_raises_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'rgpe'.*got 'RGPE'"):
        by_name("RGPE")
