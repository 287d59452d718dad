"""Which attributes of a study are numbers, and how a file keeps them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optuna_metabo.attributes import Described, number, numbers


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3.0), (2.5, 2.5), (True, 1.0), (np.float32(0.5), 0.5), (np.int64(-4), -4.0)],
)
def test_numbers_are_numbers(value: Any, expected: float) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    "value", ["3", None, math.nan, math.inf, -math.inf, 10**400, 1j, [1.0], {"a": 1}]
)
def test_anything_else_is_none(value: Any) -> None:
    assert math.isnan(number(value))


def test_of_attributes_the_finite_numbers_are_kept_by_name() -> None:
    found = numbers({"b": 2, "note": "x", "a": 1.5, "worst": math.inf})
    assert list(found.items()) == [("a", 1.5), ("b", 2.0)]
    assert len(numbers({str(i): i for i in range(1000)})) == 64


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


NAMES = st.sampled_from(["", "a", "b", "ab", "größe", "\u4e2d"])


@given(st.lists(st.dictionaries(NAMES, NUMBERS, max_size=4).map(numbers), max_size=6))
def test_what_is_kept_of_studies_comes_back(studies: list[dict[str, float]]) -> None:
    assert Described.of(studies).studies() == studies


def test_numbers_that_are_too_many_or_too_few_are_refused() -> None:
    found = Described.of([{"a": 1.0}, {"a": 2.0, "b": 3.0}])
    for wrong in (found.values[:-1], np.r_[found.values, 0.0]):
        with pytest.raises(ValueError, match="one attribute for each name"):
            replace(found, values=wrong).studies()
    for place in (-1, 2):
        with pytest.raises(IndexError):
            replace(found, places=np.array([0, place])).studies()
