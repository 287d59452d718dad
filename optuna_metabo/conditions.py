"""Learns from past points under which values of one parameter another exists.

A define-by-run search space is a tree that no one writes down. A parameter that only some points
have is explained by one other whose value tells without error which.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Condition, Dimension, Domain
from optuna_metabo.shapes import Bool, Float


def learn_conditions(
    domain: Domain,
    X: Float[Array, "n p"],
    present: Bool[Array, "n d"],
    known: Bool[Array, "n d"] | None = None,
) -> list[Condition]:
    """One condition for each parameter whose absence can be explained.

    Args:
        domain: The space, without conditions.
        X: Encoded points.
        present: Which point has which parameter.
        known: Where the value could be read, too: a point may hold one of another kind, or a
            choice that the domain lacks. ``None`` means wherever it is present.
    """
    counts = present.sum(axis=0)
    known = present if known is None else known
    conditions = []
    for child in np.flatnonzero((counts > 0) & (counts < len(X))):
        # A parent is there more often than its child, so that siblings do not explain each other.
        parents = np.flatnonzero(counts > counts[child])
        for parent in parents[np.argsort(-counts[parents], kind="stable")]:
            if present[~present[:, parent], child].any():
                continue  # the child is there without it
            rows = known[:, parent]
            allowed = _explain(
                domain.dimensions[parent],
                X[rows, domain.slices[parent]],
                present[rows, child],
            )
            if allowed is not None:
                conditions.append(Condition(int(child), int(parent), allowed))
                break
    return conditions


def _explain(
    parent: Dimension, columns: Float[Array, "r c"], exists: Bool[Array, " r"]
) -> tuple[float, ...] | None:
    """The values of the parent under which the child exists, if they tell it without error.

    Args:
        parent: The axis of the parent.
        columns: Its values, encoded.
        exists: Where the child is there.
    """
    if exists.all() or not exists.any():
        return None
    if parent.n_choices:
        chosen = columns.argmax(axis=1)
        with_child, without = set(chosen[exists].tolist()), set(chosen[~exists].tolist())
        return None if with_child & without else tuple(sorted(with_child))
    values, others = columns[exists, 0], columns[~exists, 0]
    if others.max() < values.min():
        return (float(others.max() + values.min()) / 2, np.inf)
    if others.min() > values.max():
        return (-np.inf, float(others.min() + values.max()) / 2)
    return None
