"""Arguments: an object's constructor call as text, without secrets, and which are wrong."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from optuna.study import Study


def call(name: str, given: Mapping[str, Any], constructor: Callable[..., Any]) -> str:
    """``name(first, key=value)``: what was given and differs from the constructor's defaults.

    The first argument stands without its name. A study is told by its name, and the password of
    a URL is hidden.
    """
    defaults = {key: one.default for key, one in inspect.signature(constructor).parameters.items()}
    first = next(iter(given))
    parts = [
        as_text(value) if key == first else f"{key}={as_text(value)}"
        for key, value in given.items()
        if not _is_default(value, defaults[key])
    ]
    return f"{name}({', '.join(parts)})"


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and bool(value == default))


def as_text(value: Any) -> str:
    """One argument, as it stands in a call."""
    if isinstance(value, Study):
        return f"<study {value.study_name!r}>"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(as_text, value))}]"
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value))
    return repr(without_password(value) if isinstance(value, str) else value)


def without_password(text: str) -> str:
    """A URL with its password hidden; any other text as it is."""
    if "://" not in text:
        return text
    from sqlalchemy.engine import make_url  # slow to import, and needed by few
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(text).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        return text


def check_count(name: str, value: Any, *, least: int) -> None:
    """Raises a ``ValueError`` if an argument is no integer, or too small; a bool is none."""
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or value < least:
        expected = "a positive int" if least else "a non-negative int"
        raise ValueError(f"{name} must be {expected}, got {value!r}")


def check_study(study: Any) -> None:
    """Raises a ``TypeError`` if an argument is no study, such as its name."""
    if not isinstance(study, Study):
        raise TypeError(f"study: expected a Study, got {study!r}")


def names_in(argument: str, given: Iterable[str], expected: str = "a list of names") -> list[str]:
    """The names that an argument holds, as a list.

    Args:
        argument: What it is called.
        given: The argument.
        expected: What the names are those of, for the error, best with an example.

    Raises:
        TypeError: If it is one name, or holds anything else.
    """
    holds_several = isinstance(given, Iterable) and not isinstance(given, str)
    found = list(given) if holds_several else []
    if not holds_several or not all(isinstance(name, str) for name in found):
        raise TypeError(f"{argument} expects {expected}, got {given!r}")
    return found


def configurations(name: str, given: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The configurations that an argument holds, as a list.

    Raises:
        TypeError: If it is one configuration, or anything else that does not hold several.
    """
    expected = f"{name} expects mappings from parameters to values, such as [{{'x': 0.5}}]"
    if isinstance(given, Mapping):
        raise TypeError(f"{expected}, got one mapping: pass it as [{{...}}]")
    if hasattr(given, "to_dict"):
        kind = type(given).__name__
        raise TypeError(f"{expected}, got a {kind}: pass its to_dict('records')")
    if not isinstance(given, Iterable):
        raise TypeError(f"{expected}, got {given!r}")
    found = list(given)
    for number, one in enumerate(found):
        if not isinstance(one, Mapping):
            raise TypeError(f"{expected}, and number {number} is {one!r}")
    return found
