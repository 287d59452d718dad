"""What all tests share; threads and shapes are seen to before the package is imported."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

# One thread for the small linear algebra, set before NumPy is imported.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Rooms whose signatures say what shapes arrays have: in their tests each call is held to it. The
# environments in which continuous integration tests the lowest releases do without.
MATHEMATICS = ("acquisition", "ensembles", "gp")
CAN_CHECK = find_spec("beartype") is not None and find_spec("jaxtyping") is not None
if CAN_CHECK:
    import jaxtyping

    jaxtyping.install_import_hook(
        [f"optuna_metabo.{one}" for one in MATHEMATICS], "beartype.beartype"
    )

import optuna  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from sqlalchemy import event  # noqa: E402
from sqlalchemy.engine import Engine  # noqa: E402

from optuna_metabo.logs import LOGGER  # noqa: E402

# The same examples on every machine, however busy it is.
settings.register_profile(
    "metabo", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("metabo")


@event.listens_for(Engine, "connect")
def _without_waiting_for_the_disk(connection: Any, _: object) -> None:
    """A database of the tests outlives the death of a process; no power cut has to be outlived."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Shapes are checked where the mathematics is tested: elsewhere it would take minutes."""
    if CAN_CHECK:
        jaxtyping.config.update("jaxtyping_disable", item.path.parent.name not in MATHEMATICS)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append((record.levelname, record.getMessage()))


@pytest.fixture
def log() -> Iterator[list[tuple[str, str]]]:
    """The lines of our log, with their levels."""
    lines, verbosity = _Lines(), optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    LOGGER.addHandler(lines)
    yield lines.found
    LOGGER.removeHandler(lines)
    optuna.logging.set_verbosity(verbosity)
