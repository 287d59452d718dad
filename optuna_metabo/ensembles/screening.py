"""Which of very many sources take part in an ask.

The cost of an ask must not grow with the sources. So few take part: those that explain the
target's values best and, before these tell, a core of sources that differ. What all sources say
of the target's points is guessed from what they say at anchors, by kriging

    phi(X) ~ phi(A) k(A, A)⁻¹ k(A, X),

one matrix product for all; only of those that take part it is worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.gp.exact import cholesky, lower_solve, transposed_solve
from optuna_metabo.gp.kernel import correlation
from optuna_metabo.shapes import Float, Int

# Added to the anchors' correlation: the functions are known there, but smoother guesses err less.
_NUGGET = 1e-3
# Sources that take part: more would not be told apart by a few values.
_MAX_EXPERTS = 24
# Of more than so many sources fewer take part: most of a crowd are unrelated, and each of them has
# a chance to explain a few values. ``python -m studies.stress.crowd`` measures what that costs.
CROWD, _MAX_IN_CROWD = 48, 12
# Less than the size of any function that says something; it keeps 0 / 0 from being asked.
_TINY = 1e-300

# Sources whose functions are most like a source's, itself among them, and how many of all are
# compared at a time. Few trials tell little of a function, and alike ones together more. Of ten
# related among a thousand regret after 25 trials was with four, eight and none .0105, .0152 and
# .0205 on levy10, .306, .288 and .316 on ackley20, .004, .003 and .002 on hartmann6; 5 seeds.
_N_ALIKE, _COMPARED = 8, 512

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
        K = correlation(X, X, lengthscale) + _NUGGET * np.eye(len(X))
        L = cholesky(K)
        weights = transposed_solve(L, lower_solve(L, values.T)).T
        return cls(X, lengthscale, np.ascontiguousarray(weights))

    def guess(self, X: Float[Array, "m p"]) -> Float[Array, "k m"]:
        """What every source says, approximately."""
        return self.weights @ correlation(self.X, X, self.lengthscale)


def nearest(phi: Float[Array, "k r"]) -> Int[Array, "k m"]:
    """For each of k functions those that go with it most."""
    centred = phi - phi.mean(axis=1, keepdims=True)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), _TINY)
    m = min(_N_ALIKE, len(phi))
    parts = [
        np.argpartition(-unit[i : i + _COMPARED] @ unit.T, m - 1, axis=1)[:, :m]
        for i in range(0, len(phi), _COMPARED)
    ]
    return np.concatenate(parts)


@dataclass(frozen=True)
class Kept:
    """The sources that take part.

    Args:
        sources: In their order.
        shares: How far each is to be believed rather than the others, on the simplex.
        of_crowd: Whether they are few of very many.
    """

    sources: Int[Array, " s"]
    shares: Float[Array, " s"]
    of_crowd: bool = False

    @classmethod
    def believed(cls, sources: Int[Array, " s"], belief: Float[Array, " k"]) -> Kept:
        """Some sources by their odds before the values are told."""
        return cls(sources, belief[sources] / belief[sources].sum())


def screened(
    order: Int[Array, " k"],
    guess: Callable[[], Float[Array, "k n"]],
    evidence: Evidence,
    belief: Float[Array, " sources"],
    alike: Callable[[], Int[Array, "k m"]],
) -> Kept:
    """The sources of the most evidence; as long as none tells, the first of ``order``.

    Of very many most are unrelated, and some explain a few values by chance. So fewer of them are
    kept, the more likely ones have larger shares, and half of what a source's evidence is, is that
    of the mean of those that are most like it.

    Args:
        order: The sources, those first that serve all others best.
        guess: What every source says of the target's points.
        evidence: How well such rows explain the target's values, as logarithms.
        belief: The odds of each source before the values are told.
        alike: For each source, in this order, those that are most like it: :func:`nearest`.
    """
    if len(order) <= _MAX_EXPERTS:
        return Kept.believed(order, belief)
    phi, is_crowd = guess()[order], len(order) > CROWD
    told = evidence(phi)
    if is_crowd:
        told = np.logaddexp(told, evidence(phi[alike()].mean(axis=1))) - np.log(2.0)
    found = told + np.log(belief[order])
    most = _MAX_IN_CROWD if is_crowd else _MAX_EXPERTS
    # As long as nothing tells, those that serve all best, not those that are surest no noise.
    ranked = np.argsort(-found, kind="stable") if np.ptp(told) else np.arange(len(told))
    best = np.sort(ranked[:most])
    if not is_crowd:
        return Kept.believed(order[best], belief)
    likely = np.exp(found[best] - found[best].max())
    return Kept(order[best], likely / likely.sum(), of_crowd=True)
