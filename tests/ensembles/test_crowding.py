"""What is expected of a point that a past study never came near."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles.crowding import levels
from optuna_metabo.ensembles.scores import normal_scores
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.gp.exact import Batch
from optuna_metabo.gp.kernel import Hyperparameters
from optuna_metabo.tasks import Task

D = 4
GROUPS = np.arange(D)
DOMAIN = Domain((Dimension(),) * D)


def theta(k: int = 1) -> Hyperparameters:
    return Hyperparameters(np.full((k, D), 0.4), np.full(k, 0.99), np.full(k, 0.01))


def bowl(X: Array) -> Array:
    return -np.asarray(np.sum((X - 0.25) ** 2, axis=1))


def scored(X: Array) -> Task:
    return Task(X, normal_scores(bowl(X)))


def crowd(n: int, seed: int = 0) -> Array:
    """Points around the optimum."""
    return 0.25 + 0.03 * np.random.default_rng(seed).normal(size=(n, D))


def even(n: int, seed: int = 1) -> Array:
    return DOMAIN.sample(n, generator=np.random.default_rng(seed))


def level_of(*tasks: Task) -> Array:
    data = Batch.of(tasks)
    return levels(data, theta(len(tasks)), GROUPS, even(data.y.shape[1]))


def test_where_trials_are_spread_evenly_it_is_their_middling_score() -> None:
    found = level_of(*(scored(even(60, seed)) for seed in range(2, 8)))
    assert np.abs(found).max() < 0.1


def test_where_most_trials_are_crowded_around_the_best_it_is_that_of_the_others() -> None:
    task = scored(np.vstack([crowd(50), even(10, 3)]))
    (found,) = level_of(task)
    assert task.y[50:].mean() < found < -0.5


def test_it_is_the_lower_the_larger_the_part_of_the_trials_in_the_crowd() -> None:
    tasks = (scored(np.vstack([crowd(n), even(60 - n, 3)])) for n in (6, 48, 56))
    none, some, most = level_of(*tasks)
    assert most < some - 0.1 < none - 0.1
    assert none == 0.0


def test_it_is_that_of_a_source_alone_in_whatever_batch_it_stands() -> None:
    tasks = [scored(np.vstack([crowd(30, 4), even(10, 5)])), scored(even(17, 6))]
    X = even(40)
    alone = [levels(Batch.of([task]), theta(), GROUPS, X[: len(task)])[0] for task in tasks[:1]]
    both = levels(Batch.of(tasks), theta(2), GROUPS, X)
    assert both[0] == pytest.approx(alone[0], abs=1e-12)


def test_a_place_where_a_search_never_was_is_worse_than_what_it_found_middling() -> None:
    task = Task(X := np.vstack([even(10, 7), crowd(60)]), bowl(X))
    models = SourceModels.learn([task], DOMAIN)
    desert, middling = np.full((1, D), 0.95), X[np.argsort(task.y)[[35]]]
    assert models.mean(desert)[0, 0] < models.mean(middling)[0, 0] - 1.0
