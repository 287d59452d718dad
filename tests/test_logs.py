"""What the user is told stands in Optuna's log, and one warning points at the user's line."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import optuna
import pytest

from optuna_metabo.logs import LOGGER, warn


@pytest.fixture
def verbosity() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    yield
    optuna.logging.set_verbosity(before)


@pytest.mark.usefixtures("verbosity")
def test_the_log_follows_the_verbosity_of_optuna() -> None:
    for level in (optuna.logging.DEBUG, optuna.logging.INFO, optuna.logging.WARNING):
        optuna.logging.set_verbosity(level)
        assert LOGGER.getEffectiveLevel() == level


@pytest.mark.usefixtures("verbosity")
def test_a_line_is_written_by_the_handler_of_optuna(capsys: pytest.CaptureFixture[str]) -> None:
    optuna.logging.set_verbosity(optuna.logging.INFO)
    optuna.logging.disable_default_handler()
    LOGGER.info("unseen")
    optuna.logging.enable_default_handler()
    handlers = LOGGER.parent.handlers if LOGGER.parent else []
    assert handlers
    assert LOGGER.handlers == []


def test_a_warning_points_at_the_line_of_the_user() -> None:
    with pytest.warns(UserWarning, match="look here") as caught:
        warn("look here")
    assert caught[0].filename == __file__
    with warnings.catch_warnings(record=True) as both:
        warnings.simplefilter("default")
        for _ in range(3):
            warn("look here")
    assert len(both) == 1  # of one line the user reads it once
