"""Which of very many sources take part in an ask.

The cost of an ask must not grow with the sources. So few take part: those that explain the
target's values best, and a core of sources that differ, which serve all others best. What a
source says of the target's points is guessed first, from what it says at anchors, by kriging

    phi(X) ~ phi(A) k(A, A)⁻¹ k(A, X),

one matrix product for all sources; only of the most promising ones it is worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.gp.exact import cholesky, lower_solve
from optuna_metabo.gp.kernel import matern52, squared_distance
from optuna_metabo.shapes import Float, Int

# Added to the anchors' correlation: the functions are known there, but smoother guesses err less.
_NUGGET = 1e-3
# Sources that are worked out for each that takes part.
_PROMISING = 4
# The part of those that take part which is left to the core, whatever the values say.
_CORE_SHARE = 0.25

Evidence = Callable[[Float[Array, "s n"]], Float[Array, " s"]]


@dataclass(frozen=True)
class Anchors:
    """What k sources say at r anchors, and what is guessed of other points.

    Args:
        X: The anchors, shape [r p]; they fill the domain.
        lengthscale: Of each column.
        weights: phi(A) k(A, A)⁻¹, shape [k r].
    """

    X: Float[Array, "r p"]
    lengthscale: Float[Array, " p"]
    weights: Float[Array, "k r"]

    @classmethod
    def of(
        cls, X: Float[Array, "r p"], values: Float[Array, "k r"], lengthscale: Float[Array, " p"]
    ) -> Anchors:
        """Of functions of mean 0."""
        K = matern52(squared_distance(X, X, lengthscale)) + _NUGGET * np.eye(len(X))
        L = cholesky(K)
        weights = lower_solve(L.T[::-1, ::-1], lower_solve(L, values.T)[::-1])[::-1].T
        return cls(X, lengthscale, np.ascontiguousarray(weights))

    def guess(self, X: Float[Array, "m p"]) -> Float[Array, "k m"]:
        """What every source says, approximately."""
        return self.weights @ matern52(squared_distance(self.X, X, self.lengthscale))


def screened(
    order: Int[Array, " k"],
    guess: Callable[[], Float[Array, "k n"]],
    functions: Callable[[Int[Array, " s"]], Float[Array, "s n"]],
    evidence: Evidence,
    most: int,
) -> Int[Array, " s"]:
    """At most so many sources: the first of ``order``, and those of the most evidence.

    Args:
        order: The sources, the core first.
        guess: What every source says of the target's points, approximately.
        functions: What some sources say of them.
        evidence: How well rows of such values explain the target's values.
        most: How many are kept.

    Returns:
        The sources that are kept, in their order.
    """
    if len(order) <= most:
        return order
    core = order[: int(most * _CORE_SHARE)]
    promising = order
    if len(order) > _PROMISING * most:
        best = _best(evidence(guess()[order]), _PROMISING * most)
        promising = order[np.union1d(best, np.arange(len(core)))]
    found = evidence(functions(promising))
    found[np.isin(promising, core)] = np.inf
    return promising[_best(found, most)]


def _best(evidence: Float[Array, " s"], most: int) -> Int[Array, " j"]:
    """The rows of the largest, the first of equal ones, ascending."""
    return np.sort(np.argsort(-evidence, kind="stable")[:most])
