"""Which parameters of past studies a study may still have, though no trial of it had them yet.

Past studies tell under which values of others a parameter exists: a tree. A branch of it that no
trial has taken is known from them; a parameter that a trial would have had by the tree, and
lacked, is none of the study's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial

from optuna_metabo.choices import index_of
from optuna_metabo.encoding import Encoding, numeric, to_unit
from optuna_metabo.ranges import Space


def lacking(trials: Sequence[FrozenTrial], tree: Encoding) -> frozenset[str]:
    """The parameters that one of the trials would have by the tree, and lacks."""
    told = [trial.params for trial in trials]
    expected = tree.domain.present(tree.encode_many(told))
    return frozenset(
        name
        for params, row in zip(told, expected, strict=True)
        for name, is_expected in zip(tree.names, row, strict=True)
        if is_expected and name not in params
    )


def untried(tree: Encoding, lacks: Collection[str], own: Space, here: Space) -> Space:
    """The parameters of the tree that no trial of a study had that has ended, but others may have.

    Args:
        tree: The parameters of past studies.
        lacks: Those that are :func:`lacking`.
        own: Those that trials had which have ended, as they had them.
        here: Those that the next one has for certain.
    """
    names, has = tree.names, {**own, **here}
    kept = {name for name in names if name not in lacks and name not in has}
    parents = {names[one.child]: (names[one.parent], one.allowed) for one in tree.conditions}

    def is_cut_off(name: str) -> bool:
        """Whether a parameter hangs on one that the study lacks, or on values that it lacks."""
        if name not in parents:
            return False
        parent, allowed = parents[name]
        if parent in has:
            return not _has_any(has[parent], tree.search_space[parent], allowed)
        return parent not in kept

    while gone := set(filter(is_cut_off, kept)):
        kept -= gone
    kept |= here.keys() - own.keys()
    return {name: tree.search_space[name] for name in names if name in kept}


def _has_any(own: BaseDistribution, past: BaseDistribution, allowed: tuple[float, ...]) -> bool:
    """Whether a parameter has any of the values that a condition allows on a past axis."""
    are_choices = [isinstance(one, CategoricalDistribution) for one in (own, past)]
    if all(are_choices):
        choices = [past.choices[int(i)] for i in allowed]  # type: ignore[attr-defined]
        return any(index_of(one, own.choices) is not None for one in choices)  # type: ignore[attr-defined]
    if any(are_choices):
        return False
    low, high = to_unit(np.array([numeric(own).low, numeric(own).high]), numeric(past))
    return bool(low <= allowed[1] and high >= allowed[0])
