"""What was learned, as JSON and arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.frozen import Packing, unpack
from optuna_metabo.tasks import Task


@dataclass(frozen=True)
class Stranger:
    """Not one of ours."""

    value: int = 1


def test_dataclasses_come_back_and_an_array_is_kept_once() -> None:
    X = np.arange(6.0).reshape(3, 2)
    packing = Packing({"X": X.copy()})
    y = np.zeros(3)
    domain = Domain((Dimension(), Dimension(levels=(0.0, 1.0))))
    packed = packing.pack((Task(X, y), Task(X, y), domain, np.float64(1.5), None))
    assert len(packing.arrays) == 1
    one, two, space, number, nothing = unpack(packed, {"X": X}, packing.arrays)
    np.testing.assert_array_equal(one.X, X)
    assert one.y is two.y
    assert (space, number, nothing) == (domain, 1.5, None)


@pytest.mark.parametrize("value", [Stranger(), print, {"a": 1}, (Stranger(),), [1]])
def test_what_is_not_ours_is_not_kept(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        Packing({}).pack(value)


@pytest.mark.parametrize(
    "packed",
    [
        {"class": "Popen", "fields": {"args": "true"}},
        {"class": "Task", "fields": {"X": 1}},
        {"class": "Task", "fields": {"X": 1, "y": 2, "known": None, "more": 3}},
        # Not even where what is missing has a default: it was learned by other rules.
        {"class": "Task", "fields": {"X": 1, "y": 2}},
        {"class": "Task"},
        {"given": "Z"},
        {},
    ],
)
def test_other_classes_and_other_fields_are_refused(packed: object) -> None:
    with pytest.raises((KeyError, TypeError)):
        unpack(packed, {}, [])


def test_equal_numbers_of_another_kind_are_another_array() -> None:
    mask = np.array([True, False, True])
    packing = Packing({"mask": mask})
    for numbers in (mask.astype(float), mask.astype(int)):
        found = unpack(packing.pack(numbers), {"mask": mask}, packing.arrays)
        np.testing.assert_array_equal(found, numbers)
        assert found.dtype == numbers.dtype
    assert packing.pack(mask.copy()) == {"given": "mask"}
