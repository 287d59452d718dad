"""What was expected of points, in the units of the objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray as Array
from scipy.special import ndtr, ndtri

from optuna_metabo.encoding import is_within
from optuna_metabo.ranges import Space
from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Posterior

# The interval that is told, and how often it is halved: to 1e-9 of its width.
_COVERED, _HALVINGS = 0.95, 30

Back = Callable[[Float[Array, " m"]], Float[Array, " m"]]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is expected of m values, in the units and the direction of the objective.

    Two of the same numbers are equal.

    Args:
        mean: Shape [m]. Of losses over decades without past studies the median, which the mean of
            their logarithm is.
        low: The lower end of the central interval of 95 %, of the function without observation
            noise, shape [m].
        high: The upper end, shape [m].
    """

    mean: Float[Array, " m"]
    low: Float[Array, " m"]
    high: Float[Array, " m"]

    @classmethod
    def of(cls, posterior: Posterior, unit: float, back: Back = np.asarray) -> Prediction:
        """Of values to be maximised.

        Args:
            posterior: Of these on some scale.
            unit: So many times the values are those of the objective.
            back: From the scale to the values, ascending.
        """
        tail = (1.0 - _COVERED) / 2.0
        ends = [in_units(back(quantile(posterior, level)), unit) for level in (tail, 1.0 - tail)]
        low, high = ends if unit > 0.0 else ends[::-1]
        return cls(in_units(back(posterior.mean), unit), low, high)

    @classmethod
    def together(cls, parts: Sequence[Prediction]) -> Prediction:
        """Several, one after the other."""
        return cls(*[np.concatenate(ends) for ends in zip(*map(cls._ends, parts), strict=True)])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Prediction):
            return NotImplemented
        pairs = zip(self._ends(), other._ends(), strict=True)
        return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    def _ends(self) -> tuple[Float[Array, " m"], ...]:
        return self.mean, self.low, self.high


def check_points(points: Sequence[Mapping[str, Any]], space: Space) -> None:
    """Raises a ``ValueError`` if one has another parameter than the space, or no such value."""
    strange = sorted({name for point in points for name in point} - space.keys())
    if strange:
        raise ValueError(f"expected parameters out of {[*space]}, got {strange}")
    for name, value in (one for point in points for one in point.items()):
        if not is_within(value, space[name]):
            raise ValueError(f"{name!r} is {value!r}, which is none of {space[name]}")


def in_units(x: Float[Array, " m"], unit: float) -> Float[Array, " m"]:
    """``unit * x``; what would lie beyond the largest float is that float, or next to it."""
    most = np.nextafter(np.finfo(float).max / max(abs(unit), 1.0), 0.0)
    return np.asarray(unit * np.clip(x, -most, most))


def quantile(posterior: Posterior, level: float) -> Float[Array, " m"]:
    """Where the distribution function of each mixture is ``level``, by bisection.

    It lies between the smallest and the largest of the components' own quantiles.
    """
    sigma = np.sqrt(posterior.variances)
    own = posterior.means + ndtri(level) * sigma
    low, high = own.min(axis=0), own.max(axis=0)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        below = posterior.weights @ ndtr((middle - posterior.means) / sigma) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)
