"""What kind of parameter a column of a table is, and its cells as that parameter has them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Literal

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from optuna_metabo.choices import (
    how_read,
    index_of,
    number_of,
    same_choice,
    stored,
    strange_among,
)
from optuna_metabo.encoding import fits
from optuna_metabo.table import Row, Table, read

Kind = Literal["linear", "log", "categorical"]

# Positive values of which the largest is so many times the smallest are read logarithmically.
_DECADES = 100.0
# Larger integers are no seeds or counts, and their ranges leave the floats.
_LARGEST_INT = 2**64
# Every float that is larger is whole.
_LARGEST_WHOLE_FLOAT = 2**53
# Names beyond so many are those of runs or files, and no parameter.
_MAX_CHOICES = 64
_ADVICE = ": leave it out by naming the others (params=, --param), or give its distribution"


def space_of(
    table: Table, params: Mapping[str, str], given: Mapping[str, BaseDistribution | Kind]
) -> dict[str, BaseDistribution]:
    """The distribution of each parameter, given or inferred.

    Args:
        table: The rows.
        params: The columns of the parameters by name.
        given: What is not inferred.

    Raises:
        ValueError: If a name is no parameter, or a column cannot be what is said of it.
    """
    unknown = [name for name in given if name not in params]
    if unknown:
        raise ValueError(f"distributions has {unknown[0]!r}, which is none of {list(params)}")
    return {
        name: _distribution(name, table.read(column), given.get(name))
        for name, column in params.items()
    }


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
    numbers = [value for value in told if number_of(value) is not None]
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
    if all(map(_is_whole, numbers)):
        ends = int(low), int(high), _in_optuna(low), _in_optuna(high)
        return IntDistribution(min(ends), max(ends), log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _is_whole(number: float) -> bool:
    """Whether it is an integer: beyond those that floats tell apart only as it is written."""
    largest = _LARGEST_INT if isinstance(number, Integral) else _LARGEST_WHOLE_FLOAT
    return abs(number) <= largest and number == round(number)


def _in_optuna(number: float) -> int:
    """The integer for which Optuna takes a number as it looks whether a range holds it."""
    return int(float(number))


def _choices(name: str, told: Sequence[Any]) -> CategoricalDistribution:
    """In an order that does not hang on that of the rows."""
    different = {(type(value).__name__, str(value)): value for value in told}
    found = [different[key] for key in sorted(different)]
    choices = [None if one == "None" else one for one in found]
    if len(choices) > _MAX_CHOICES:
        advice = how_read(strange_among(choices)) or _ADVICE
        raise ValueError(
            f"{name!r} has {len(choices)} different values that are no numbers{advice}"
        )
    return CategoricalDistribution(choices)


def as_stored(name: str, distribution: BaseDistribution) -> BaseDistribution:
    """The same with the choices that a storage gives back, each once.

    Raises:
        ValueError: If it cannot keep one of them.
    """
    if not isinstance(distribution, CategoricalDistribution):
        return distribution
    found: list[Any] = []
    for choice in distribution.choices:
        try:
            kept = stored(choice)
        except ValueError as error:
            raise ValueError(f"{name!r} has {error}") from None
        if not any(same_choice(kept, one) for one in found):
            found.append(kept)
    return CategoricalDistribution(found)


def legal(row: Row, column: str, distribution: BaseDistribution) -> Any:
    """The value of a cell as the distribution has it.

    Raises:
        ValueError: If it is none of its values.
    """
    value = row.read(column)
    if isinstance(distribution, CategoricalDistribution):
        place = _place(row.cells[column], value, distribution.choices)
        if place is not None:
            return distribution.choices[place]
    elif (number := number_of(value)) is not None:
        held = int(value) if isinstance(distribution, IntDistribution) else float(value)
        if fits(held, distribution) and float(held) == number:
            return held
    raise ValueError(f"{row.where(column)}: {value!r} is not in {distribution}")


def is_absent(row: Row, column: str, distribution: BaseDistribution) -> bool:
    """Whether None says that a run did not have a parameter.

    Of numbers it does; of choices only if it is no text and none of them.
    """
    if not isinstance(distribution, CategoricalDistribution):
        return bool(row.read(column) == "None")
    return row.cells[column] is None and _place(None, "None", distribution.choices) is None


def _place(written: Any, value: Any, choices: Sequence[Any]) -> int | None:
    """The place of a cell among choices, of which those that are texts are read like cells.

    First as it is written: ``3.10`` and ``3.1`` are two texts and one number.
    """
    value = None if value == "None" and None in choices else value
    as_read = [read(choice) if isinstance(choice, str) else choice for choice in choices]
    for wanted, among in ((written, choices), (value, choices), (value, as_read)):
        place = index_of(wanted, among)
        if place is not None:
            return place
    return None
