"""Choices of categorical parameters: which are the same, in one study and in another.

Optuna takes ``True``, ``1`` and ``1.0`` for one choice, and a database gives tuples back as lists,
which Optuna takes for others. Here a choice is matched by its type first.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

# Choices of these types come back from a database as they were.
_SIMPLE = frozenset({type(None), bool, int, float, str})
# A number with a comma for the point, signs between thousands, a typographic minus or a percent.
_WRITTEN = re.compile(
    r"[-+\u2212]?"
    r"(\d{1,3}(?P<sign>[.,'\u2019_ \u00a0\u202f])\d{3}((?P=sign)\d{3})*(?!(?P=sign))|\d+)"
    r"([.,]\d+)?(e[-+\u2212]?\d+)?\s?%?",
    re.IGNORECASE,
)


def number_of(value: Any) -> float | None:
    """A choice as a number, if it is one; a bool is not."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # an int beyond the floats
        return None
    return number if math.isfinite(number) else None


def simple(value: Any) -> Any:
    """A choice as a database gives it back: tuples as lists, and what NumPy has as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [simple(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): simple(one) for key, one in value.items()}
    return str.__str__(value) if isinstance(value, str) else value


def stored(value: Any) -> Any:
    """A choice as every storage keeps it.

    Raises:
        ValueError: If one does not keep it, or gives back what Optuna takes for another.
    """
    kept = simple(value)
    try:
        if _equal(json.loads(json.dumps(kept)), kept):
            return kept
    except TypeError:  # JSON does not know it
        pass
    raise ValueError(
        f"the choice {value!r}, which a storage cannot keep: expected None, a bool, a number, a "
        "text, or lists and mappings of these"
    )


def _alike(a: Any, b: Any, *, by_number: bool) -> bool:
    """Equality of simple values, in containers too: of the same type, or of the same number."""
    if isinstance(a, list) and isinstance(b, list):
        pairs = zip(a, b, strict=False)
        return len(a) == len(b) and all(_alike(x, y, by_number=by_number) for x, y in pairs)
    if isinstance(a, dict) and isinstance(b, dict):
        same_keys = a.keys() == b.keys()
        return same_keys and all(_alike(a[key], b[key], by_number=by_number) for key in a)
    if by_number and (number := number_of(a)) is not None:
        return number == number_of(b)
    return type(a) is type(b) and _equal(a, b)


def _equal(a: Any, b: Any) -> bool:
    """Equality in which NaN equals itself."""
    return bool(a == b or (a != a and b != b))


def same_choice(a: Any, b: Any) -> bool:
    """Whether two choices are one, before a database or after: ``(64, 32)`` is ``[64, 32]``."""
    if type(a) in _SIMPLE and type(b) in _SIMPLE:
        return type(a) is type(b) and _equal(a, b)
    return _alike(simple(a), simple(b), by_number=False)


def index_of(value: Any, choices: Sequence[Any]) -> int | None:
    """The place of a value among choices: of the same type first, else of the same number."""
    for i, choice in enumerate(choices):
        if same_choice(choice, value):
            return i
    own = simple(value)
    for i, choice in enumerate(choices):
        if _alike(simple(choice), own, by_number=True):
            return i
    return None


def is_one_of(value: Any, choices: Sequence[Any]) -> bool:
    """Whether Optuna takes the value, exactly as it is, for the choice that it is."""
    return any(
        type(one) is type(value) and _equal(one, value) and same_choice(one, value)
        for one in choices
    )


def is_written_otherwise(value: Any) -> bool:
    """Whether a text is a number in a way of writing that is not read: 0,1 or 10% or 1,000."""
    return isinstance(value, str) and _WRITTEN.fullmatch(value.strip()) is not None


def strange_among(values: Collection[Any]) -> list[Any]:
    """What makes choices of numbers: each of the others, where more than half are numbers.

    Also where all others would be numbers, were they written otherwise.
    """
    others = [one for one in values if one is not None and number_of(one) is None]
    n_numbers = sum(number_of(one) is not None for one in values)
    is_strange = 2 * n_numbers > len(values) or all(map(is_written_otherwise, others))
    return [*{repr(one): one for one in others}.values()] if is_strange else []


def how_read(values: Collection[Any]) -> str:
    """How numbers are to be written, if all of these are, in another way; nothing else."""
    is_told = bool(values) and all(map(is_written_otherwise, values))
    return ": numbers are read as -1000.5, without %, spaces or commas" if is_told else ""
