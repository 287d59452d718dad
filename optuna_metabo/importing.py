"""Trials that were not made by Optuna, from a table, as a past study.

One row is one trial: what it was tried with, and what came out. Missing cells are parameters that
a trial did not have, and so is ``None`` among numbers, which is a choice among names; a row
without a value is a failed trial. A column ``state`` or ``status`` of Optuna, MLflow or W&B tells
which trials were completed, pruned or failed, and which still run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.arguments import names_in
from optuna_metabo.choices import how_read, strange_among
from optuna_metabo.experimental import name_metrics
from optuna_metabo.inferring import Kind, as_stored, is_absent, legal, space_of
from optuna_metabo.logs import LOGGER
from optuna_metabo.reading import listed, reading_errors, some_of
from optuna_metabo.table import Row, Table, read_table, without

# What the tables of Optuna and MLflow write before the names of parameters and of results.
_PARAMS, _METRICS = ("params.", "params_"), ("metrics.", "values_")
# What Optuna's data frames have, and what they write before the name of the only result.
_OPTUNA, _ONLY_METRIC = "params_", "value_"
_COLUMNS = "names of columns as texts, such as ['lr'], or ['0'] where they are numbers"


def import_history(
    table: str | os.PathLike[str] | Iterable[Mapping[str, Any]] | Any,
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
            values, where a cell is missing whose key is. Runs that have not ended, by a column
            ``state`` or ``status``, are left out.
        metrics: The columns of the values, each with ``"minimize"`` or ``"maximize"``. Of
            ``metrics.accuracy``, ``accuracy`` is enough.
        study_name: The name of the study.
        params: The columns of the parameters. If not given, those whose name begins with
            ``params.`` or ``params_``, which is then left out; others are never guessed.
        distributions: Of parameters of which the wrong one is inferred: a distribution, or
            ``"linear"``, ``"log"`` or ``"categorical"`` for one over the values of the table.
        storage: Where the study is made, a URL or a storage; in memory if not given.

    Returns:
        The study. What was inferred of each parameter is a line of the log.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If there is no such column, or no metric, a row has a value that its
            distribution does not hold, which columns are parameters is not known, a column is two
            things or two columns are one, a row of the file does not fit its head, or a choice is
            nothing that ``storage`` can keep.
        optuna.exceptions.DuplicatedStudyError: If the storage has a study of that name.

    Example:
        >>> from optuna_metabo import import_history
        >>> runs = [{"lr": 0.1, "accuracy": 0.8}, {"lr": 0.001, "accuracy": 0.9}]
        >>> past = import_history(runs, {"accuracy": "maximize"}, study_name="runs", params=["lr"])
        >>> past.best_params
        {'lr': 0.001}
    """
    directions = _directions(metrics)
    params = None if params is None else names_in("params", params, _COLUMNS)
    _check_types(study_name, distributions, storage)
    runs = read_table(table).ended(asked=[*metrics, *(params or ())])
    values = _values(runs, list(metrics))
    tried = runs.with_nones()
    chosen = _parameters(tried, params, list(values.values()))
    space = space_of(tried, chosen, distributions or {})
    if not (storage is None or isinstance(storage, InMemoryStorage)):
        space = {name: as_stored(name, one) for name, one in space.items()}
    trials = [_trial(row, chosen, space, list(values.values())) for row in tried.rows]
    objectives = dict(zip(values, directions, strict=True))
    with _new_study(study_name, storage, objectives) as study:
        study.add_trials(trials)
    for name, one in space.items():
        told = "" if name in (distributions or {}) else why_choices(trials, name)
        LOGGER.info(f"{study_name!r}: {name} is {one}{told and ', '}{told}")
    return study


def why_choices(trials: Iterable[FrozenTrial], name: str) -> str:
    """What made choices of the numbers of a parameter, in words; nothing if nothing did."""
    strange = strange_among([one.params[name] for one in trials if name in one.params])
    told = f"because of {some_of([*map(repr, strange)], ', ')}{how_read(strange)}"
    return told if strange else ""


@contextmanager
def _new_study(
    name: str, storage: str | BaseStorage | None, objectives: Mapping[str, StudyDirection]
) -> Iterator[Study]:
    """A study that is deleted again if it cannot be filled: its name would be taken."""
    try:
        study = optuna.create_study(
            study_name=name, storage=storage, directions=list(objectives.values())
        )
    except DuplicatedStudyError:  # Optuna's own advises what there is no option for
        raise DuplicatedStudyError(
            f"the storage has a study named {name!r} already: choose another name, or delete that "
            "study with optuna delete-study"
        ) from None
    try:
        if len(objectives) > 1:  # by which objectives of several are matched
            name_metrics(study, list(objectives))
        yield study
    except BaseException:
        if storage is not None:
            with suppress(*reading_errors()):  # what went wrong first is to be seen
                optuna.delete_study(study_name=name, storage=storage)
        raise


def _directions(metrics: Mapping[str, str]) -> list[StudyDirection]:
    expected = "metrics expects columns, each with 'minimize' or 'maximize'"
    if not isinstance(metrics, Mapping):
        example = {metrics if isinstance(metrics, str) else "accuracy": "maximize"}
        raise TypeError(f"{expected}, such as {example}, got {metrics!r}")
    if not metrics:
        raise ValueError(f"{expected}, one at least")
    return [_direction(name, metrics[name]) for name in names_in("metrics", metrics, _COLUMNS)]


def _direction(name: str, direction: str) -> StudyDirection:
    try:
        return StudyDirection[direction.upper()]
    except (KeyError, AttributeError):
        raise ValueError(
            f"the direction of {name!r} is {direction!r}: expected 'minimize' or 'maximize'"
        ) from None


def _check_types(study_name: Any, distributions: Any, storage: Any) -> None:
    if not isinstance(study_name, str):
        raise TypeError(f"study_name expects a text, got {study_name!r}")
    if not (distributions is None or isinstance(distributions, Mapping)):
        raise TypeError(
            "distributions expects a mapping from parameters, such as {'lr': 'log'}, "
            f"got {distributions!r}"
        )
    if not (storage is None or isinstance(storage, (str, BaseStorage))):
        raise TypeError(f"storage expects a URL or one of Optuna's storages, got {storage!r}")


def _values(table: Table, metrics: Sequence[str]) -> dict[str, str]:
    """The columns of the metrics by name."""
    of_optuna = any(name.startswith(_OPTUNA) for name in table.columns)
    prefixes = (*_METRICS, _ONLY_METRIC) if of_optuna else _METRICS
    columns = [table.column(name, prefixes) for name in metrics]
    names = [without(column, _METRICS) for column in columns]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ValueError(f"{metrics[names.index(name)]!r} and {metrics[i]!r} are one metric")
    return dict(zip(names, columns, strict=True))


def _parameters(
    table: Table, params: Sequence[str] | None, values: Sequence[str]
) -> dict[str, str]:
    """The columns of the parameters by name."""
    if params is None:
        params = [name for name in table.columns if name.startswith(_PARAMS)]
    chosen = [table.column(name, _PARAMS) for name in params]
    found = {without(name, _PARAMS): name for name in chosen}
    if not found:
        others = [name for name in table.columns if name not in values]
        raise ValueError(
            "which columns are parameters is not guessed: name them (params=[...], or --param for "
            "each), or call them params.x; beside the metrics, the table has "
            f"{listed(others) or 'no other'}"
        )
    for name in chosen:
        if name != found[without(name, _PARAMS)]:
            raise ValueError(f"{name!r} and {found[without(name, _PARAMS)]!r} are one parameter")
        if name in values:
            raise ValueError(f"{name!r} cannot be a parameter and a metric")
    return found


def _trial(
    row: Row,
    params: Mapping[str, str],
    space: Mapping[str, BaseDistribution],
    metrics: Sequence[str],
) -> FrozenTrial:
    """One row; without a value for each metric it is a failed trial.

    Of a pruned one the value is an early report, which at another step says another thing.
    """
    held = {
        name: legal(row, column, space[name])
        for name, column in params.items()
        if column in row.cells and not is_absent(row, column, space[name])
    }
    state = row.state
    if state == TrialState.COMPLETE and any(row.cells.get(name) is None for name in metrics):
        state = TrialState.FAIL
    is_complete = state == TrialState.COMPLETE
    return optuna.create_trial(
        state=state,
        params=held,
        distributions={name: space[name] for name in held},
        values=[_measured(row, name) for name in metrics] if is_complete else None,
    )


def _measured(row: Row, column: str) -> float:
    """A metric's value."""
    value = row.read(column)
    if isinstance(value, str) or not isinstance(value, (int, float)):
        raise ValueError(f"{row.where(column)}: expected a number, got {value!r}")
    return float(value)
