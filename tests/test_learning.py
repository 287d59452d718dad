"""What past studies say, learned once for each search space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optuna
import pytest
from numpy import ndarray as Array
from optuna.distributions import CategoricalDistribution, FloatDistribution

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.plain import NoTransfer, PlainPrior
from optuna_metabo.learning import Learned, Learner
from optuna_metabo.past import Past
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import Sources
from optuna_metabo.surrogate import Model, Prior, Task

X, Y = FloatDistribution(0, 1), FloatDistribution(0, 10)


@dataclass(frozen=True)
class Counting:
    """A surrogate that notes what it learns from."""

    calls: list[tuple[list[Task], Domain, float]] = field(default_factory=list)

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        self.calls.append((list(sources), domain, generator.random()))
        return Heard(NoTransfer().learn(sources, domain, generator=generator))


@dataclass
class Heard:
    """A prior that could listen to its sources."""

    prior: Prior

    def condition(self, target: Task, pending: Array) -> Model:
        return self.prior.condition(target, pending)


def study_of(name: str, values: Sequence[float], **space: Any) -> optuna.Study:
    study = optuna.create_study(study_name=name)
    for i, value in enumerate(values):
        params = {
            n: d.choices[i % len(d.choices)]
            if isinstance(d, CategoricalDistribution)
            else d.low + (d.high - d.low) * (i + 1) / 10
            for n, d in space.items()
        }
        study.add_trial(optuna.create_trial(params=params, distributions=space, value=value))
    return study


def past_of(*studies: optuna.Study) -> Past:
    return Sources.of(list(studies), None).read(NEW)


NEW = Snapshot.of(optuna.create_study(study_name="new"))
GOOD = [study_of("a", [3.0, 1.0, 2.0], x=X, y=Y), study_of("b", [5.0, 6.0, 4.0], x=X)]


def objectives(learner: Learner, past: Past, **space: Any) -> Learned:
    (found,) = learner.objectives(NEW.objectives, past, space)
    return found


def test_a_space_is_learned_once() -> None:
    surrogate, past = Counting(), past_of(*GOOD)
    learner = Learner(surrogate)
    first = objectives(learner, past, x=X, y=Y)
    assert objectives(learner, past, x=X, y=Y) is first
    assert len(surrogate.calls) == 1
    objectives(learner, past, x=X)
    objectives(learner, past_of(GOOD[0]), x=X, y=Y)
    assert len(surrogate.calls) == 3


def test_the_sources_are_tasks_to_be_maximised_on_the_axes_of_the_space() -> None:
    surrogate = Counting()
    learned = objectives(Learner(surrogate), past_of(*GOOD), x=X, y=Y)
    ((tasks, domain, _),) = surrogate.calls
    assert len(domain.dimensions) == 2
    np.testing.assert_allclose(sorted(tasks[0].y), [-3.0, -2.0, -1.0])
    np.testing.assert_array_equal(tasks[1].known, [True, False])
    np.testing.assert_allclose(learned.optima(2)[:, 0], [0.2, 0.3])
    assert [one.study.name for one in learned.used] == ["a", "b"]
    pooled, first = learned.pooled(domain), len(tasks[0])
    np.testing.assert_array_equal(pooled.y, np.concatenate([task.y for task in tasks]))
    np.testing.assert_array_equal(pooled.X[:first], tasks[0].X)
    np.testing.assert_array_equal(pooled.X[first:, 0], tasks[1].X[:, 0])
    # Of what a source lacks it says nothing.
    assert len(np.unique(pooled.X[first:, 1])) == len(tasks[1])


@pytest.mark.parametrize("moved", [FloatDistribution(0, 7), FloatDistribution(1e-3, 1, log=True)])
def test_the_range_of_what_no_source_has_changes_nothing(moved: FloatDistribution) -> None:
    surrogate, past = Counting(), past_of(*GOOD)
    learner = Learner(surrogate)
    first = objectives(learner, past, x=X, new=FloatDistribution(0, 1))
    assert objectives(learner, past, x=X, new=moved) is first
    other = objectives(learner, past, x=X, new=CategoricalDistribution(("a", "b")))
    assert other is not first
    assert objectives(learner, past, x=X, new=CategoricalDistribution((1, 2))) is other
    assert len(surrogate.calls) == 2


def test_one_that_says_nothing_is_left_out_with_its_reason() -> None:
    flat = study_of("flat", [1.0, 1.0, 1.0], x=X)
    learned = objectives(Learner(Counting()), past_of(flat, *GOOD), x=X)
    assert [one.study.name for one in learned.used] == ["a", "b"]
    (left,) = learned.left_out
    assert (left.name, left.reason) == ("flat", "all its values are the same")


def test_without_a_usable_source_the_surrogate_is_not_asked() -> None:
    surrogate = Counting()
    learned = objectives(Learner(surrogate), past_of(*GOOD), other=X)
    assert not surrogate.calls
    assert isinstance(learned.prior, PlainPrior)
    assert learned.optima(1).shape == (0, 1)


def test_whoever_asks_learns_the_same() -> None:
    numbers = []
    for _ in range(2):
        surrogate = Counting()
        objectives(Learner(surrogate), past_of(*GOOD), x=X)
        numbers.append(surrogate.calls[0][2])
    assert numbers[0] == numbers[1]


def test_only_the_plain_process_does_not_listen_to_sources() -> None:
    assert Learner(Counting()).transfers
    assert not Learner(NoTransfer()).transfers
