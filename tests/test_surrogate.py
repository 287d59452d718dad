"""Posteriors, and surrogates from elsewhere."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import optuna
import pytest

from optuna_metabo import Domain, MetaGPSampler, belief
from optuna_metabo.checking import checked
from optuna_metabo.ensembles.plain import NoTransfer
from optuna_metabo.surrogate import Model, Posterior, Prior, Task


def test_moments_of_a_mixture_are_those_of_its_draws() -> None:
    posterior = Posterior(
        np.array([0.25, 0.75]), np.array([[1.0], [-2.0]]), np.array([[0.5], [2]])
    )
    generator = np.random.default_rng(0)
    component = generator.choice(2, size=200_000, p=posterior.weights)
    deviation = np.sqrt(posterior.variances[component, 0])
    draws = posterior.means[component, 0] + deviation * generator.standard_normal(200_000)
    assert posterior.mean[0] == pytest.approx(draws.mean(), abs=0.02)
    assert posterior.variance[0] == pytest.approx(draws.var(), abs=0.04)


def test_tasks_and_posteriors_are_compared_and_hashed_as_objects() -> None:
    X, y = np.array([[0.1], [0.7]]), np.array([3.0, 4.0])
    for one, other in (
        (Task(X, y), Task(X, y)),
        (Posterior(np.ones(1), y[None], y[None]), Posterior(np.ones(1), y[None], y[None])),
    ):
        assert one == one
        assert one != other
        assert len({one, other}) == 2


def test_what_is_looked_for_in_models_stands_where_their_authors_look() -> None:
    source = Path(belief.__file__).read_text(encoding="utf-8")
    names = set(re.findall(r'(?:get|has)attr\(model, "(\w+)"', source))
    documented = re.findall(r"^    - ``(\w+)", Model.__doc__ or "", re.MULTILINE)
    assert names == set(documented)


class Recorded:
    """Learns nothing, and knows of how many sources, and of which shapes."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bool]] = []

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        fits = all(task.X.shape == (len(task), len(domain.groups)) for task in sources)
        self.asked.append((len(sources), fits))
        return NoTransfer().learn(sources, domain, generator=generator)


@pytest.mark.filterwarnings("ignore:source studies left out")
def test_a_surrogate_is_never_asked_to_learn_from_nothing() -> None:
    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.suggest_categorical("k", ["a", "b"])
        if x > 0.9:
            raise RuntimeError
        return x

    def made(name: str, sampler: optuna.samplers.BaseSampler, n: int) -> optuna.Study:
        study = optuna.create_study(study_name=name, sampler=sampler)
        study.optimize(objective, n_trials=n, catch=RuntimeError)
        return study

    surrogate = Recorded()
    past = [made(str(i), optuna.samplers.RandomSampler(i), 12) for i in range(2)]
    empty = optuna.create_study(study_name="empty")
    for sources, expected in ((None, []), ([empty], []), ([*past, empty], [(2, True)])):
        surrogate.asked.clear()
        sampler = MetaGPSampler(
            sources, surrogate=surrogate, seed=0, constraints_func=lambda trial: [-1.0]
        )
        made("new", sampler, 6)
        assert surrogate.asked == expected


def _nothing(m: int) -> Posterior:
    """The same of each of so many points."""
    return Posterior(np.ones(1), np.zeros((1, m)), np.ones((1, m)))


@dataclass(frozen=True)
class Own:
    """Prior and model in one, of a surrogate of one's own: two past studies, means of 0."""

    weights: Any = field(default_factory=lambda: np.full(2, 0.25))
    believed: Callable[[int], Any] = _nothing

    def condition(self, target: Task, pending: np.ndarray) -> Model:
        return self

    def posterior(self, X: np.ndarray) -> Posterior:
        return cast(Posterior, self.believed(len(X)))


@dataclass(frozen=True)
class Learns:
    """A surrogate of one's own, whatever it learns."""

    prior: Any = field(default_factory=Own)

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        return cast(Prior, self.prior)


class NoModel:
    """Conditions nothing."""

    def condition(self, target: Task, pending: np.ndarray) -> Any:
        return None


def _asked(surrogate: Any) -> float:
    """The first value that a sampler with two past studies asks for."""
    past = [optuna.create_study(sampler=optuna.samplers.RandomSampler(i)) for i in range(2)]
    for study in past:
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    study = optuna.create_study(sampler=MetaGPSampler(past, surrogate=surrogate, seed=0))
    return study.ask().suggest_float("x", 0, 1)


@pytest.mark.parametrize(
    ("learned", "error", "said"),
    [
        (None, TypeError, r"Learns.learn must return what has a condition method, got None"),
        (Own, TypeError, r"Learns.learn must return .*, got the class 'Own': make an object"),
        (NoModel(), TypeError, r"NoModel.condition must return what has weights .* got None"),
        (Own(None), ValueError, r"Own.weights must be 2 numbers, one for each .*, got None"),
        (Own(np.ones(3)), ValueError, r"Own.weights must be 2 numbers, .* got array"),
        (Own(0.5), ValueError, r"Own.weights must be 2 numbers, .* got 0.5"),
        (Own(["a", "b"]), ValueError, r"Own.weights must be 2 numbers, .* got \['a', 'b'\]"),
        (Own(believed=np.zeros), TypeError, r"Own.posterior must return a Posterior, got array"),
        (
            Own(believed=lambda m: Posterior(np.ones(1), np.zeros(m), np.ones(m))),
            ValueError,
            r"Posterior expects weights of shape \[s\], .*, got \(1,\), \(3,\) and \(3,\)",
        ),
        (
            Own(believed=lambda m: _nothing(1)),
            ValueError,
            r"Own.posterior must have means of 3 points, got 1",
        ),
    ],
)
def test_what_is_wrong_with_an_own_surrogate_is_named(
    learned: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        _asked(Learns(learned))


def test_an_own_surrogate_is_asked_and_may_have_a_list_of_weights() -> None:
    assert 0.0 <= _asked(Learns()) <= 1.0
    assert _asked(Learns(Own([0.25, 0.25]))) == _asked(Learns())


def test_the_class_of_a_surrogate_is_none() -> None:
    with pytest.raises(TypeError, match=r"surrogate .* got the class 'Learns': make an object"):
        MetaGPSampler(surrogate=Learns)  # type: ignore[arg-type]


def test_only_surrogates_from_elsewhere_are_looked_at() -> None:
    assert checked(ours := NoTransfer()) is ours
    sampler = MetaGPSampler(surrogate=Learns(), seed=0)
    assert repr(pickle.loads(pickle.dumps(sampler))) == repr(sampler)


@pytest.mark.parametrize(
    "shapes",
    [((1,), (3,), (3,)), ((2,), (1, 3), (1, 3)), ((1,), (1, 3), (1, 2)), ((), (1, 3), (1, 3))],
)
def test_a_posterior_whose_shapes_do_not_fit_is_none(shapes: Any) -> None:
    with pytest.raises(ValueError, match="Posterior expects weights of shape"):
        Posterior(*map(np.ones, shapes))
