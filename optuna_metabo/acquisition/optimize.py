"""Maximises an acquisition over a mixed domain.

A small discrete domain is enumerated. Elsewhere the best of many candidates that are far apart
climb: by their slope along numeric axes, a grid of many values taken as continuous, and by sweeps
along discrete ones, in turn. Values of the acquisition are all that is needed of a surrogate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition.ascent import Acquisition, ascend
from optuna_metabo.acquisition.starts import apart, candidates
from optuna_metabo.acquisition.subspace import Subspace
from optuna_metabo.acquisition.sweep import sweep
from optuna_metabo.shapes import Float

# Up to this many points, all of them are looked at.
_MAX_ENUMERATED = 2048
# Points that climb at first where all axes are continuous, and elsewhere; the better half of them
# after each ascent; rounds of an ascent and sweeps, and the most steps and sweeps of a round.
_N_CLIMBERS, _N_ON_GRIDS = 6, 8
_N_ROUNDS, _N_STEPS, _N_SWEEPS = 3, 80, 8
# An ascent ends where a step promises less, in nats. 1e-3 would save a third of the steps, but
# left a plain Gaussian process farther from the optimum of a bowl: where all is nearly as good,
# the best is still worth going to.
NATS = 1e-5
# Axes with so many values are taken as continuous, at first and later.
_RELAXED, _SMOOTH = 17.0, np.inf
# Axes along which a point climbs at once: of more, so many are drawn.
_MAX_SLOPES = 128
# A round that gains less, in nats, is the last one.
_SETTLED = 1e-4


def maximise(
    acquisition: Acquisition,
    subspace: Subspace,
    starts: Float[Array, "q p"],
    *,
    generator: np.random.Generator,
    tolerance: float = NATS,
) -> Float[Array, " p"]:
    """A point of ``subspace`` with a high value of ``acquisition``, not a taken one if possible.

    Args:
        acquisition: Maps points [m p] to values [m], batched; minus infinity is allowed.
        subspace: Where to look.
        starts: Promising points: incumbents and the optima of sources.
        generator: Spreads the candidates and breaks ties.
        tolerance: What is too little to climb for, in the units of the acquisition.

    Raises:
        FloatingPointError: If the acquisition is NaN or plus infinity anywhere.
    """
    search = _Search(acquisition, subspace, tolerance)
    if subspace.size <= _MAX_ENUMERATED:
        return _best_of_all(search, generator)
    X = candidates(subspace, starts, generator=generator)
    values = search.value(X)
    n = _N_CLIMBERS if search.is_continuous else _N_ON_GRIDS
    rows = apart(X, values, subspace.domain, n)
    X, values = X[rows], values[rows]
    for i in range(_N_ROUNDS):
        before = values.max()
        X, values = search.ascend(X, values, _SMOOTH if i else _RELAXED, generator)
        better = np.argsort(-values, kind="stable")[: (len(values) + 1) // 2]
        X, values = search.sweep(X[better], values[better], generator)
        if search.is_one_kind or (i and values.max() <= before + _SETTLED):
            break
    return X[values.argmax()]


def _best_of_all(search: _Search, generator: np.random.Generator) -> Float[Array, " p"]:
    """The best point that is left of a small discrete space, or the best if none is left."""
    X = search.subspace.points()
    left = search.subspace.without_taken(X)
    X = left if len(left) else X
    values = search.value(X)
    return X[generator.choice(np.flatnonzero(values == values.max()))]


@dataclass(frozen=True)
class _Search:
    """The function and the space in which it is maximised."""

    acquisition: Acquisition
    subspace: Subspace
    tolerance: float

    def value(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """The acquisition, checked: the one place where it is called."""
        values = self.acquisition(X)
        wrong = ~(values < np.inf)  # so is NaN
        if wrong.any():
            raise FloatingPointError(
                "an acquisition must be a number or minus infinity, got "
                f"{values[wrong][0]} at {wrong.sum()} of {len(X)} points, first at {X[wrong][0]}"
            )
        return values

    def value_left(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """The acquisition, minus infinity where a point is taken."""
        values, left = np.full(len(X), -np.inf), ~self.subspace.is_taken(X)
        if left.any():
            values[left] = self.value(X[left])
        return values

    @property
    def is_continuous(self) -> bool:
        """Whether no axis is a grid."""
        return bool(np.isinf(self._sizes).all())

    @property
    def is_one_kind(self) -> bool:
        """Whether there is nothing to do in turn: no slope, or nothing but slopes."""
        sizes = self._sizes[self.subspace.free & (self._sizes > 1.0)]
        return bool(np.isinf(sizes).all() or np.isfinite(sizes).all())

    @cached_property
    def _sizes(self) -> Float[Array, " d"]:
        return np.array([axis.size for axis in self.subspace.domain.dimensions], dtype=float)

    def ascend(
        self,
        X: Float[Array, "k p"],
        values: Float[Array, " k"],
        shortest: float,
        generator: np.random.Generator,
    ) -> tuple[Float[Array, "k p"], Float[Array, " k"]]:
        """Climbs along numeric axes of at least so many values, then rounds; none gets worse."""
        domain = self.subspace.domain
        numeric = np.array([not axis.n_choices for axis in domain.dimensions], dtype=bool)
        slopes = self.subspace.free & numeric & (self._sizes >= shortest)
        if not slopes.any():
            return X, values
        if slopes.sum() > _MAX_SLOPES:
            slopes[generator.permutation(np.flatnonzero(slopes))[_MAX_SLOPES:]] = False
        free = (domain.present(X) & slopes)[:, domain.groups]
        reached, z_values = ascend(self.value, X, free, n_steps=_N_STEPS, tolerance=self.tolerance)
        Z = self.subspace.project(reached)
        moved = (reached != Z).any(axis=1) | self.subspace.is_taken(Z)
        if moved.any():
            z_values[moved] = self.value_left(Z[moved])
        better = z_values > values
        return np.where(better[:, None], Z, X), np.where(better, z_values, values)

    def sweep(
        self,
        X: Float[Array, "k p"],
        values: Float[Array, " k"],
        generator: np.random.Generator,
    ) -> tuple[Float[Array, "k p"], Float[Array, " k"]]:
        """Improves the points along discrete axes, onto points that are not taken."""
        return sweep(
            self.value_left, X, values, self.subspace, n_sweeps=_N_SWEEPS, generator=generator
        )
