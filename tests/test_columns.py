"""Parameters of many trials, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from optuna_metabo.columns import Columns, Several, encoded_together, places_of_numbers
from optuna_metabo.encoding import Encoded, Encoding, places_of

TARGETS: list[BaseDistribution] = [
    FloatDistribution(-1.5, 7.0),
    FloatDistribution(1e-5, 1e-1, log=True),
    FloatDistribution(0, 1, step=0.25),
    FloatDistribution(-1e308, 1e308),
    FloatDistribution(2, 2),
    IntDistribution(1, 9),
    IntDistribution(1, 5000, log=True),
    CategoricalDistribution((1, 2.5, "a", True, None)),
]


@given(st.sampled_from(TARGETS), st.lists(st.floats(allow_nan=False), max_size=20))
def test_a_column_is_read_as_its_numbers_are_one_by_one(
    target: BaseDistribution, values: list[float]
) -> None:
    values = [*values, 1.0, 2.5, 1e-3]
    one_by_one = [places_of([value], target)[0] for value in values]
    np.testing.assert_array_equal(places_of_numbers(np.array(values), target), one_by_one)


def test_a_number_that_cannot_be_read_is_no_choice() -> None:
    target = CategoricalDistribution((np.inf, 0.5))
    found = places_of_numbers(np.array([np.inf, 0.5]), target)
    np.testing.assert_array_equal(found, [np.nan, 1.0])


def trial(**params: Any) -> optuna.trial.FrozenTrial:
    kinds: dict[type, BaseDistribution] = {
        int: IntDistribution(0, 10),
        float: FloatDistribution(0, 10),
        str: CategoricalDistribution(("a", "b")),
        tuple: CategoricalDistribution(((1, 2), (3,))),
        bool: CategoricalDistribution((True, 1, "b")),
    }
    distributions = {name: kinds[type(value)] for name, value in params.items()}
    return optuna.create_trial(params=params, distributions=distributions, value=0.0)


@pytest.fixture
def trials() -> list[optuna.trial.FrozenTrial]:
    with pytest.warns(UserWarning, match="Choices for a categorical"):
        return [
            trial(x=1.0, k="a"),
            trial(x=2, k="b", l=(3,)),
            trial(k=True),
            trial(x="b", l=(1, 2)),  # of another kind than before
            trial(),
        ]


@pytest.fixture
def encoding() -> Encoding:
    with pytest.warns(UserWarning, match="Choices for a categorical"):
        layers = CategoricalDistribution(([1, 2], [3]))  # type: ignore[arg-type]
    choices = CategoricalDistribution(("b", True))
    numbers = {name: FloatDistribution(0, 4) for name in ("x", "other")}
    return Encoding.of({**numbers, "k": choices, "l": layers})


def test_columns_hold_what_the_trials_do(
    trials: list[optuna.trial.FrozenTrial], encoding: Encoding
) -> None:
    columns = Columns.of(trials)
    found = columns.encoded(encoding)
    np.testing.assert_array_equal(found.X, encoding.encode_many([t.params for t in trials]))
    present = [[name in t.params for name in encoding.names] for t in trials]
    np.testing.assert_array_equal(found.present, present)
    np.testing.assert_array_equal(found.known[:, 0], [True, True, False, False, False])
    np.testing.assert_array_equal(found.known[:, 2], [False, True, True, False, False])
    assert columns.names == ("x", "k", "l")
    some = columns[np.array([0, 2])]
    np.testing.assert_array_equal(some.encoded(encoding).X, found.X[[0, 2]])
    assert some.names == ("x", "k")


def test_studies_are_read_together_as_one_by_one(
    trials: list[optuna.trial.FrozenTrial], encoding: Encoding
) -> None:
    parts = [Columns.of(trials[:2]), Columns.of([]), Columns.of(trials), Columns.of(trials[:2])]
    found = encoded_together(parts, encoding)
    for part, one in zip(parts, found, strict=True):
        alone = part.encoded(encoding)
        np.testing.assert_array_equal(one.X, alone.X)
        np.testing.assert_array_equal(one.present, alone.present)
        np.testing.assert_array_equal(one.known, alone.known)
    np.testing.assert_array_equal(
        Several(parts).encoded(encoding).X, np.concatenate([one.X for one in found])
    )


def study_of_choices(choices: tuple[Any, ...]) -> Columns:
    """A trial of each choice, as read from a storage: with a distribution of its own."""
    space = {"k": CategoricalDistribution(choices)}
    return Columns.of(
        [optuna.create_trial(params={"k": k}, distributions=space, value=0.0) for k in choices]
    )


def test_studies_of_equal_choices_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [("a", "b"), ("a", "b"), ("b", "a"), (1, "b"), (True, "b"), (1, "b")]
    parts = list(map(study_of_choices, several))
    encoding = Encoding.of({"k": CategoricalDistribution(("b", True, 1))})
    read, encoded = list[int](), Columns.encoded
    expected = [encoded(part, encoding) for part in parts]

    def counted(self: Columns, encoding: Encoding) -> Encoded:
        read.append(len(self))
        return encoded(self, encoding)

    monkeypatch.setattr(Columns, "encoded", counted)
    found = encoded_together(parts, encoding)
    assert read == [4, 2, 4, 2]  # True is not 1, and in another order codes mean other choices
    for one, alone in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.X, alone.X)
        np.testing.assert_array_equal(one.known, alone.known)


def test_studies_that_asked_in_another_order_are_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    k, x, y = CategoricalDistribution(("a", "b")), FloatDistribution(0, 1), FloatDistribution(0, 2)
    space = {"k": k, "x": x, "l": k, "y": y}
    params = {"k": "a", "x": 0.25, "l": "b", "y": 0.5}
    parts = [
        Columns.of(
            [
                optuna.create_trial(
                    params={name: params[name] for name in names},
                    distributions={name: space[name] for name in names},
                    value=0.0,
                )
            ]
        )
        for names in (("k", "x", "l", "y"), ("y", "l", "x", "k"), ("x", "y", "k"))
    ]
    encoding, read, encoded = Encoding.of(space), list[int](), Columns.encoded
    expected = [encoded(part, encoding).X for part in parts]

    def counted(self: Columns, encoding: Encoding) -> Encoded:
        read.append(len(self))
        return encoded(self, encoding)

    monkeypatch.setattr(Columns, "encoded", counted)
    found = [one.X for one in encoded_together(parts, encoding)]
    assert read == [2, 1]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found[0], found[1])


class Rounded(float):
    """A number that is written with few digits, as NumPy 1 writes those of single precision."""

    def __repr__(self) -> str:
        return f"{float(self):.1f}"


def test_choices_that_are_written_alike_are_told_apart_by_their_type() -> None:
    columns = study_of_choices((0.1, Rounded(0.125)))
    encoding = Encoding.of({"k": CategoricalDistribution((0.1, 0.125))})
    np.testing.assert_array_equal(columns.encoded(encoding).X.argmax(axis=1), [0, 1])
