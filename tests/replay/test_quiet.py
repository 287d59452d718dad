"""Work on copies in memory, of which nothing is told."""

from __future__ import annotations

import warnings

import optuna
import pytest
from optuna.exceptions import ExperimentalWarning

from optuna_metabo.replay.quiet import quiet


def test_nothing_is_warned_of_and_no_line_below_an_error_is_logged() -> None:
    optuna.logging.set_verbosity(optuna.logging.INFO)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quiet():
            warnings.warn("of every run", ExperimentalWarning, stacklevel=1)
            assert optuna.logging.get_verbosity() == optuna.logging.ERROR


def test_afterwards_all_is_as_before_even_after_an_error() -> None:
    optuna.logging.set_verbosity(optuna.logging.INFO)
    with pytest.raises(KeyError), quiet():
        raise KeyError
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    with pytest.warns(ExperimentalWarning):
        warnings.warn("again", ExperimentalWarning, stacklevel=1)
