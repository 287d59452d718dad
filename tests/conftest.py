"""One thread for the small linear algebra of the tests, set before NumPy is imported."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import optuna  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from optuna_metabo.logs import LOGGER  # noqa: E402

# The same examples on every machine, however busy it is.
settings.register_profile(
    "metabo", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("metabo")


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
