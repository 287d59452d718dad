"""The values of a study as a search looks at them: on what scale, and how far the worst reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from numpy import ndarray as Array

from optuna_metabo.belief import Belief
from optuna_metabo.ensembles.decades import by_decades
from optuna_metabo.shapes import Int
from optuna_metabo.tasks import bounded

# With fewer values the bad ones are needed to tell which sources agree.
_MIN_BOUNDED = 10


def searched(
    beliefs: Sequence[Belief], groups: Int[Array, " p"], *, least: int = _MIN_BOUNDED
) -> list[Belief]:
    """The objectives as a search looks at them: losses over decades told by their logarithm, and
    very low values drawn up, of so many at least.
    """
    scaled = [replace(one, seen=by_decades(one.seen, groups)) for one in beliefs]
    return [without_outliers(one, least=least) for one in scaled]


def without_outliers(belief: Belief, *, least: int = _MIN_BOUNDED) -> Belief:
    """The belief with very low values drawn up, as soon as so many are known."""
    seen = belief.seen
    if len(seen) < least:
        return belief
    return replace(belief, seen=seen.transformed(bounded(seen.y)))
