"""Past studies as one set of arrays and a JSON text, and back.

A thousand studies have the same few spaces, choices and objectives: these stand in tables, and a
study refers to them by number. All numbers of all studies are one array.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.study import StudyDirection

from optuna_metabo.attributes import Described
from optuna_metabo.choices import simple
from optuna_metabo.columns import Chosen, Columns
from optuna_metabo.constraints import Slack
from optuna_metabo.objectives import Objective
from optuna_metabo.past_study import MAX_KEPT, Identity, SourceStudy
from optuna_metabo.prior_file import Content

# What is known of each study beside its name and start, in the order of the columns of "studies".
_FIELDS = (
    "number",
    "n_trials",
    "n_finished",
    "is_completed",
    "objectives",
    "space",
    "ended",
    "n_ended",
    "failed",
    "n_failed",
    "constraints",
)
# What stands for no number among small integers.
_NONE = -(2**15)
# How a column is kept: as numbers, as small integers or as choices.
_NUMBER, _INTEGER, _CHOICE = "number", "integer", "choice"
_KINDS: dict[str, tuple[type, ...]] = {
    "studies": (np.int64,),
    "codes": (np.int16, np.int32),  # the latter where a parameter has very many choices
    "integers": (np.int16,),
}
_ARRAYS = ("numbers", "integers", "codes", "values", "slacks", "units")
_TABLES = ("objectives", "spaces", "layouts", "choices", "constraints")


@dataclass
class _Tables:
    """What many studies have in common, each once, in the order of appearance."""

    rows: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _TABLES})
    places: dict[tuple[str, str], int] = field(default_factory=dict)

    def place(self, table: str, row: Any) -> int:
        """Where a row stands in a table, at whose end it is put if it is not there."""
        text = json.dumps(row, default=repr)
        place = self.places.setdefault((table, text), len(self.rows[table]))
        if place == len(self.rows[table]):
            self.rows[table].append(text)
        return place

    @property
    def as_json(self) -> dict[str, list[Any]]:
        """The tables by name."""
        return {name: [json.loads(row) for row in rows] for name, rows in self.rows.items()}


def packed(studies: Sequence[SourceStudy]) -> Content:
    """Studies as a file holds them.

    Choices that JSON does not know stand there as their ``repr``, which no target has.
    """
    tables = _Tables()
    index = [_index(study, tables) for study in studies]
    columns = [part for study in studies for part in (study.telling, study.failed)]
    slacks = [slack for study in studies for slack in study.slacks.values()]
    described = Described.of([study.attributes for study in studies])
    text = {
        "names": [study.name for study in studies],
        "starts": [_iso(study.identity.start) for study in studies],
        **tables.as_json,
        "attributes": described.names,
    }
    numbers = [y for part in columns for y in part.numbers.values()]
    arrays = {
        "studies": np.array(index, dtype=np.int64).reshape(-1, len(_FIELDS)),
        "numbers": _joined([y for y in numbers if not _are_small(y)]),
        "integers": _joined([_without_nan(y) for y in numbers if _are_small(y)], np.int16),
        "codes": _smallest([c.codes for part in columns for c in part.chosen.values()]),
        "values": _joined([y for study in studies for y in study.values]),
        "slacks": _joined([slack.values for slack in slacks]),
        "units": np.array([slack.unit for slack in slacks], dtype=float),
        "described": described.places,
        "attributes": described.values,
    }
    return Content(text, arrays)


def _joined(parts: Sequence[Array], dtype: Any = np.float64) -> Array:
    return np.concatenate([np.zeros(0), *parts]).astype(dtype)


def _smallest(parts: Sequence[Array]) -> Array:
    """Places of choices in as few bytes as hold the last of them."""
    codes = _joined(parts, np.int32)
    return codes.astype(np.int16) if codes.max(initial=0) < -_NONE else codes


def _are_small(values: Array) -> bool:
    """Whether all are whole and small, as those of most integer parameters are; NaN is none."""
    told = values[~np.isnan(values)]
    return bool((np.abs(told) < -_NONE).all() and (told == np.round(told)).all())


def _without_nan(values: Array) -> Array:
    return np.where(np.isnan(values), _NONE, values)


def _with_nan(values: Array) -> Array:
    return np.where(values == _NONE, np.nan, values.astype(float))


def _iso(start: datetime | None) -> str | None:
    return None if start is None else start.isoformat()


def _index(study: SourceStudy, tables: _Tables) -> list[int]:
    objectives = [[one.direction.name, one.name] for one in study.objectives]
    space = {name: _as_text(one) for name, one in study.search_space.items()}
    return [
        study.identity.number,
        study.n_trials,
        study.n_finished,
        int(study.is_completed),
        tables.place("objectives", objectives),
        tables.place("spaces", space),
        tables.place("layouts", _layout(study.telling, tables)),
        len(study.telling),
        tables.place("layouts", _layout(study.failed, tables)),
        len(study.failed),
        tables.place("constraints", list(study.slacks)),
    ]


def _layout(columns: Columns, tables: _Tables) -> list[list[Any]]:
    """The columns by name, how each is kept, and of choices the number of their table."""
    numbers = [
        [name, _INTEGER if _are_small(values) else _NUMBER]
        for name, values in columns.numbers.items()
    ]
    chosen = [
        [name, _CHOICE, tables.place("choices", [simple(one) for one in chosen.table])]
        for name, chosen in columns.chosen.items()
    ]
    return [*numbers, *chosen]


def _as_text(distribution: BaseDistribution) -> str:
    try:
        return distribution_to_json(distribution)
    except TypeError:  # a choice that JSON does not know
        choices = getattr(distribution, "choices", ())
        text = json.dumps([simple(one) for one in choices], default=repr)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # choices may be lists
            return distribution_to_json(CategoricalDistribution(json.loads(text)))


@dataclass
class _Cursor:
    """Takes one part of an array after the other."""

    array: Array
    place: int = 0

    def take(self, n: int) -> Array:
        """The next ``n`` numbers."""
        part = self.array[self.place : self.place + n]
        if n < 0 or len(part) != n:
            raise ValueError("an array is shorter than the studies need")
        self.place += n
        return part


def unpacked(content: Content) -> tuple[SourceStudy, ...]:
    """The studies of a file.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: If they are not what
            :func:`packed` made.
    """
    text, arrays = content.text, content.arrays
    for name in ("studies", *_ARRAYS):
        if arrays[name].dtype not in _KINDS.get(name, (np.float64,)):
            raise ValueError(f"the array {name!r} is of another kind")
    index = arrays["studies"].reshape(-1, len(_FIELDS))
    sizes = index[:, [_FIELDS.index("n_ended"), _FIELDS.index("n_failed")]]
    if (index < 0).any() or (sizes > MAX_KEPT).any():
        raise ValueError("a study has a number that none can have")
    cursors = {name: _Cursor(arrays[name].reshape(-1)) for name in _ARRAYS}
    tables = _unpacked_tables(text)
    described = Described.unpacked(text, arrays, len(index))
    rows = zip(
        text["names"],
        text["starts"],
        index.tolist(),
        described.studies(),
        strict=True,
    )
    studies = tuple(
        _study(name, start, dict(zip(_FIELDS, row, strict=True)), attributes, tables, cursors)
        for name, start, row, attributes in rows
    )
    if any(cursor.place != len(cursor.array) for cursor in cursors.values()):
        raise ValueError("an array is longer than the studies need")
    return studies


def _unpacked_tables(text: Mapping[str, Any]) -> dict[str, list[Any]]:
    made: dict[str, BaseDistribution] = {}

    def distribution(one: str) -> BaseDistribution:
        """The distribution of a text, one object for all that are equal."""
        if one not in made:
            made[one] = json_to_distribution(one)
        return made[one]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # choices may be lists, which a database makes of tuples
        spaces = [{n: distribution(d) for n, d in space.items()} for space in text["spaces"]]
    objectives = [
        tuple(Objective(i, StudyDirection[d], name) for i, (d, name) in enumerate(several))
        for several in text["objectives"]
    ]
    choices = [tuple(table) for table in text["choices"]]
    layouts = [
        [(str(name), kind, *[choices[place] for place in table]) for name, kind, *table in layout]
        for layout in text["layouts"]
    ]
    return {
        "objectives": objectives,
        "spaces": spaces,
        "layouts": layouts,
        "constraints": text["constraints"],
    }


def _study(
    name: str,
    start: str | None,
    row: Mapping[str, int],
    attributes: Mapping[str, float],
    tables: Mapping[str, list[Any]],
    cursors: Mapping[str, _Cursor],
) -> SourceStudy:
    n = row["n_ended"]
    objectives = tables["objectives"][row["objectives"]]
    if not isinstance(name, str) or not objectives:
        raise ValueError("a study has no name or no objective")
    began = None if start is None else datetime.fromisoformat(start)
    return SourceStudy(
        identity=Identity(name, row["number"], began),
        n_trials=row["n_trials"],
        n_finished=row["n_finished"],
        objectives=objectives,
        search_space=tables["spaces"][row["space"]],
        is_completed=bool(row["is_completed"]),
        telling=_columns(n, tables["layouts"][row["ended"]], cursors),
        values=tuple(cursors["values"].take(n) for _ in objectives),
        slacks={
            key: Slack(cursors["slacks"].take(n), float(cursors["units"].take(1)[0]))
            for key in tables["constraints"][row["constraints"]]
        },
        failed=_columns(row["n_failed"], tables["layouts"][row["failed"]], cursors),
        attributes=attributes,
    )


def _columns(n: int, layout: Sequence[tuple[Any, ...]], cursors: Mapping[str, _Cursor]) -> Columns:
    numbers, chosen = {}, {}
    for name, kind, *table in layout:
        if kind == _NUMBER:
            numbers[name] = cursors["numbers"].take(n)
        elif kind == _INTEGER:
            numbers[name] = _with_nan(cursors["integers"].take(n))
        else:
            (choices,) = table
            chosen[name] = Chosen(_checked(cursors["codes"].take(n), len(choices)), choices)
    return Columns(n, numbers, chosen)


def _checked(codes: Array, n: int) -> Array:
    if len(codes) and not (codes.min() >= -1 and codes.max() < n):
        raise ValueError("a choice is not in its table")
    return codes
