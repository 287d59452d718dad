"""Which choices are the same."""

from __future__ import annotations

import enum
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optuna_metabo.choices import (
    index_of,
    is_one_of,
    is_written_otherwise,
    number_of,
    same_choice,
    strange_among,
)

scalars = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(), st.text(max_size=2))
choices = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), inner, max_size=2),
    ),
    max_leaves=5,
)


@given(choices)
def test_a_choice_is_the_same_before_and_after_a_database(choice: Any) -> None:
    after = json.loads(json.dumps(choice))
    assert same_choice(choice, after)
    assert same_choice(after, choice)
    assert index_of(after, ["other", (choice,), choice]) == 2
    assert is_one_of(choice, [choice])


@given(choices, choices)
def test_different_choices_differ(a: Any, b: Any) -> None:
    # JSON tells types apart: true, 1, 1.0 and "1" are written differently.
    as_text = [json.dumps(one, sort_keys=True) for one in (a, b)]
    assert same_choice(a, b) == (as_text[0] == as_text[1] or is_zero(a, b))


def is_zero(a: Any, b: Any) -> bool:
    """-0.0 is written differently, and equal, wherever it stands."""
    return json.dumps(a).replace("-0.0", "0.0") == json.dumps(b).replace("-0.0", "0.0")


class Activation(str, enum.Enum):
    RELU = "relu"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1, 0),
        (True, 1),
        (1.0, 2),
        (np.float64(1.0), 2),
        (np.int64(1), 0),
        (np.bool_(True), 1),
        (2, 3),
        (2.0, 3),
        (np.str_("relu"), 4),
        (Activation.RELU, 4),
        ("2", None),
        (False, None),
        (math.nan, 5),
        ([3.0, 4], 6),
        ((3, 4), 6),
        ([True, 4], None),
        ([3], None),
        (10**400, None),
    ],
)
def test_a_value_is_found_by_its_type_then_by_its_number(value: Any, place: int | None) -> None:
    assert index_of(value, (1, True, 1.0, 2, "relu", math.nan, (3, 4))) == place


def test_what_is_a_number() -> None:
    assert number_of(np.float32(0.5)) == 0.5
    for value in (True, "1", None, math.nan, math.inf, 10**400, (1,)):
        assert number_of(value) is None


@pytest.mark.parametrize(
    ("values", "strange"),
    [
        ([0.1, "auto", 2, "auto", 3], ["auto"]),
        ([0.1, None, [1], 3, 4], [[1]]),
        ([0.1, None, 2], []),
        ([0.1, "a", 2, "b"], []),
        (["0,1", "0,01"], ["0,1", "0,01"]),
        ([None, "10%", 5, "10%", "20%"], ["10%", "20%"]),
        (["10%", "a"], []),
        (["64,64", "32,64,128"], []),
        (["a", "b"], []),
        ([], []),
    ],
)
def test_what_is_no_number_is_strange_among_more_numbers_or_if_it_is_like_one(
    values: list[Any], strange: list[Any]
) -> None:
    assert strange_among(values) == strange


@pytest.mark.parametrize(
    "text",
    [
        *("0,1", "-0,01", "0,5e-3", "10%", "2.5 %", "1,000", "1,000,000.5", "1.000,5", "1 000"),
        *("1'000", "1_000", "1\u202f000", "\u22121", "1e\u22125", " 0,1 ", "64,64"),
    ],
)
def test_a_number_of_another_way_of_writing_is_one(text: str) -> None:
    assert is_written_otherwise(text)


@pytest.mark.parametrize(
    "value",
    [
        *("", "a", "%", "1,2,3", "64,64,64,", "1,000,00", "1.2.3", "1-2", "10GB", "2024-01-01"),
        *("1 2", "1,,2", "(1, 2)", "None", 1, 0.5, None, True, [1]),
    ],
)
def test_what_is_no_number_in_any_way_of_writing_is_none(value: Any) -> None:
    assert not is_written_otherwise(value)
