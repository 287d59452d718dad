"""A level of our own, in the manner of ``optuna.logging``."""

from __future__ import annotations

import optuna

import optuna_metabo
from optuna_metabo.logging import NOTSET, WARNING, get_verbosity, set_verbosity


def test_our_level_holds_for_us_alone_and_is_that_of_optuna_unless_set() -> None:
    before = optuna.logging.get_verbosity()
    assert get_verbosity() == before
    set_verbosity(WARNING)
    assert (get_verbosity(), optuna.logging.get_verbosity()) == (WARNING, before)
    optuna_metabo.logging.set_verbosity(NOTSET)
    assert get_verbosity() == before
