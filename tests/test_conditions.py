"""Under which values of one parameter another exists."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optuna_metabo.conditions import learn_conditions
from optuna_metabo.domain import ABSENT, ONE_HOT, Condition, Dimension, Domain

NUMBERS = Domain((Dimension(), Dimension()))
CHOICE = Domain((Dimension(n_choices=3), Dimension()))


def numbers(parent: list[float], child: list[bool]) -> list[Condition]:
    """What is learned of a child from points of a numeric parent."""
    X = np.column_stack([parent, np.where(child, 0.3, ABSENT)])
    return learn_conditions(NUMBERS, X, np.column_stack([np.ones(len(parent), bool), child]))


def choices(parent: list[int | None], child: list[bool]) -> list[Condition]:
    """Of a categorical parent; ``None`` is a choice that the domain lacks."""
    one_hot = [np.zeros(3) if c is None else ONE_HOT * np.eye(3)[c] for c in parent]
    X = np.column_stack([one_hot, np.where(child, 0.3, ABSENT)])
    present = np.column_stack([np.ones(len(parent), bool), child])
    known = present & [[c is not None, True] for c in parent]
    return learn_conditions(CHOICE, X, present, known)


@pytest.mark.parametrize(
    ("child", "allowed"),
    [
        ([False, False, True, True], (0.45, math.inf)),
        ([True, True, False, False], (-math.inf, 0.45)),
        ([True, False, False, False], (-math.inf, 0.2)),
    ],
)
def test_a_number_explains_by_the_middle_between_both_kinds(
    child: list[bool], allowed: tuple[float, float]
) -> None:
    (found,) = numbers([0.1, 0.3, 0.6, 0.9], child)
    assert (found.child, found.parent) == (1, 0)
    assert found.allowed == pytest.approx(allowed)


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ([0.1, 0.3, 0.6, 0.9], [True, False, True, False]),
        ([0.1, 0.3, 0.3, 0.9], [True, True, False, False]),  # one value, both kinds
        ([0.1, 0.3, 0.6, 0.9], [True] * 4),
        ([0.1, 0.3, 0.6, 0.9], [False] * 4),
    ],
)
def test_without_an_explanation_there_is_no_condition(
    parent: list[float], child: list[bool]
) -> None:
    assert numbers(parent, child) == []


def test_a_choice_explains_by_the_choices_seen_with_the_child() -> None:
    assert choices([0, 1, 2, 2], [True, False, True, True]) == [Condition(1, 0, (0, 2))]
    assert choices([0, 1, 2, 2], [True, False, True, False]) == []


def test_a_choice_that_the_domain_lacks_says_nothing() -> None:
    assert choices([0, 1, None, None], [True, False, True, False]) == [Condition(1, 0, (0,))]
    assert choices([0, 0, None], [True, True, False]) == []


def test_siblings_do_not_explain_each_other() -> None:
    domain = Domain((Dimension(n_choices=2), Dimension(), Dimension()))
    is_first = np.array([True, True, False, False])
    X = np.column_stack([ONE_HOT * np.eye(2)[(~is_first).astype(int)], np.full((4, 2), ABSENT)])
    present = np.column_stack([np.ones(4, bool), is_first, ~is_first])
    assert learn_conditions(domain, X, present) == [Condition(1, 0, (0,)), Condition(2, 0, (1,))]


def test_the_parent_that_is_there_most_often_explains() -> None:
    domain = Domain((Dimension(), Dimension(), Dimension()))
    present = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    X = np.where(present, np.linspace(0.1, 0.9, 4)[:, None], ABSENT)
    found = {
        condition.child: condition.parent for condition in learn_conditions(domain, X, present)
    }
    assert found == {1: 0, 2: 0}


def test_a_child_that_outlives_its_parent_is_not_explained_by_it() -> None:
    domain = Domain((Dimension(), Dimension()))
    present = np.array([[1, 0], [1, 0], [1, 1], [0, 1]], dtype=bool)
    X = np.where(present, [[0.1, 0.5], [0.2, 0.5], [0.9, 0.5], [0.5, 0.5]], ABSENT)
    assert learn_conditions(domain, X, present) == []
