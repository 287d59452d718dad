"""How much this package says, in the manner of ``optuna.logging``.

Its lines stand in Optuna's own log, on the logger ``optuna.metabo``: one at a study's first ask
with the past studies that are used and those that are left out, and warnings. So Optuna's handler
and format, ``optuna.logging.set_verbosity`` and ``enable_propagation`` hold for them too; a level
that is set here holds for them alone.
"""

from __future__ import annotations

from logging import CRITICAL, DEBUG, ERROR, FATAL, INFO, NOTSET, WARN, WARNING

from optuna_metabo.logs import LOGGER

__all__ = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "NOTSET",
    "WARN",
    "WARNING",
    "get_verbosity",
    "set_verbosity",
]


def get_verbosity() -> int:
    """The level from which on lines are written, Optuna's if none was set.

    Example:
        >>> import optuna
        >>> import optuna_metabo
        >>> optuna_metabo.logging.get_verbosity() == optuna.logging.get_verbosity()
        True
    """
    return LOGGER.getEffectiveLevel()


def set_verbosity(verbosity: int) -> None:
    """Sets the level for this package alone; ``NOTSET`` makes it Optuna's again.

    Example:
        >>> import optuna_metabo
        >>> optuna_metabo.logging.set_verbosity(optuna_metabo.logging.WARNING)
        >>> optuna_metabo.logging.set_verbosity(optuna_metabo.logging.NOTSET)

    Args:
        verbosity: A level of :mod:`logging`, such as ``optuna_metabo.logging.INFO``.
    """
    LOGGER.setLevel(verbosity)
