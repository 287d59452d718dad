"""An object's constructor call as text, without what would be a secret."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

from optuna.study import Study


def call(name: str, given: Mapping[str, Any], constructor: Callable[..., Any]) -> str:
    """``name(first, key=value)``: what was given and differs from the constructor's defaults.

    The first argument stands without its name. A study is told by its name, and the password of
    a URL is hidden.
    """
    defaults = {key: one.default for key, one in inspect.signature(constructor).parameters.items()}
    first = next(iter(given))
    parts = [
        shown(value) if key == first else f"{key}={shown(value)}"
        for key, value in given.items()
        if not _is_default(value, defaults[key])
    ]
    return f"{name}({', '.join(parts)})"


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and bool(value == default))


def shown(value: Any) -> str:
    """One argument."""
    if isinstance(value, Study):
        return f"<study {value.study_name!r}>"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(shown, value))}]"
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
