"""Trials that were not made by Optuna, from a table, as a past study.

One row is one trial: what it was tried with, and what came out. Missing cells are parameters that
a trial did not have; a row without a value is a failed trial. The column ``state`` of Optuna's
own data frames tells the pruned trials from the completed ones.
"""

from __future__ import annotations

import csv
import difflib
import math
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.choices import index_of, number_of
from optuna_metabo.encoding import fits
from optuna_metabo.logs import LOGGER
from optuna_metabo.reading import listed

Row = Mapping[str, Any]
Kind = Literal["linear", "log", "categorical"]

# What the tables of Optuna and MLflow write before the names of parameters and of results.
_PARAMS, _METRICS = ("params.", "params_"), ("metrics.", "values_")
# The column of Optuna's data frames that says how a trial ended, and the states that did.
_STATE, _ENDED = "state", (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
# Texts for a cell without a value; what else is a name, and may be a choice.
_MISSING = {"", "nan", "NaN", "NA", "<NA>"}
_BOOLS = {"true": True, "false": False}
# Positive values of which the largest is so many times the smallest are read logarithmically.
_DECADES = 100.0
# Names beyond so many are those of runs or files, and no parameter.
_MAX_CHOICES = 64


def import_history(
    table: str | os.PathLike[str] | Iterable[Row] | Any,
    metrics: Mapping[str, str],
    *,
    study_name: str,
    params: Sequence[str] | None = None,
    distributions: Mapping[str, BaseDistribution | Kind] | None = None,
    storage: str | BaseStorage | None = None,
) -> Study:
    """Makes a study of the rows of a table, to be a source.

    Args:
        table: The path of a CSV file in UTF-8, a data frame of pandas, or mappings from columns to
            values.
        metrics: The columns of the values, each with ``"minimize"`` or ``"maximize"``. Of
            ``metrics.accuracy``, ``accuracy`` is enough.
        study_name: The name of the study.
        params: The columns of the parameters. If not given, those whose name begins with
            ``params.`` or ``params_``, which is then left out.
        distributions: Of parameters of which the wrong one is inferred: a distribution, or
            ``"linear"``, ``"log"`` or ``"categorical"`` for one over the values of the table.
        storage: Where the study is made, a URL or a storage; in memory if not given.

    Returns:
        The study. What was inferred of each parameter is a line of the log.

    Raises:
        ValueError: If there is no such column, a row has a value that its distribution does not
            hold, which columns are parameters is not known, or a column is two things.
        optuna.exceptions.DuplicatedStudyError: If the storage has a study of that name.

    Example:
        >>> from optuna_metabo import import_history
        >>> runs = [{"lr": 0.1, "accuracy": 0.8}, {"lr": 0.001, "accuracy": 0.9}]
        >>> past = import_history(runs, {"accuracy": "maximize"}, study_name="runs", params=["lr"])
        >>> past.best_params
        {'lr': 0.001}
    """
    directions = [_direction(name, one) for name, one in metrics.items()]
    rows = _ended(_rows(table))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    values = [_column(name, columns, _METRICS) for name in metrics]
    chosen = _parameters(columns, params, values)
    space = _space(rows, chosen, distributions or {})
    trials = [_trial(i, row, chosen, space, values) for i, row in enumerate(rows, start=1)]
    study = optuna.create_study(study_name=study_name, storage=storage, directions=directions)
    if len(values) > 1:  # by which objectives of several are matched
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names([_without(name, _METRICS) for name in values])
    study.add_trials(trials)
    for name, one in space.items():
        LOGGER.info(f"{study_name!r}: {name} is {one}")
    return study


def _space(
    rows: Sequence[Row], params: Mapping[str, str], given: Mapping[str, BaseDistribution | Kind]
) -> dict[str, BaseDistribution]:
    """The distribution of each parameter, given or inferred."""
    unknown = [name for name in given if name not in params]
    if unknown:
        raise ValueError(f"distributions has {unknown[0]!r}, which is none of {list(params)}")
    return {
        name: _distribution(name, _told(rows, column), given.get(name))
        for name, column in params.items()
    }


def _direction(name: str, direction: str) -> StudyDirection:
    try:
        return StudyDirection[direction.upper()]
    except (KeyError, AttributeError):
        raise ValueError(
            f"the direction of {name!r} is {direction!r}: expected 'minimize' or 'maximize'"
        ) from None


def _rows(table: Any) -> list[Row]:
    """The rows of any kind of table, without the cells that are missing."""
    if isinstance(table, (str, os.PathLike)):
        rows: list[Any] = _lines(table)
    elif hasattr(table, "to_dict"):
        rows = list(table.to_dict("records"))
    else:
        rows = list(table)
    if not rows:
        raise ValueError(f"expected a table with rows, got none in {table!r}")
    read = [{str(name): _cell(value) for name, value in row.items() if name} for row in rows]
    return [{name: value for name, value in row.items() if value is not None} for row in read]


def _lines(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"expected a CSV file in UTF-8, got {os.fspath(path)!r}: {error}"
        ) from None


def _ended(rows: Sequence[Row]) -> list[Row]:
    """Without the trials that were still running or waiting."""
    return [row for row in rows if _state(row) in (None, *_ENDED)]


def _state(row: Row) -> TrialState | None:
    """What Optuna says of a trial, if the row is one of its own."""
    return TrialState.__members__.get(str(row.get(_STATE)))


def _cell(value: Any) -> Any:
    """What a cell holds: a bool, a number or a text; ``None`` if nothing."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        value = _read(value.strip())
    return None if isinstance(value, float) and math.isnan(value) else value


def _read(text: str) -> Any:
    if text in _MISSING:
        return None
    if text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    for kind in (int, float):
        try:
            return text if "_" in text else kind(text)
        except ValueError:
            continue
    return text


def _told(rows: Sequence[Row], column: str) -> list[Any]:
    return [row[column] for row in rows if column in row]


def _column(name: str, columns: Sequence[str], prefixes: Sequence[str] = ("",)) -> str:
    """The column of a name, or the one that has it behind a prefix."""
    for candidate in (name, *[prefix + name for prefix in prefixes]):
        if candidate in columns:
            return candidate
    short = {_without(one, prefixes): one for one in columns}
    close = [short[one] for one in difflib.get_close_matches(name, short, n=3)]
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    raise ValueError(
        f"no row has a value in a column {name!r}: {hint}the table has {listed(columns)}"
    )


def _without(name: str, prefixes: Sequence[str]) -> str:
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


def _parameters(
    columns: Sequence[str], params: Sequence[str] | None, values: Sequence[str]
) -> dict[str, str]:
    """The columns of the parameters by name."""
    if params is not None:
        chosen = [_column(name, columns, _PARAMS) for name in params]
    else:
        chosen = [name for name in columns if name.startswith(_PARAMS)]
    found = {_without(name, _PARAMS): name for name in chosen}
    if not found:
        others = [name for name in columns if name not in values]
        raise ValueError(
            "expected the columns of the parameters by name (params=, --param), where none that "
            f"holds a value is called params.x: the others are {listed(others)}"
        )
    for name in chosen:
        if name != found[_without(name, _PARAMS)]:
            raise ValueError(f"{name!r} and {found[_without(name, _PARAMS)]!r} are one parameter")
        if name in values:
            raise ValueError(f"{name!r} cannot be a parameter and a metric")
    return found


def _distribution(
    name: str, told: Sequence[Any], given: BaseDistribution | Kind | None
) -> BaseDistribution:
    """The distribution that holds the values of a column, unless it is given."""
    if isinstance(given, BaseDistribution):
        return given
    if given not in (None, "linear", "log", "categorical"):
        raise ValueError(f"the distribution of {name!r} is {given!r}: expected one of Optuna's")
    if any(isinstance(value, float) and math.isinf(value) for value in told):
        raise ValueError(f"{name!r} has an infinite value: expected finite numbers, or texts")
    numbers = [number for value in told if (number := number_of(value)) is not None]
    are_numbers = len(numbers) == sum(value != "None" for value in told) > 0
    if given == "categorical" or not are_numbers:
        if given in ("linear", "log"):
            raise ValueError(f"{name!r} cannot be {given}: it has values that are no numbers")
        return _choices(name, told)
    low, high = min(numbers), max(numbers)
    spans_decades = low > 0.0 and high >= _DECADES * low
    log = given == "log" or (given is None and spans_decades)
    if log and low <= 0.0:
        raise ValueError(f"{name!r} cannot be log: it has the value {low}")
    if all(number == round(number) for number in numbers):
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(low, high, log=log)


def _choices(name: str, told: Sequence[Any]) -> CategoricalDistribution:
    """In an order that does not hang on that of the rows."""
    different = {(type(value).__name__, str(value)): value for value in told}
    if len(different) > _MAX_CHOICES:
        raise ValueError(
            f"{name!r} has {len(different)} different values that are no numbers: leave it out by "
            "naming the others (params=, --param), or give its distribution"
        )
    choices = [different[key] for key in sorted(different)]
    return CategoricalDistribution([None if one == "None" else one for one in choices])


def _trial(
    number: int,
    row: Row,
    params: Mapping[str, str],
    space: Mapping[str, BaseDistribution],
    metrics: Sequence[str],
) -> FrozenTrial:
    """One row; without a value for each metric it is a failed trial.

    Of a pruned one the value is an early report, which at another step says another thing.
    """
    held = {
        name: _legal(row[column], space[name], f"row {number}, {column!r}")
        for name, column in params.items()
        if column in row and not _is_none(row[column], space[name])
    }
    values = [_measured(row[name], f"row {number}, {name!r}") for name in _in(row, metrics)]
    state = _state(row) or TrialState.COMPLETE
    if state == TrialState.COMPLETE and len(values) < len(metrics):
        state = TrialState.FAIL
    is_complete = state == TrialState.COMPLETE
    return optuna.create_trial(
        state=state,
        params=held,
        distributions={name: space[name] for name in held},
        values=values if is_complete else None,
    )


def _in(row: Row, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in row]


def _is_none(value: Any, distribution: BaseDistribution) -> bool:
    """Whether a text says that a parameter of numbers is not there."""
    return bool(value == "None") and not isinstance(distribution, CategoricalDistribution)


def _measured(value: Any, where: str) -> float:
    """A metric's value."""
    if isinstance(value, str) or not isinstance(value, (int, float)):
        raise ValueError(f"{where}: expected a number, got {value!r}")
    return float(value)


def _legal(value: Any, distribution: BaseDistribution, where: str) -> Any:
    """The value as the distribution has it.

    Raises:
        ValueError: If it is none of its values.
    """
    if isinstance(distribution, CategoricalDistribution):
        value = None if value == "None" and None in distribution.choices else value
        place = index_of(value, distribution.choices)
        if place is not None:
            return distribution.choices[place]
    elif isinstance(distribution, (FloatDistribution, IntDistribution)):
        number = number_of(value)
        kind = int if isinstance(distribution, IntDistribution) else float
        if number is not None and fits(kind(number), distribution):
            return kind(number)
    raise ValueError(f"{where}: {value!r} is not in {distribution}")
