"""Whose turn it is, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optuna_metabo.ensembles.experts import CLOSE, OPPOSED, RIVAL, Relation
from optuna_metabo.ensembles.turns import Turn

# Two values, of which none tells much.
EARLY = Turn(n=2, n_tests=0, is_borne_out=False, rival=0.3, opposed=0.05, probe=True, trust=1.0)
MISLED = replace(EARLY, n=4, rival=0.6)
# Past studies that say nothing of each other, after the first value.
DOUBTED = replace(EARLY, n=1, rival=0.9, opposed=0.01, trust=0.2)


@pytest.mark.parametrize(
    ("turn", "chooser", "begins_anew"),
    [
        (EARLY, CLOSE, False),
        (replace(EARLY, rival=0.8), None, False),
        (replace(EARLY, rival=0.1, opposed=0.6), None, False),
        (replace(EARLY, n=5), RIVAL, False),
        (replace(EARLY, n=5, rival=0.009), None, False),
        (replace(EARLY, n=5, probe=False), None, False),
        (replace(EARLY, n=6), None, False),
        (replace(EARLY, n=8), RIVAL, False),
        (MISLED, CLOSE, True),
        (replace(MISLED, n=3), CLOSE, False),
        (replace(MISLED, n=9), None, False),
        (replace(MISLED, is_borne_out=True), CLOSE, False),
        (replace(MISLED, n=6, n_tests=1), OPPOSED, False),
        (replace(MISLED, n=6, n_tests=1, opposed=0.0), None, True),
        (replace(MISLED, n=6, n_tests=1, is_borne_out=True), None, False),
        (replace(MISLED, n=6, n_tests=2), None, True),
        (replace(MISLED, n=6, n_tests=2, rival=0.1, opposed=0.6), None, False),
        (DOUBTED, None, True),
        (replace(DOUBTED, trust=0.5), None, False),
        (replace(DOUBTED, n=5), None, True),
        (replace(DOUBTED, n=6), None, False),
        (replace(DOUBTED, n=4, n_tests=1), None, True),
        (replace(DOUBTED, n=3, is_borne_out=True), None, False),
        (replace(DOUBTED, n=3, rival=0.4), CLOSE, False),
    ],
)
def test_who_chooses(turn: Turn, chooser: Relation | None, begins_anew: bool) -> None:
    assert turn.begins_anew == begins_anew
    if not begins_anew:
        assert turn.chooser is chooser
