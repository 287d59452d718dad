"""Gradient ascent from several points at once in the unit cube, for any batched function.

The climbers go in lock step, so that one call of the function serves them all: each proposes a
quasi-Newton step (BFGS, Nocedal & Wright 2006, eq. 6.17), and its value and gradient there, by
forward differences, come back together. Coordinates at a bound whose gradient points outwards do
not move (Bertsekas 1982, "Projected Newton methods"). Climbers that lag behind give up in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Bool, Float, Int

Acquisition = Callable[[Float[Array, "m p"]], Float[Array, " m"]]

# The step of the finite differences: about the square root of the precision of a log EI.
_DIFFERENCE = 1e-6
# The longest step along a coordinate, and that of the first one, of which no scale is known.
_REACH, _FIRST_REACH = 0.3, 0.1
# What part of the gain promised by the gradient a step must keep (Armijo), and how much shorter
# the next one is if it does not.
_ARMIJO, _SHORTER = 1e-4, 0.3
# After so many steps the worse half of the climbers gives up.
_HALVING = 3
# A bend by less, relative to step and change of the gradient, is rounding.
_FLAT = 1e-8
_TINY = 1e-300


@dataclass(frozen=True)
class _Climbers:
    """Where ``a`` climbers are, in the ``c`` columns that move.

    Args:
        row: Their numbers, shape [a].
        x: Their places, shape [a c].
        value: The function there, shape [a].
        gradient: Shape [a c].
        free: Which columns of each may move, shape [a c].
        inverse: Of the negative Hessians, approximately, shape [a c c].
        length: The part of the quasi-Newton step to try next, shape [a].
    """

    row: Int[Array, " a"]
    x: Float[Array, "a c"]
    value: Float[Array, " a"]
    gradient: Float[Array, "a c"]
    free: Bool[Array, "a c"]
    inverse: Float[Array, "a c c"]
    length: Float[Array, " a"]

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, index: Int[Array, " b"] | Bool[Array, " a"]) -> _Climbers:
        return _Climbers(*(getattr(self, one.name)[index] for one in fields(self)))

    def step(self) -> Float[Array, "a c"]:
        """Uphill, along the columns that no bound blocks."""
        g, x = self.gradient, self.x
        blocked = np.where(g < 0.0, x <= 0.0, x >= 1.0) | ~self.free
        step = np.einsum("acd,ad->ac", self.inverse, np.where(blocked, 0.0, g))
        step[blocked] = 0.0
        longest = np.maximum(np.abs(step).max(axis=1), _REACH)
        step *= (self.length * _REACH / longest)[:, None]
        return np.minimum(np.maximum(x + step, 0.0), 1.0) - x

    def look(
        self,
        step: Float[Array, "a c"],
        value: Float[Array, " a"],
        gradient: Float[Array, "a c"],
        *,
        is_first: bool,
    ) -> _Climbers:
        """After a look at ``x + step``: there if it is high enough, else with a shorter step."""
        ok = value >= self.value + _ARMIJO * _dot(self.gradient, step)
        bend = np.where(np.isfinite(value)[:, None], self.gradient - gradient, 0.0)
        inverse = _unit_inverse(self.inverse, step, bend) if is_first else self.inverse
        return _Climbers(
            self.row,
            np.where(ok[:, None], self.x + step, self.x),
            np.where(ok, value, self.value),
            np.where(ok[:, None], gradient, self.gradient),
            self.free,
            _bfgs(inverse, step, bend),
            np.where(ok, 1.0, _SHORTER * self.length),
        )


def _dot(a: Float[Array, "a c"], b: Float[Array, "a c"]) -> Float[Array, " a"]:
    """Row by row."""
    return np.einsum("ac,ac->a", a, b)


def _is_curved(s: Float[Array, "a c"], y: Float[Array, "a c"]) -> Bool[Array, " a"]:
    """Whether the function bends downwards between the ends of a step."""
    return _dot(s, y) > _FLAT * np.sqrt(_dot(s, s) * _dot(y, y))


def _unit_inverse(
    H: Float[Array, "a c c"], s: Float[Array, "a c"], y: Float[Array, "a c"]
) -> Float[Array, "a c c"]:
    """The multiple yᵀs / yᵀy of the identity (eq. 6.20) where the function bends downwards."""
    scale = _dot(s, y) / np.maximum(_dot(y, y), _TINY)
    scaled = scale[:, None, None] * np.eye(s.shape[1])
    return np.where(_is_curved(s, y)[:, None, None], scaled, H)


def _bfgs(
    H: Float[Array, "a c c"], s: Float[Array, "a c"], y: Float[Array, "a c"]
) -> Float[Array, "a c c"]:
    """H <- (I - rho s yᵀ) H (I - rho y sᵀ) + rho s sᵀ, rho = 1 / yᵀs, if it bends downwards.

    That is H + s wᵀ + w sᵀ with w = rho (1 + rho yᵀ H y) s / 2 - rho H y.
    """
    curved = _is_curved(s, y)
    rho = (curved / np.where(curved, _dot(s, y), 1.0))[:, None]
    Hy = np.einsum("acd,ad->ac", H, y)
    w = 0.5 * rho * (1.0 + rho * _dot(y, Hy)[:, None]) * s - rho * Hy
    sw = s[:, :, None] * w[:, None, :]
    return H + sw + np.swapaxes(sw, 1, 2)


def _gradients(
    f: Acquisition,
    X: Float[Array, "a p"],
    columns: Int[Array, " c"],
    free: Bool[Array, "a c"],
) -> tuple[Float[Array, " a"], Float[Array, "a c"]]:
    """Values and forward differences, backward ones at the upper bound; 0 where not free."""
    h = np.where(X[:, columns] + _DIFFERENCE <= 1.0, _DIFFERENCE, -_DIFFERENCE)
    moved = np.repeat(X[:, None], len(columns), axis=1)
    moved[:, np.arange(len(columns)), columns] += h
    found = f(np.concatenate([X, moved[free]]))
    value = found[: len(X)]
    there = np.repeat(value[:, None], len(columns), axis=1)
    there[free] = found[len(X) :]
    with np.errstate(invalid="ignore"):  # the difference of two infinite values
        slope = (there - value[:, None]) / h
    return value, np.where(np.isfinite(slope), slope, 0.0)


def _start(
    f: Acquisition, X: Float[Array, "k p"], columns: Int[Array, " c"], free: Bool[Array, "k c"]
) -> _Climbers:
    value, gradient = _gradients(f, X, columns, free)
    steepest = np.maximum(np.abs(gradient).max(axis=1), _TINY)
    inverse = (_FIRST_REACH / steepest)[:, None, None] * np.eye(len(columns))
    length = np.ones(len(X))
    return _Climbers(np.arange(len(X)), X[:, columns], value, gradient, free, inverse, length)


def ascend(
    f: Acquisition,
    X: Float[Array, "k p"],
    free: Bool[Array, "k p"],
    *,
    n_steps: int,
    tolerance: float,
) -> tuple[Float[Array, "k p"], Float[Array, " k"]]:
    """Climbs from every row of ``X``; no row gets worse, and none leaves the unit cube.

    Args:
        f: To be maximised.
        X: Where to start; columns that move lie in [0, 1].
        free: Which columns of each row may move.
        n_steps: The most steps.
        tolerance: A climber has arrived when its next step promises less.

    Returns:
        The rows after their ascent and the function there.
    """
    X, columns = X.copy(), np.flatnonzero(free.any(axis=0))
    if not len(columns):
        return X, f(X)
    climbers = _start(f, X, columns, free[:, columns])
    values = climbers.value.copy()
    for i in range(n_steps):
        step = climbers.step()
        going = _dot(climbers.gradient, step) > tolerance
        if not going.any():
            break
        if not going.all():
            climbers, step = climbers[going], step[going]
        Z = X[climbers.row]
        Z[:, columns] = climbers.x + step
        climbers = climbers.look(step, *_gradients(f, Z, columns, climbers.free), is_first=not i)
        X[climbers.row[:, None], columns], values[climbers.row] = climbers.x, climbers.value
        if i % _HALVING == _HALVING - 1:
            best = np.argsort(-climbers.value, kind="stable")
            climbers = climbers[best[: (len(best) + 1) // 2]]
    return X, values
