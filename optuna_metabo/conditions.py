"""Learns from past points under which values of one parameter another exists.

A define-by-run search space is a tree that no one writes down. A parameter that only some points
have is explained by one other whose value tells without error which.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray as Array

from optuna_metabo.domain import Condition, Domain


def learn_conditions(
    domain: Domain, X: Float[Array, "n p"], present: Bool[Array, "n d"]
) -> list[Condition]:
    """One condition for each parameter whose absence can be explained.

    Args:
        domain: The space, without conditions.
        X: Encoded points.
        present: Which point has which parameter.
    """
    counts = present.sum(axis=0)
    conditions = []
    for child in np.flatnonzero((counts > 0) & (counts < len(X))):
        # A parent is there more often than its child, so that siblings do not explain each other.
        parents = np.flatnonzero(counts > counts[child])
        for parent in parents[np.argsort(-counts[parents], kind="stable")]:
            allowed = _explain(domain, X, present, int(child), int(parent))
            if allowed is not None:
                conditions.append(Condition(int(child), int(parent), allowed))
                break
    return conditions


def _explain(
    domain: Domain,
    X: Float[Array, "n p"],
    present: Bool[Array, "n d"],
    child: int,
    parent: int,
) -> tuple[float, ...] | None:
    """The values of the parent under which the child exists, if they tell it without error."""
    rows = present[:, parent]
    exists = present[rows, child]
    if present[~rows, child].any():
        return None
    columns = X[rows, domain.slices[parent]]
    if domain.dimensions[parent].n_choices:
        known = columns.any(axis=1)  # a source may have had a choice that the domain lacks
        values = columns.argmax(axis=1)
        with_child = set(values[known & exists].tolist())
        without_child = set(values[known & ~exists].tolist())
        explained = with_child and without_child and not with_child & without_child
        return tuple(sorted(with_child)) if explained else None
    values, without = columns[exists, 0], columns[~exists, 0]
    if without.max() < values.min():
        return (float(without.max() + values.min()) / 2, np.inf)
    if without.min() > values.max():
        return (-np.inf, float(without.min() + values.max()) / 2)
    return None
