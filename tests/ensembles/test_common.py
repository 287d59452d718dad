"""What sources share, against the covariance of all their points written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.ensembles import common as module
from optuna_metabo.ensembles.common import Common
from optuna_metabo.gp.kernel import matern52, squared_distance
from optuna_metabo.repeats import Repeats
from optuna_metabo.tasks import Task

LENGTHSCALE, GROUPS = np.array([0.5, 0.8]), np.arange(2)


def bowl(X: Array, at: float) -> Array:
    return 2.0 - 8.0 * (X[:, 0] - at) ** 2 - 3.0 * (X[:, 1] - 0.5) ** 2


def sources(*at: float, n: int = 12) -> list[Task]:
    generator = np.random.default_rng(3)
    points = [generator.random((n, 2)) for _ in at]
    return [Task(X, bowl(X, one)) for X, one in zip(points, at, strict=True)]


def learn(tasks: list[Task]) -> Common:
    return Common.learn(tasks, LENGTHSCALE, GROUPS, np.arange(len(tasks)))


def test_it_is_the_posterior_of_one_gaussian_of_all_points() -> None:
    tasks = sources(0.2, 0.3, 0.4)
    common = learn(tasks)
    X, y = np.concatenate([t.X for t in tasks]), np.concatenate([t.y for t in tasks])
    Z = np.random.default_rng(4).random((8, 2))
    k = matern52(squared_distance(X, X, LENGTHSCALE))
    same = np.kron(np.eye(3), np.ones((12, 12)))
    cross = matern52(squared_distance(X, Z, LENGTHSCALE))
    found, evidences = [], []
    for share in module._SHARES:
        for noise in module._NOISES:
            K = share * k + (1.0 - share) * k * same + noise * np.eye(36)
            scale = y @ np.linalg.solve(K, y) / 36
            evidences.append(-0.5 * (36 * np.log(scale) + np.linalg.slogdet(K)[1]))
            found.append((share, share * cross.T @ np.linalg.solve(K, y)))
    share, expected = found[int(np.argmax(evidences))]
    assert common.share == share
    np.testing.assert_allclose(common.mean(Z), expected, atol=1e-8)


def test_the_share_that_is_climbed_to_is_the_likeliest_of_all() -> None:
    for seed in range(40):
        generator = np.random.default_rng(seed)
        X, owner = generator.random((36, 2)), np.repeat(np.arange(3), 12)
        noise = generator.standard_normal(36) * generator.choice([0.0, 0.3, 3.0])
        y = bowl(X, 0.3) * generator.choice([-1.0, 1.0], 3)[owner] + noise
        K = matern52(squared_distance(X, X, LENGTHSCALE))
        is_same = owner[:, None] == owner
        at = np.full(36, 1e-2)
        fits = [module._fit(K, is_same, y, share, at) for share in module._SHARES]
        best = max(fits, key=lambda fit: fit.evidence)
        assert module._likeliest(K, is_same, y, at).share == best.share


def test_alike_sources_share_more_than_opposed_ones() -> None:
    centred = [Task(t.X, t.y - t.y.mean()) for t in sources(0.3, 0.3, 0.3, 0.3)]
    opposed = [Task(t.X, t.y * (-1.0) ** i) for i, t in enumerate(centred)]
    assert learn(centred).share == 0.9
    assert learn(opposed).share == 0.1


def test_a_single_source_has_nearly_all_of_itself_in_common() -> None:
    """As far as it can be: all shares are as likely."""
    common, (task,) = learn(sources(0.3)), sources(0.3)
    assert common.share == max(module._SHARES)
    found = common.mean(task.X) - task.y.mean() * common.share
    np.testing.assert_allclose(found, common.share * (task.y - task.y.mean()), atol=0.2)


def test_what_a_source_does_not_know_stays_unknown() -> None:
    """Sources that lack a parameter say the same at every value of it."""
    known = np.array([True, False])
    tasks = [Task(t.X, t.y, known) for t in sources(0.3, 0.4)]
    common = learn([*tasks, *sources(0.35)])
    line = np.column_stack([np.full(9, 0.3), np.linspace(0, 1, 9)])
    np.testing.assert_allclose(common.mean(line), common.mean(line)[0])


def test_sources_that_share_no_column_have_nothing_in_common() -> None:
    first, second = sources(0.3, 0.4)
    tasks = [
        Task(first.X, first.y, np.array([True, False])),
        Task(second.X, second.y, np.array([False, True])),
    ]
    common = learn(tasks)
    assert common.share == 0.0
    assert not common.mean(np.random.default_rng(0).random((5, 2))).any()


@pytest.mark.parametrize(("k", "n"), [(3, 2000), (400, 12)])
def test_its_cost_is_bounded_and_the_best_points_stay(k: int, n: int) -> None:
    tasks = sources(*np.linspace(0.2, 0.4, k), n=n)
    common = Common.learn(tasks, LENGTHSCALE, GROUPS, np.arange(k), most=120)
    assert len(common.X) <= 120
    assert any((tasks[0].X[tasks[0].y.argmax()] == common.X).all(axis=1))


@pytest.mark.parametrize("left_out", [0, 2])
def test_without_a_source_it_is_that_of_the_others(left_out: int) -> None:
    tasks = sources(0.2, 0.3, 0.4)
    common = learn(tasks)
    others = [task for i, task in enumerate(tasks) if i != left_out]
    X, y = np.concatenate([t.X for t in others]), np.concatenate([t.y for t in others])
    Z = np.random.default_rng(4).random((8, 2))
    same, share = np.kron(np.eye(2), np.ones((12, 12))), common.share
    K = matern52(squared_distance(X, X, LENGTHSCALE)) * (share + (1.0 - share) * same)
    cross = matern52(squared_distance(X, Z, LENGTHSCALE))
    expected = share * cross.T @ np.linalg.solve(K + common.noise * np.eye(24), y)
    np.testing.assert_allclose(common.without(left_out).mean(Z), expected, atol=1e-8)


def test_points_are_owned_by_the_places_of_their_sources() -> None:
    tasks, places = sources(0.3, 0.3, 0.3), np.array([1, 4, 7])
    common = Common.learn(tasks, LENGTHSCALE, GROUPS, places)
    np.testing.assert_array_equal(np.unique(common.owner), places)
    rest, Z = learn([tasks[0], tasks[2]]), np.random.default_rng(4).random((8, 2))
    assert (rest.share, rest.noise) == (common.share, common.noise)
    np.testing.assert_allclose(common.without(4).mean(Z), rest.mean(Z))
    assert common.without(4).log_evidence == pytest.approx(rest.log_evidence)


def test_points_keep_their_owners_where_some_sources_are_left_out() -> None:
    tasks, places = sources(*np.linspace(0.2, 0.4, 70), n=4), np.arange(70) + 5
    owner = Common.learn(tasks, LENGTHSCALE, GROUPS, places, most=256).owner
    assert (owner[0], owner[-1]) == (5, 74)
    assert len(np.unique(owner)) < 70


def test_of_more_points_it_is_what_these_tell_with_the_same_share_and_noise() -> None:
    tasks, places = sources(0.2, 0.3, 0.4), np.arange(3)
    few = Common.learn(tasks, LENGTHSCALE, GROUPS, places, most=18)
    more, Z = few.of_more(tasks, places), np.random.default_rng(4).random((8, 2))
    assert (len(few.X), len(more.X)) == (18, 36)
    K = matern52(squared_distance(more.X, more.X, LENGTHSCALE))
    K *= few.share + (1.0 - few.share) * (more.owner[:, None] == more.owner)
    cross = matern52(squared_distance(more.X, Z, LENGTHSCALE))
    expected = few.share * cross.T @ np.linalg.solve(K + few.noise * np.eye(36), more.y)
    np.testing.assert_allclose(more.mean(Z), expected, atol=1e-8)
    nothing = replace(few, share=0.0)
    assert nothing.of_more(tasks, places) is nothing


def test_without_the_only_source_nothing_changes() -> None:
    common = learn(sources(0.3))
    assert common.without(0) is common


@pytest.mark.parametrize("left_out", [None, 2])
def test_a_mean_of_several_values_has_so_much_less_noise(left_out: int | None) -> None:
    tasks, counts = sources(0.2, 0.3, 0.4), np.arange(1.0, 13.0)
    repeats = Repeats(counts, np.zeros(12), np.zeros(12))
    common = learn([Task(t.X, t.y, repeats=repeats) for t in tasks])
    if left_out is not None:
        common, tasks = common.without(left_out), tasks[:left_out]
    k, Z = len(tasks), np.random.default_rng(4).random((8, 2))
    X, y = np.concatenate([t.X for t in tasks]), np.concatenate([t.y for t in tasks])
    same, share = np.kron(np.eye(k), np.ones((12, 12))), common.share
    K = matern52(squared_distance(X, X, LENGTHSCALE)) * (share + (1.0 - share) * same)
    K += common.noise * np.diag(np.tile(1.0 / counts, k))
    cross = matern52(squared_distance(X, Z, LENGTHSCALE))
    expected = share * cross.T @ np.linalg.solve(K, y)
    np.testing.assert_allclose(common.mean(Z), expected, atol=1e-8)
