"""Whose turn it is, case by case."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import Any

import pytest

from optuna_metabo.ensembles.experts import CLOSE, OPPOSED, RIVAL, Relation
from optuna_metabo.ensembles.turns import Seen, Turn

# Two values, of which none tells much.
EARLY = Turn(
    Seen(n=2, n_asked=2, n_tests=0, is_borne_out=False, is_testing=False, probe=True, trust=1.0),
    rival=0.3,
    opposed=0.05,
)


def replace(turn: Turn, **changes: Any) -> Turn:
    """With other weights, or something else seen."""
    seen = {name: value for name, value in changes.items() if name in vars(turn.seen)}
    weights = {name: value for name, value in changes.items() if name not in seen}
    return replaced(turn, seen=replaced(turn.seen, **seen), **weights)


def after(turn: Turn, n: int, n_more: int = 0, **changes: Any) -> Turn:
    """After so many values, with so many more points asked for."""
    return replace(turn, n=n, n_asked=n + n_more, **changes)


MISLED = after(EARLY, 5, rival=0.6)
# Past studies that say nothing of each other, after the first value.
DOUBTED = after(EARLY, 1, rival=0.9, opposed=0.01, trust=0.2)


@pytest.mark.parametrize(
    ("turn", "chooser", "begins_anew"),
    [
        (EARLY, CLOSE, False),
        (replace(EARLY, rival=0.91), None, True),
        (replace(EARLY, rival=0.89), CLOSE, False),
        (replace(EARLY, rival=0.91, is_borne_out=True), None, False),
        (replace(MISLED, rival=0.9), None, True),
        (after(MISLED, 8, rival=0.9), None, True),
        (after(MISLED, 9, rival=0.9), None, False),
        (replace(EARLY, rival=0.1, opposed=0.6), None, False),
        (after(EARLY, 5), RIVAL, False),
        (after(EARLY, 5, rival=0.009), None, False),
        (after(EARLY, 5, probe=False), None, False),
        (after(EARLY, 5, is_borne_out=True), None, False),
        (after(EARLY, 8, n_tests=1, is_borne_out=True), None, False),
        (after(EARLY, 6), None, False),
        (after(EARLY, 8), RIVAL, False),
        (after(EARLY, 6, 1), None, False),
        (after(EARLY, 6, 2), RIVAL, False),
        (after(EARLY, 3, 2), CLOSE, False),
        (after(EARLY, 3, 2, rival=0.91, is_borne_out=True), None, False),
        (after(MISLED, 4), CLOSE, False),
        (after(EARLY, 4, rival=0.25, opposed=0.25), CLOSE, False),
        (MISLED, RIVAL, True),
        (after(MISLED, 3), CLOSE, False),
        (after(MISLED, 9), None, False),
        (replace(MISLED, is_borne_out=True), None, False),
        (after(MISLED, 6, n_tests=1), OPPOSED, False),
        (after(MISLED, 6, n_tests=1, opposed=0.0), None, True),
        (after(MISLED, 6, n_tests=1, is_borne_out=True), None, False),
        (after(MISLED, 6, n_tests=2), None, True),
        (after(MISLED, 6, n_tests=2, rival=0.1, opposed=0.6), None, False),
        (replace(EARLY, is_testing=True), CLOSE, False),
        (replace(MISLED, rival=0.9, is_testing=True), CLOSE, False),
        (after(MISLED, 8, is_testing=True), CLOSE, False),
        (after(MISLED, 9, is_testing=True), None, False),
        (after(MISLED, 6, n_tests=1, is_testing=True), CLOSE, False),
        (after(MISLED, 6, n_tests=1, is_testing=True, rival=0.1, opposed=0.6), None, False),
        (DOUBTED, None, True),
        (replace(DOUBTED, trust=0.5, rival=0.95), None, True),
        (replace(DOUBTED, trust=0.5, rival=0.7), CLOSE, False),
        (after(DOUBTED, 5), None, True),
        (after(DOUBTED, 6), None, False),
        (after(DOUBTED, 4, n_tests=1), None, True),
        (after(DOUBTED, 3, is_borne_out=True), CLOSE, False),
        (after(DOUBTED, 3, rival=0.4), CLOSE, False),
    ],
)
def test_who_chooses(turn: Turn, chooser: Relation | None, begins_anew: bool) -> None:
    assert turn.begins_anew == begins_anew
    if not begins_anew:
        assert turn.chooser is chooser
