"""What is known of an objective, as a search and as a report have it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.belief import Belief
from optuna_metabo.explanation.known import Known
from optuna_metabo.surrogate import Posterior, TransferModel
from optuna_metabo.tasks import Task

X = np.random.default_rng(0).random((30, 2))
LOSS = 10.0 ** (8.0 * np.abs(X - 0.4).sum(axis=1) - 4.0)


@dataclass(frozen=True)
class Heard(TransferModel):
    """A prior and a model that keep what they were given."""

    shares: Array
    given: list[Task] = field(default_factory=list)

    @property
    def weights(self) -> Array:
        return self.shares

    def condition(self, target: Task, pending: Array) -> Heard:
        self.given.append(target)
        return replace(self, given=[target])

    def posterior(self, points: Array) -> Posterior:
        raise NotImplementedError


@pytest.mark.parametrize("counts", [True, False])
def test_losses_over_decades_are_told_back_unless_a_past_study_counts(counts: bool) -> None:
    """What these say of how far values lie apart is said of values as they are."""
    prior = Heard(np.array([0.5 * counts]))
    known = Known([Belief(Task(X, -LOSS), prior)], np.arange(2))
    [found], z = known.reported, np.array([-1.0, 2.0])
    assert isinstance(found.model, Heard)
    [task] = found.model.given
    is_raw = np.median(task.y) == pytest.approx(-np.median(LOSS))
    assert is_raw == counts
    assert (found.back(z) == z).all() == counts


def test_other_values_are_reported_as_they_are_searched() -> None:
    prior = Heard(np.zeros(1))
    known = Known([Belief(Task(X, -X[:, 0]), prior)], np.arange(2))
    [found] = known.reported
    assert found.model is known.models[0]
    assert (found.back(X[:, 1]) == X[:, 1]).all()
