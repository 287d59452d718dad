"""What the arrays of what was learned may hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import pytest

from optuna_metabo import TransferPrior
from optuna_metabo.ensembles.averaging import AveragingPrior
from optuna_metabo.ensembles.success import SuccessPrior
from optuna_metabo.repeats import Repeats
from optuna_metabo.restored import check, mask, numbers, places
from optuna_metabo.tasks import Task


@pytest.mark.parametrize(
    ("meant", "held"),
    [
        (numbers(None, 2), np.zeros((3, 2))),
        (numbers(low=0.0), 0.0),
        (places(2, n=3), np.array([0, 2])),
        (mask(1), np.array([True])),
        (places(0, n=0), np.zeros(0, dtype=int)),
    ],
)
def test_what_is_meant_may_be_held(meant: Any, held: Any) -> None:
    meant.check("it", held)


@pytest.mark.parametrize(
    ("meant", "held"),
    [
        (numbers(3), np.zeros(2)),
        (numbers(None), np.zeros((2, 2))),
        (numbers(2), np.zeros(2, dtype=int)),
        (numbers(1), np.array([np.nan])),
        (numbers(1), np.array([np.inf])),
        (numbers(2, low=0.0), np.array([1.0, -1e-9])),
        (places(1, n=3), np.array([3])),
        (places(1, n=3), np.array([-1])),
        (places(1, n=3), np.array([True])),
        (mask(1), np.array([1])),
        (numbers(), None),
        (numbers(), "1.0"),
    ],
)
def test_what_holds_anything_else_is_named(meant: Any, held: Any) -> None:
    with pytest.raises(ValueError, match=r"^it (has kind|holds)"):
        meant.check("it", held)


@pytest.fixture(scope="module")
def learned() -> list[Any]:
    """Of an objective, and of where trials fail."""

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        if x > 0.8:
            raise RuntimeError
        return x + trial.suggest_int("n", 1, 3)

    studies = []
    for seed in range(2):
        sampler = optuna.samplers.RandomSampler(seed)
        studies.append(optuna.create_study(study_name=f"past-{seed}", sampler=sampler))
        studies[-1].optimize(objective, n_trials=9, catch=RuntimeError)
    return [one.prior for one in TransferPrior.fit(studies).learned.values()]


Altered = Callable[[Any], Any]
AVERAGING: dict[str, Altered] = {
    "Functions.centre": lambda it: replace(it, centre=it.centre[:-1]),
    "Functions.order": lambda it: replace(it, order=it.order + 1),
    "Functions.anchors.X": lambda it: replace(
        it, anchors=replace(it.anchors, X=it.anchors.X[:, :1])
    ),
    "Functions.mass": lambda it: replace(it, mass=-it.mass),
}


@pytest.mark.parametrize("name", AVERAGING)
def test_parts_that_do_not_fit_each_other_are_named(name: str, learned: list[Any]) -> None:
    [prior, _] = learned
    assert isinstance(prior, AveragingPrior)
    for whole in (prior, prior.functions, prior.functions.models, prior.ranks):
        check(whole)
    with pytest.raises(ValueError, match=rf"^{name} h"):
        check(AVERAGING[name](prior.functions))
    other = replace(prior, some=((7, prior.some[0][1]),))
    with pytest.raises(ValueError, match=r"^AveragingPrior.some.0.0 holds"):
        check(other)


def test_a_study_that_is_not_among_those_used_is_named(learned: list[Any]) -> None:
    [_, prior] = learned
    assert isinstance(prior, SuccessPrior)
    check(prior)
    with pytest.raises(ValueError, match=r"^SuccessPrior.study holds"):
        check(replace(prior, study=prior.study + 1))


def test_values_that_are_no_numbers_and_counts_of_none_are_named() -> None:
    X = np.zeros((2, 1))
    check(Task(X, np.zeros(2)))
    check(Task(X, np.zeros(2), np.ones(1, dtype=bool)))
    with pytest.raises(ValueError, match=r"^Task.y holds"):
        check(Task(X, np.full(2, np.nan)))
    with pytest.raises(ValueError, match=r"^Repeats.counts holds"):
        check(Repeats.of(np.zeros(2)))
