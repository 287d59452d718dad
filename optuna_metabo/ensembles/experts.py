"""The experts of the model average: what each believes, and what it needs to be asked.

Experts that share a residual stand in one group, so that one factorisation serves them all. Each
carries its name, its sources and the row of its basis function; which row is which, :class:`Rows`
says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.beyond import NOTHING, Beyond, Lacking
from optuna_metabo.ensembles.functions import Functions, Voices
from optuna_metabo.ensembles.kriging import Coefficients, Kriging, Residual
from optuna_metabo.ensembles.screening import Kept
from optuna_metabo.shapes import Bool, Float, Int

# Of the slope: how much a function is stretched is never quite known.
_SLOPE_VARIANCE = 0.1


@dataclass(frozen=True)
class Rows:
    """Which row of :class:`Basis` is which function.

    Args:
        singles: Of the single sources.
        common: What these have in common.
        mean: Their mean.
        nothing: 0 everywhere.
    """

    singles: slice
    common: int
    mean: int
    nothing: int

    @classmethod
    def of(cls, s: int) -> Rows:
        """Those of ``s`` sources."""
        return cls(slice(s), s, s + 1, s + 2)

    @property
    def told(self) -> slice:
        """The functions that sources tell: the single ones and what they have in common."""
        return slice(self.mean)

    def __len__(self) -> int:
        return self.nothing + 1


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
        beyond: What parameters may do that their sources lack.
    """

    relation: Relation
    experts: tuple[Expert, ...]
    kernel: str = "shared"
    has_deviations: bool = False
    beyond: Beyond = NOTHING

    def only(self, index: Int[Array, " i"]) -> Group:
        """Some of its experts."""
        return replace(self, experts=tuple(self.experts[i] for i in index))

    def parted(self, beyond: Sequence[Beyond]) -> Iterator[Group]:
        """Groups of the experts whose functions lack the same columns.

        Args:
            beyond: What is beyond each row of :class:`Basis`.
        """
        for one in dict.fromkeys(beyond[expert.basis] for expert in self.experts):
            some = tuple(expert for expert in self.experts if beyond[expert.basis] == one)
            yield replace(self, experts=some, beyond=one)

    @property
    def kernels(self) -> tuple[str, ...]:
        """The names of all that :meth:`correlation` is made of."""
        return (self.kernel,) if self.beyond.is_nothing else (self.kernel, self.beyond.kernel)

    @property
    def rho(self) -> float:
        """The size of the residual and what is beyond, which are one process."""
        return float(np.hypot(self.relation.rho, np.sqrt(self.beyond.size)))

    def correlation(self, by_kernel: Mapping[str, Float[Array, "n m"]]) -> Float[Array, "n m"]:
        """Of this process, from those of the kernels by name."""
        if self.beyond.is_nothing:
            return by_kernel[self.kernel]
        part = self.beyond.size / self.rho**2
        return (1.0 - part) * by_kernel[self.kernel] + part * by_kernel[self.beyond.kernel]

    @cached_property
    def _places(self) -> Int[Array, " e"]:
        return np.array([expert.basis for expert in self.experts])

    def rows(self, basis: Basis) -> Float[Array, "e m"]:
        """The experts' basis functions."""
        return basis.rows[self._places]

    def spread(self, basis: Basis) -> Float[Array, "l m"]:
        """The rows of the residual's further covariance."""
        return basis.deviations if self.has_deviations else basis.deviations[:0]

    def condition(
        self,
        by_kernel: Mapping[str, Float[Array, "N N"]],
        y: Float[Array, " n"],
        basis: Basis,
        *,
        noise: Float[Array, " N"],
    ) -> Kriging:
        """The experts given the values at the first n of N points, and the noise at each."""
        correlation, spread = self.correlation(by_kernel), self.spread(basis)
        residual = Residual.factorise(correlation, spread, rho=self.rho, noise=noise)
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
    rows, odds = Rows.of(len(kept)), belief / belief.sum()

    def voices(relation: Relation, single: float, common: float) -> Group:
        """One for each source, and one for what all have in common, with these weights."""
        one_each = [
            Expert(f"source {k}, {relation.name}", kept[i : i + 1], single * float(odds[i]), i)
            for i, k in enumerate(kept)
        ]
        of_all = Expert(f"common, {relation.name}", kept, common, rows.common)
        return Group(relation, (*one_each, of_all))

    single, common = 1.0 - plain - joint - opposed, joint * share
    common_opposed = opposed / 2 if share > 0.0 else 0.0
    for relation in (CLOSE, DISTANT):
        yield voices(relation, single / 2, common / 2)
        rest = (joint - common) / 2
        mixed = Expert(f"combination, {relation.name}", kept, rest, rows.mean)
        yield Group(relation, (mixed,), has_deviations=True)
    yield voices(OPPOSED, opposed - common_opposed, common_opposed)
    yield Group(RIVAL, (Expert(RIVAL.name, kept[:0], plain, rows.nothing),), "own")


@dataclass(frozen=True)
class Basis:
    """The experts' basis functions at some points.

    Args:
        order: Which row is which.
        rows: The functions.
        deviations: Of the sources from their mean: the Gram matrix of these rows is what is not
            known of the best combination.
    """

    order: Rows
    rows: Float[Array, "rows m"]
    deviations: Float[Array, "s m"]

    def of_all(self, share: float) -> Float[Array, " m"]:
        """What all sources expect together: what they have in common, or without it their mean."""
        return self.rows[self.order.common if share > 0.0 else self.order.mean]


@dataclass(frozen=True)
class Bases:
    """What the experts of some groups need, as functions, for many calls.

    Args:
        kept: The sources that have experts.
        needed: Which rows of :class:`Basis` are worked out; the others are 0.
        voices: The needed ones of these sources' functions and of what all have in common.
    """

    kept: Kept
    needed: Bool[Array, " rows"]
    voices: Voices

    @classmethod
    def of(cls, functions: Functions, kept: Kept, groups: Sequence[Group]) -> Bases:
        """Those of the groups' experts."""
        every = np.ones(len(Rows.of(len(kept.sources))), dtype=bool)
        everything = cls(kept, every, functions.voices(kept.sources))
        return everything.only(groups)

    @property
    def order(self) -> Rows:
        """Which row is which."""
        return Rows.of(len(self.kept.sources))

    def only(self, groups: Sequence[Group]) -> Bases:
        """What the experts of some of the groups need."""
        rows = self.order
        needed = np.zeros(len(rows), dtype=bool)
        needed[[expert.basis for group in groups for expert in group.experts]] = True
        needed[rows.singles] |= needed[rows.mean]
        some = needed[rows.told][self.needed[rows.told]]
        return replace(
            self, needed=needed, voices=self.voices if some.all() else self.voices[some]
        )

    def at(self, X: Float[Array, "m p"]) -> Basis:
        """The functions' values."""
        order, shares, s = self.order, self.kept.shares, len(self.kept.sources)
        rows, deviations = np.zeros((len(order), len(X))), np.zeros((0, len(X)))
        told = self.needed[order.told]
        if told.any():
            rows[order.told][told] = self.voices(X)
        if self.needed[order.mean]:
            rows[order.mean] = shares @ rows[order.singles]
            parts = shares * s / max(s - 1, 1)
            deviations = (rows[order.singles] - rows[order.mean]) * np.sqrt(parts)[:, None]
        return Basis(order, rows, deviations)


def lacking(functions: Functions, kept: Kept) -> Lacking:
    """The columns of which each row of :class:`Basis` says nothing, nothing itself apart."""
    lacks = functions.models.lacks
    sources = Lacking.of(lacks[kept.sources]).fewer(kept.shares)
    of_each, common = sources.of_each, lacks.all(axis=0) | ~functions.common.known
    of_most = kept.shares @ of_each > 0.5
    return Lacking.of(np.vstack([of_each, common, of_most, np.zeros_like(common)]))
