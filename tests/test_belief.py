"""What is believed of one output, and of all of them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.belief import Belief, begin_anew, trust, would_tell
from optuna_metabo.surrogate import Posterior, Prior, Task, TransferModel
from optuna_metabo.thinning import near_zero


@dataclass
class Alone:
    """A model that says nothing of its sources but their weights; its other members are its own
    business.
    """

    weights: Array
    trust: str = "a bank"
    experts: tuple[str, ...] = ("Ann", "Bob")
    acting: str = "in a play"

    def posterior(self, X: Array) -> Posterior:
        return Posterior(np.ones(1), X.T, np.ones((1, len(X))))


@dataclass(frozen=True)
class Saying(TransferModel):
    """A model that says when a study begins anew, and which points would tell."""

    is_misled: bool = False
    tells: Callable[[Array], Array] = lambda X: np.ones(len(X), dtype=bool)

    @property
    def weights(self) -> Array:
        return np.ones(1)

    @property
    def begins_anew(self) -> bool:
        return self.is_misled

    def would_tell(self, X: Array) -> Array:
        return self.tells(X)

    def posterior(self, X: Array) -> Posterior:
        raise NotImplementedError


@dataclass(frozen=True)
class Giving:
    """A prior that keeps what it is conditioned on, and gives a model."""

    model: Any
    given: list[tuple[Task, Array]]

    def condition(self, target: Task, pending: Array) -> Any:
        self.given.append((target, pending))
        return self.model


ALONE = Belief(Task(np.zeros((1, 2)), np.zeros(1)), Giving(Alone(np.full(2, 0.3)), []))
NONE = np.zeros((0, 2))


def test_at_most_three_hundred_points_are_modelled_by_the_rule_of_the_output() -> None:
    y, pending, prior = np.linspace(-1, 1, 1000), np.ones((1, 2)), Giving(Saying(), [])
    task = Task(np.random.default_rng(0).random((1000, 2)), y)
    assert Belief(task, prior, near_zero).condition(pending) is prior.model
    [(found, known)] = prior.given
    np.testing.assert_array_equal(found.y, task.y[near_zero(task.y, 300)])
    assert known is pending


def test_a_model_that_says_no_more_than_its_weights_is_asked_itself_whatever_else_it_has() -> None:
    model, X = ALONE.condition(NONE), np.array([[0.1], [0.4]])
    for view in (model, model.acting, model.beside_others, model.reported):
        np.testing.assert_array_equal(view.weights, [0.3, 0.3])
        np.testing.assert_array_equal(view.posterior(X).mean, [0.1, 0.4])
    assert not model.begins_anew
    assert model.opposition == 0.0
    assert model.would_tell(X).all()


def test_a_study_begins_anew_where_every_objective_was_misled() -> None:
    misled = Saying(is_misled=True)
    assert begin_anew([misled, misled])
    assert not begin_anew([misled, ALONE.condition(NONE)])


def test_a_point_tells_where_it_does_in_every_objective_that_has_sources() -> None:
    X, other = np.array([[0.0], [0.5], [1.0]]), ALONE.condition(NONE)
    models = [Saying(tells=lambda X: X[:, 0] < 0.7), other, Saying(tells=lambda X: X[:, 0] > 0.3)]
    assert would_tell(models, X).tolist() == [False, True, False]
    assert would_tell([other], X).all()


def test_a_prior_that_says_nothing_of_it_is_trusted() -> None:
    @dataclass(frozen=True)
    class Doubtful(Giving):
        trust: float = 0.2

    assert trust(cast(Prior, Giving(Saying(), []))) == 1.0
    assert trust(cast(Prior, Doubtful(Saying(), []))) == 0.2
