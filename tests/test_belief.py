"""What is believed of one output, and which of its views acts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.belief import (
    Belief,
    acting,
    begin_anew,
    beside_others,
    sharp,
    would_tell,
)
from optuna_metabo.surrogate import Model, Prior, Task
from optuna_metabo.thinning import near_zero


class Noting:
    """A prior that hands back what it is conditioned on."""

    def condition(self, target: Task, pending: Array) -> Any:
        return target, pending


PRIOR = cast(Prior, Noting())


def seen(y: Array) -> Task:
    return Task(np.random.default_rng(0).random((len(y), 2)), y)


def test_at_most_three_hundred_points_are_modelled_by_the_rule_of_the_output() -> None:
    task, pending = seen(np.linspace(-1, 1, 1000)), np.ones((1, 2))
    found = cast(Any, Belief(task, PRIOR, near_zero).condition(pending))
    np.testing.assert_array_equal(found[0].y, task.y[near_zero(task.y, 300)])
    assert found[1] is pending


@pytest.mark.parametrize(
    ("view", "name"), [(acting, "acting"), (beside_others, "beside_others"), (sharp, "experts")]
)
def test_a_model_without_a_view_is_its_own(view: Any, name: str) -> None:
    plain, other = SimpleNamespace(), SimpleNamespace()
    assert view(plain) is plain
    assert view(SimpleNamespace(**{name: other})) is other


def test_a_study_begins_anew_where_every_objective_was_misled() -> None:
    misled, plain = SimpleNamespace(begins_anew=True), SimpleNamespace()
    assert begin_anew(cast("list[Model]", [misled, misled]))
    assert not begin_anew(cast("list[Model]", [misled, plain]))


def test_a_point_tells_where_it_does_in_every_objective_that_has_sources() -> None:
    X = np.array([[0.0], [0.5], [1.0]])
    low, high = (
        SimpleNamespace(would_tell=lambda X: X[:, 0] < 0.7),
        SimpleNamespace(would_tell=lambda X: X[:, 0] > 0.3),
    )
    models = cast("list[Model]", [low, SimpleNamespace(), high])
    assert would_tell(models, X).tolist() == [False, True, False]
    assert would_tell(models[1:2], X).all()
