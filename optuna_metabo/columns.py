"""The parameters of many trials as columns: read once, and encoded for any target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial

from optuna_metabo.choices import number_of
from optuna_metabo.encoding import Encoded, Encoding, numeric, places_of, to_unit
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.tasks import Task

# A number that is there and can be read as no place: NaN, say, or an int beyond the floats.
_UNREADABLE = np.inf
# Places along the axes of what an early failure did not get to.
_N_PLACES = 4


@dataclass(frozen=True)
class Chosen:
    """A categorical parameter.

    Args:
        codes: For each trial the place of its choice in ``table``, -1 where it has none.
        table: Choices.
    """

    codes: Int[Array, " n"]
    table: tuple[Any, ...]

    @cached_property
    def choices(self) -> tuple[tuple[type, str], ...]:
        """By what its table is told from others."""
        return tuple(map(_told_apart, self.table))


@dataclass(frozen=True)
class Columns:
    """The parameters of ``n`` trials, which need not have the same ones.

    A parameter whose kind changed from one trial to another is in both mappings.

    Args:
        n: How many trials.
        numbers: By name, shape [n]; NaN where a trial has none.
        chosen: By name.
    """

    n: int
    numbers: Mapping[str, Float[Array, " n"]] = field(default_factory=dict)
    chosen: Mapping[str, Chosen] = field(default_factory=dict)

    @classmethod
    def of(cls, trials: Sequence[FrozenTrial]) -> Columns:
        """Those of trials, in the order given."""
        numbers: dict[str, Float[Array, " n"]] = {}
        chosen: dict[str, Chosen] = {}
        for name in dict.fromkeys(name for trial in trials for name in trial.params):
            own = [i for i, trial in enumerate(trials) if name in trial.params]
            kinds = np.array([_is_categorical(trials[i], name) for i in own])
            for kind, rows in ((True, np.array(own)[kinds]), (False, np.array(own)[~kinds])):
                if len(rows) and kind:
                    chosen[name] = _chosen([trials[i] for i in rows], rows, len(trials), name)
                elif len(rows):
                    numbers[name] = np.full(len(trials), np.nan)
                    numbers[name][rows] = [_number(trials[i].params[name]) for i in rows]
        return cls(len(trials), numbers, chosen)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, rows: Int[Array, " r"]) -> Columns:
        """Some of the trials; parameters that none of them has are left out."""
        numbers = {name: values[rows] for name, values in self.numbers.items()}
        codes = {name: one.codes[rows] for name, one in self.chosen.items()}
        return Columns(
            len(rows),
            {name: values for name, values in numbers.items() if not np.isnan(values).all()},
            {
                name: Chosen(some, self.chosen[name].table)
                for name, some in codes.items()
                if (some >= 0).any()
            },
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters that any of the trials has."""
        return tuple(dict.fromkeys((*self.numbers, *self.chosen)))

    @cached_property
    def always(self) -> frozenset[str]:
        """The parameters that all of the trials have."""
        return frozenset(name for name in self.names if self.has(name).all())

    def has(self, name: str) -> Bool[Array, " n"]:
        """Which trials have a parameter."""
        found = np.zeros(self.n, dtype=bool)
        if name in self.numbers:
            found |= ~np.isnan(self.numbers[name])
        if name in self.chosen:
            found |= self.chosen[name].codes >= 0
        return found

    def encoded(self, encoding: Encoding) -> Encoded:
        """The trials on the axes of a target."""
        space, shape = encoding.search_space, (self.n, len(encoding.names))
        present, places = np.zeros(shape, dtype=bool), np.zeros(shape)
        for j, (name, distribution) in enumerate(space.items()):
            present[:, j], places[:, j] = self.has(name), self._places(name, distribution)
        return Encoded(encoding.placed(places), present, ~np.isnan(places))

    def shares(self, space: Mapping[str, BaseDistribution]) -> bool:
        """Whether any value of any of the trials can be read on the axes of a target."""
        named_alike = (name for name in space if name in self.names)
        return any(not np.isnan(self._places(name, space[name])).all() for name in named_alike)

    def unlike(self, space: Mapping[str, BaseDistribution]) -> str:
        """Why none can: of the first parameter of the same name, if there is one."""
        for name, distribution in space.items():
            if name not in self.names:
                continue
            if isinstance(distribution, CategoricalDistribution):
                return f"{name!r} has none of the new study's choices"
            if name in self.numbers and numeric(distribution).log:
                return f"{name!r} has no number above 0 for the new study's logarithmic range"
            return f"{name!r} has no number for the new study's range"
        return "shares no parameter"

    def _places(self, name: str, distribution: BaseDistribution) -> Float[Array, " n"]:
        """Index of the choice or place in the range; NaN where there is none."""
        found = np.full(self.n, np.nan)
        if name in self.numbers:
            found = places_of_numbers(self.numbers[name], distribution)
        if name in self.chosen:
            one = self.chosen[name]
            places = np.r_[places_of(one.table, distribution), np.nan]
            found = np.where(one.codes >= 0, places[one.codes], found)
        return found


def places_of_numbers(
    values: Float[Array, " n"], distribution: BaseDistribution
) -> Float[Array, " n"]:
    """Where each number of a source stands, as :func:`.places_of` has it."""
    if isinstance(distribution, CategoricalDistribution):
        values = np.where(np.isfinite(values), values, np.nan)
        different, index = np.unique(values, return_inverse=True)
        return places_of(different.tolist(), distribution)[index]
    return to_unit(values, numeric(distribution))


def _is_categorical(trial: FrozenTrial, name: str) -> bool:
    return isinstance(trial.distributions[name], CategoricalDistribution)


def _number(value: Any) -> float:
    number = number_of(value)
    return _UNREADABLE if number is None else number


def _chosen(trials: Sequence[FrozenTrial], rows: Int[Array, " r"], n: int, name: str) -> Chosen:
    """The choices of the first trial come first: the tables of studies of one space are equal."""
    codes = np.full(n, -1)
    table: list[Any] = []
    places: dict[tuple[type, str], int] = {}
    first = trials[0].distributions[name]
    choices = first.choices if isinstance(first, CategoricalDistribution) else ()
    for value in (*choices, *[trial.params[name] for trial in trials]):
        if places.setdefault(_told_apart(value), len(table)) == len(table):
            table.append(value)
    codes[rows] = [places[_told_apart(trial.params[name])] for trial in trials]
    return Chosen(codes, tuple(table))


def _told_apart(choice: Any) -> tuple[type, str]:
    """By what choices are told apart: ``True`` and ``1`` are equal in Python."""
    return type(choice), repr(choice)


def encoded_together(parts: Sequence[Columns], encoding: Encoding) -> list[Encoded]:
    """The trials of many studies, study by study; those of equal columns are read at once, in
    whatever order they have their parameters.
    """
    alike: dict[object, list[int]] = {}
    for i, part in enumerate(parts):
        tables = frozenset((name, one.choices) for name, one in part.chosen.items())
        alike.setdefault((frozenset(part.numbers), tables), []).append(i)
    found: dict[int, Encoded] = {}
    for places in alike.values():
        some = [parts[i] for i in places]
        whole = _joined(some).encoded(encoding)
        ends = np.cumsum([len(part) for part in some])
        for i, part, end in zip(places, some, ends.tolist(), strict=True):
            rows = slice(end - len(part), end)
            found[i] = Encoded(whole.X[rows], whole.present[rows], whole.known[rows])
    return [found[i] for i in range(len(parts))]


def _joined(parts: Sequence[Columns]) -> Columns:
    """Columns of equal names and tables, one below the other."""
    return Columns(
        sum(map(len, parts)),
        {
            name: np.concatenate([part.numbers[name] for part in parts])
            for name in parts[0].numbers
        },
        {
            name: Chosen(np.concatenate([part.chosen[name].codes for part in parts]), one.table)
            for name, one in parts[0].chosen.items()
        },
    )


@dataclass(frozen=True)
class Several:
    """The trials of several studies, one after the other."""

    parts: Sequence[Columns]

    def encoded(self, encoding: Encoding) -> Encoded:
        """All of them on the axes of a target."""
        parts = encoded_together(self.parts, encoding)
        return Encoded(
            np.concatenate([part.X for part in parts]),
            np.concatenate([part.present for part in parts]),
            np.concatenate([part.known for part in parts]),
        )


@dataclass(frozen=True)
class About:
    """What trials tell of when some parameters exist; of the others they say that these do."""

    points: Several
    names: frozenset[str]

    def encoded(self, encoding: Encoding) -> Encoded:
        """The trials, on the axes of a target."""
        found = self.points.encoded(encoding)
        is_other = np.array([name not in self.names for name in encoding.names])
        return replace(found, present=found.present | is_other)


def failures(
    encoding: Encoding, points: Encoded, rows: Int[Array, " r"] | None = None
) -> tuple[Float[Array, "m p"], Bool[Array, " p"]]:
    """Where trials failed, and the columns of which any of them got to a value.

    A trial would have failed whatever came next: what it did not get to may have any value, and
    where others did, the trial stands at several places.
    """
    rows = np.arange(len(points.X)) if rows is None else rows
    X, present = points.X[rows], points.present[rows][:, encoding.domain.groups]
    reached = np.asarray(present.any(axis=0))
    times = np.where((reached & ~present).any(axis=1), _N_PLACES, 1)
    generator = np.random.default_rng(0)
    return encoding.domain.spread(X, ~present, times, generator=generator), reached


def outcomes(
    encoding: Encoding,
    succeeded: Float[Array, "n p"],
    failed: Encoded,
    rows: Int[Array, " r"] | None = None,
) -> Task:
    """Where trials succeeded (1) and where all or some of those that failed did (-1).

    Points that failed again are not merged: each failure makes the next less likely.
    """
    X, reached = failures(encoding, failed, rows)
    outcome = np.r_[np.ones(len(succeeded)), -np.ones(len(X))]
    return Task(np.concatenate([succeeded, X]), outcome, reached)
