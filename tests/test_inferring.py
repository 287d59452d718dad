"""What kind of parameter a column is."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from optuna_metabo import import_history
from tests.histories import MINIMIZE_Y, column, csv_file, imported, space


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2, 99], None, IntDistribution(1, 99)),
        ([1, 2, 100], None, IntDistribution(1, 100, log=True)),
        ([0, 1000], None, IntDistribution(0, 1000)),
        ([-1.5, 2], None, FloatDistribution(-1.5, 2)),
        (["1e-3", "1e-1"], None, FloatDistribution(1e-3, 1e-1, log=True)),
        (["1e-3", "1e-1"], "linear", FloatDistribution(1e-3, 1e-1)),
        ([16, 64], "log", IntDistribution(16, 64, log=True)),
        ([16, 64], "categorical", CategoricalDistribution((16, 64))),
        (["auto", 0.1], None, CategoricalDistribution((0.1, "auto"))),
        (["True", "false"], None, CategoricalDistribution((False, True))),
        ([5, 5], None, IntDistribution(5, 5)),
        ([0.5, "None"], None, FloatDistribution(0.5, 0.5)),
        ([2, 3], FloatDistribution(0, 9), FloatDistribution(0, 9)),
    ],
)
def test_what_a_parameter_is_follows_from_its_values(
    values: list[Any], kind: Any, expected: BaseDistribution
) -> None:
    assert column(values, kind) == expected


def test_an_integer_is_not_made_of_a_fraction() -> None:
    with pytest.raises(ValueError, match=r"row 2, 'params.x': 5.9 is not in IntDistribution"):
        imported([4, 5.9], IntDistribution(0, 10))
    assert imported([5.0, "6.0"], IntDistribution(0, 10)).trials[1].params == {"x": 6}


def test_large_integers_keep_their_last_digit() -> None:
    study = imported([0, 2**53 + 1])
    assert [trial.params["x"] for trial in study.trials] == [0, 2**53 + 1]


@pytest.mark.parametrize(
    "values",
    [
        [9007199254740995, 1],
        [-9007199254740995, 1],
        [2**53 + 3, 2**53 + 2],
        [2**53 + 3, float(2**53)],
        ["18446744073709551615", 0],
    ],
)
def test_a_range_of_integers_that_no_float_is_holds_them(values: list[Any]) -> None:
    study = imported(values)
    assert isinstance(space(study)["x"], IntDistribution)
    assert [trial.params["x"] for trial in study.trials] == [int(value) for value in values]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.7e308, 1], FloatDistribution(1, 1.7e308, log=True)),
        ([1.7e308, -1.7e308], FloatDistribution(-1.7e308, 1.7e308)),
        (["1e17", "1"], FloatDistribution(1, 1e17, log=True)),
        ([10**300, 1 - 10**300], FloatDistribution(-1e300, 1e300)),
        ([9007199254740995, 0.5], FloatDistribution(0.5, 9007199254740996, log=True)),
    ],
)
def test_numbers_that_are_too_large_for_integers_are_floats(
    values: list[Any], expected: FloatDistribution
) -> None:
    study = imported(values)
    assert space(study)["x"] == expected
    assert [trial.params["x"] for trial in study.trials] == [float(value) for value in values]


@pytest.mark.parametrize(
    ("written", "choices", "found"),
    [
        ("5", ("5", "8"), "5"),
        (5, ("5", "8"), "5"),
        (5.0, ("5", "8"), "5"),
        ("true", ("true", "false"), "true"),
        ("True", ("true", "false"), "true"),
        (False, ("true", "false"), "false"),
        ("3.10", ("3.1", "3.10"), "3.10"),
        (" 5 ", ("5", "8"), "5"),
        (5, (5, "5"), 5),
        ("None", (None, "relu"), None),
        ("None", ("None", "relu"), "None"),
        ("0.10", (0.1, 0.2), 0.1),
        ("0.10", (0.1, "0.10"), "0.10"),
    ],
)
def test_a_text_choice_is_found_by_what_it_reads_as(
    written: Any, choices: tuple[Any, ...], found: Any
) -> None:
    held = imported([written], CategoricalDistribution(choices)).trials[0].params["x"]
    assert (held, type(held)) == (found, type(found))


@pytest.mark.parametrize(
    ("written", "choices"), [("1", ("true", "false")), ("5.1", ("5", "8")), ("5", (True, "8"))]
)
def test_what_no_choice_reads_as_is_no_choice(written: str, choices: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"row 1, 'params.x': .* is not in Categorical"):
        imported([written], CategoricalDistribution(choices))


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([None, "adam", "None"], None, [None, "adam", None]),
        ([None, True], None, [None, True]),
        ([None, None], None, [None, None]),
        ([None, 16, 64], "categorical", [None, 16, 64]),
        ([None, 5], CategoricalDistribution(("None", "5")), ["None", "5"]),
    ],
)
def test_a_none_that_a_row_has_is_a_choice_among_names(
    values: list[Any], kind: Any, expected: list[Any]
) -> None:
    assert [trial.params["x"] for trial in imported(values, kind).trials] == expected


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, 0.1, 2], None),
        ([None, 1, 10], "log"),
        ([None, 5], FloatDistribution(0, 9)),
        ([None, "a"], CategoricalDistribution(("a", "b"))),
    ],
)
def test_a_none_among_numbers_or_choices_without_it_is_a_parameter_that_is_absent(
    values: list[Any], kind: Any
) -> None:
    first, *others = imported(values, kind).trials
    assert first.params == {}
    assert [trial.params["x"] for trial in others] == values[1:]


def test_the_order_of_choices_is_that_of_a_file(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "params.x,y\nAdam,1\nNone,2\nsgd,3\n")
    assert column(["Adam", None, "sgd"]) == column(["sgd", "Adam", "None"])
    study = import_history(path, MINIMIZE_Y, study_name="runs")
    assert space(study) == {"x": column([None, "sgd", "Adam"])}


def test_infinite_numbers_are_no_choices() -> None:
    with pytest.raises(ValueError, match="'x' has an infinite value"):
        column([1.0, 2.0, math.inf])


def test_a_column_of_names_is_no_parameter() -> None:
    with pytest.raises(ValueError, match="'x' has 100 different values that are no numbers"):
        column([f"run-{i}" for i in range(100)])


def test_many_numbers_that_are_written_otherwise_are_said_to_be_so() -> None:
    says = (
        "'x' has 100 different values that are no numbers: numbers are read as -1000.5, without %"
    )
    with pytest.raises(ValueError, match=says):
        column([f"0,{i}" for i in range(100, 200)])
