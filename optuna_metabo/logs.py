"""What the user is told besides results: lines in Optuna's log, and warnings.

The logger is a child of Optuna's own, so that everything that is set there holds here too: its
handler and its format, ``optuna.logging.set_verbosity``, ``disable_default_handler`` and
``enable_propagation``. A logger beside it would have no handler, and its INFO lines no reader.
"""

from __future__ import annotations

import inspect
import logging
import unicodedata
import warnings

LOGGER = logging.getLogger("optuna.metabo")

_INTERNAL = {"optuna", "optuna_metabo"}


def warn(message: str) -> None:
    """One warning, at the line of the user's code that led to it, and a line in the log."""
    LOGGER.warning(message)
    warnings.warn(message, stacklevel=_level_of_user())


def one_line(text: str) -> str:
    r"""What is told, with control characters that no terminal obeys.

    Example:
        >>> from optuna_metabo.logs import one_line
        >>> print(one_line("two\nlines, \x1b[31mred"))
        two lines, \x1b[31mred
    """
    told = " ".join(text.split())
    return "".join(repr(x)[1:-1] if unicodedata.category(x) == "Cc" else x for x in told)


def counted(n: int, one: str, more: str = "") -> str:
    """So many of something, by its name for one and for several.

    Example:
        >>> from optuna_metabo.logs import counted
        >>> counted(1, "study", "studies"), counted(2, "run")
        ('1 study', '2 runs')
    """
    return f"{n} {named(n, one, more)}"


def named(n: int, one: str, more: str = "") -> str:
    """The name of so many, as in :func:`counted`, where the number is not told."""
    return one if n == 1 else more or f"{one}s"


def _level_of_user() -> int:
    """The ``stacklevel`` of the first frame that is neither ours nor Optuna's."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and _package(frame.f_globals) in _INTERNAL:
        frame, level = frame.f_back, level + 1
    return level


def _package(names: dict[str, object]) -> str:
    return str(names.get("__name__")).partition(".")[0]
