"""The experts of the model average: what each believes, and what it needs to be asked.

Experts that share a residual stand in one group, so that one factorisation serves them all. Each
carries its name, its sources and the row of its basis function, so that nobody has to count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.beyond import Beyond
from optuna_metabo.ensembles.functions import Functions, Voices
from optuna_metabo.ensembles.kriging import Coefficients, Kernel, Kriging, Residual
from optuna_metabo.ensembles.screening import Kept
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.tasks import Task

# Of the slope: how much a function is stretched is never quite known.
_SLOPE_VARIANCE = 0.1


@dataclass(frozen=True)
class Expert:
    """One belief about the target: that it is a basis function, up to a residual.

    Args:
        name: For people.
        sources: Those that it listens to, all alike.
        prior_weight: Before the first value.
        basis: The row of its basis function in :class:`Basis`.
    """

    name: str
    sources: Int[Array, " j"]
    prior_weight: float
    basis: int


@dataclass(frozen=True)
class Relation:
    """How the target is related to a basis function.

    Args:
        name: For people.
        rho: The size of the residual, relative to the basis functions' deviation.
        slope: What the slope is likely to be, from which it hardly differs so far that it changes
            its sign.
    """

    name: str
    rho: float
    slope: float = 1.0

    @property
    def coefficients(self) -> Coefficients:
        """The prior of slope and offset."""
        return Coefficients(np.array([self.slope, 0.0]), np.array([_SLOPE_VARIANCE, 100.0]))


CLOSE, DISTANT = Relation("close", 0.3), Relation("distant", 1.0)
OPPOSED = Relation("opposed", 1.0, slope=-1.0)
# To nothing, whose slope does not matter.
RIVAL = Relation("own", 1.0)


@dataclass(frozen=True)
class Group:
    """Experts that share a residual.

    Args:
        relation: Of them all.
        experts: One or more.
        kernel: The name of the residual's kernel.
        has_deviations: Whether the sources' deviations from their mean are further directions.
    """

    relation: Relation
    experts: tuple[Expert, ...]
    kernel: str = "shared"
    has_deviations: bool = False

    def only(self, index: Int[Array, " i"]) -> Group:
        """Some of its experts."""
        return replace(self, experts=tuple(self.experts[i] for i in index))

    @cached_property
    def _places(self) -> Int[Array, " e"]:
        return np.array([expert.basis for expert in self.experts])

    def rows(self, basis: Basis) -> Float[Array, "e m"]:
        """The experts' basis functions."""
        return basis.rows[self._places]

    def spread(self, basis: Basis) -> Float[Array, "l m"]:
        """The rows of the residual's further covariance: some of the basis', the first ones."""
        if self.relation is RIVAL:
            return basis.beyond[:0]
        return basis.spread if self.has_deviations else basis.beyond

    def condition(
        self,
        correlation: Float[Array, "N N"],
        y: Float[Array, " n"],
        basis: Basis,
        *,
        noise: Float[Array, " N"],
    ) -> Kriging:
        """The experts given the values at the first n of N points, and the noise at each."""
        spread = self.spread(basis)
        residual = Residual.factorise(correlation, spread, rho=self.relation.rho, noise=noise)
        return Kriging.condition(residual, self.relation.coefficients, y, self.rows(basis))


def all_groups(
    kept: Int[Array, " s"],
    share: float,
    belief: Float[Array, " s"],
    *,
    plain: float,
    joint: float,
    opposed: float,
) -> Iterator[Group]:
    """Close and distant experts, equally likely, of each source and of all; those that believe the
    opposite of a source, or of what all have in common; last the rival.

    Args:
        kept: The sources that have experts.
        share: Of the weight of the functions that all sources speak for, what the common one has;
            the combinations have the rest.
        belief: The odds of each of these sources before the values are told.
        plain: The rival's weight.
        joint: That of the functions that all sources speak for.
        opposed: That of the opposites, half of it the common function's if there is one.
    """
    s, odds = len(kept), belief / belief.sum()

    def voices(relation: Relation, single: float, common: float) -> Group:
        """One for each source, and one for what all have in common, with these weights."""
        one_each = [
            Expert(f"source {k}, {relation.name}", kept[i : i + 1], single * float(odds[i]), i)
            for i, k in enumerate(kept)
        ]
        of_all = Expert(f"common, {relation.name}", kept, common, s)
        return Group(relation, (*one_each, of_all))

    single, common = 1.0 - plain - joint - opposed, joint * share
    common_opposed = opposed / 2 if share > 0.0 else 0.0
    for relation in (CLOSE, DISTANT):
        yield voices(relation, single / 2, common / 2)
        mixed = Expert(f"combination, {relation.name}", kept, (joint - common) / 2, s + 1)
        yield Group(relation, (mixed,), has_deviations=True)
    yield voices(OPPOSED, opposed - common_opposed, common_opposed)
    yield Group(RIVAL, (Expert(RIVAL.name, kept[:0], plain, s + 2),), "own")


@dataclass(frozen=True)
class Basis:
    """The experts' basis functions at some points.

    Args:
        rows: The functions of single sources, what all have in common, their mean, nothing.
        beyond: Of what parameters may do that no source knows, rows with this Gram matrix.
        deviations: Of the sources from their mean: the Gram matrix of these rows is what is not
            known of the best combination.
    """

    rows: Float[Array, "rows m"]
    beyond: Float[Array, "l m"]
    deviations: Float[Array, "s m"]

    @property
    def spread(self) -> Float[Array, "rows_of_spread m"]:
        """Both: the residual's further covariance of an expert that has all of it."""
        return np.concatenate([self.beyond, self.deviations])

    def of_all(self, share: float) -> Float[Array, " m"]:
        """What all sources expect together: what they have in common, or without it their mean."""
        s = len(self.rows) - 3
        return self.rows[s if share > 0.0 else s + 1]


@dataclass(frozen=True)
class Bases:
    """What the experts of some groups need, as functions, for many calls.

    Args:
        kept: The sources that have experts.
        needed: Which rows of :class:`Basis` are worked out; the others are 0.
        voices: The needed ones of these sources' functions and of what all have in common.
        beyond: What parameters may do that no source knows.
    """

    kept: Kept
    needed: Bool[Array, " rows"]
    voices: Voices
    beyond: Beyond

    @classmethod
    def of(
        cls, functions: Functions, kept: Kept, groups: Sequence[Group], beyond: Beyond
    ) -> Bases:
        """Those of the groups' experts."""
        every = np.ones(len(kept.sources) + 3, dtype=bool)
        everything = cls(kept, every, functions.voices(kept.sources), beyond)
        return everything.only(groups)

    def only(self, groups: Sequence[Group]) -> Bases:
        """What the experts of some of the groups need."""
        s = len(self.kept.sources)
        needed = np.zeros(s + 3, dtype=bool)
        needed[[expert.basis for group in groups for expert in group.experts]] = True
        needed[:s] |= needed[s + 1]
        some = needed[: s + 1][self.needed[: s + 1]]
        return replace(
            self, needed=needed, voices=self.voices if some.all() else self.voices[some]
        )

    def at(self, X: Float[Array, "m p"]) -> Basis:
        """The functions' values."""
        s, shares = len(self.kept.sources), self.kept.shares
        rows, deviations = np.zeros((s + 3, len(X))), np.zeros((0, len(X)))
        if self.needed[: s + 1].any():
            rows[: s + 1][self.needed[: s + 1]] = self.voices(X)
        if self.needed[s + 1]:
            rows[s + 1] = shares @ rows[:s]
            parts = shares * s / max(s - 1, 1)
            deviations = (rows[:s] - rows[s + 1]) * np.sqrt(parts)[:, None]
        return Basis(rows, self.beyond(X), deviations)


def distant_evidence(
    kernel: Kernel, beyond: Beyond, target: Task, phi: Float[Array, "s n"]
) -> Float[Array, " s"]:
    """That of the distant experts of some functions, whose values at the target's points these
    are.
    """
    correlation, noise = kernel.correlation(target.X, target.X), kernel.noise / target.counts
    spread = beyond(target.X)
    residual = Residual.factorise(correlation, spread, rho=DISTANT.rho, noise=noise)
    kriging = Kriging.condition(residual, DISTANT.coefficients, target.y, phi)
    return np.asarray(np.logaddexp.reduce(kriging.log_evidence, axis=1))
