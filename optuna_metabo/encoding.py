"""Optuna's distributions and trials to unit-cube arrays, and back.

A source study may have other ranges, scales, kinds and choices: its values are read by the
target's distributions, one by one, and what cannot be read is absent.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from optuna_metabo.choices import index_of, is_one_of, number_of, same_choice
from optuna_metabo.conditions import learn_conditions
from optuna_metabo.domain import ONE_HOT, Condition, Dimension, Domain, Lattice
from optuna_metabo.shapes import Bool, Float

Numeric = FloatDistribution | IntDistribution

# The values of a longer grid are not listed.
_MAX_LISTED = 256
# With more steps, floats no longer tell the places in a linear range apart: it is continuous.
_MAX_STEPS = 2.0**53
# So few floats in a range without a step are a grid, too: rounding would repeat them.
_FEW_FLOATS = 2.0**30
# How far outside the target's range, in lengths of that range, a source's value may stand.
OUTSIDE = 1.0
# Over a range as narrow as this, relatively, a logarithm is a straight line, and a float's
# logarithm could not tell one end from the other.
_NARROW = 1e-6


def _n_steps(distribution: Numeric) -> float:
    """The number of steps from low to high of a linear grid; infinite of a continuous range."""
    low, high, step = distribution.low, distribution.high, distribution.step
    ulp = math.ulp(max(abs(low), abs(high)))
    n = high / (step or ulp) - low / (step or ulp)  # in this order it cannot overflow
    if step is None:
        return round((high - low) / ulp) if n < _FEW_FLOATS else math.inf
    return round((high - low) / step) if n < _MAX_STEPS else n


def curved(distribution: Numeric) -> bool:
    """Whether the range is to be read on a logarithmic scale."""
    return distribution.log and distribution.high > distribution.low * (1 + _NARROW)


def to_unit(values: Float[Array, " n"], distribution: Numeric) -> Float[Array, " n"]:
    """Where numbers stand: ``(value - low) / (high - low)``, of logarithms if the range is curved.

    NaN for those that have no place: they are not finite, or have no logarithm.
    """
    is_read = np.isfinite(values) & ((values > 0.0) | (not distribution.log))
    values, low, high = np.where(is_read, values, np.nan), distribution.low, distribution.high
    if low == high:
        return np.where(is_read, 0.5, np.nan)
    if curved(distribution):  # NumPy's logarithm of one number and of many may differ
        values = np.fromiter(map(math.log, values.tolist()), float, len(values))
        low, high = math.log(low), math.log(high)
    low, high = float(low), float(high)
    if math.isinf(high - low):
        values, low, high = values / 2, low / 2, high / 2
    return np.clip((values - low) / (high - low), -OUTSIDE, 1.0 + OUTSIDE)


def from_unit(u: float, distribution: Numeric) -> int | float:
    """The legal number nearest to a place in the range, as a plain Python number."""
    u, low, high = min(max(u, 0.0), 1.0), distribution.low, distribution.high
    if curved(distribution):
        log_low, log_high = math.log(low), math.log(high)
        value: float = math.exp(min(log_low + u * (log_high - log_low), log_high))
    elif isinstance(distribution, IntDistribution):
        n = (int(high) - int(low)) // distribution.step
        value = int(low) + distribution.step * min(round(u * n), n)
    elif distribution.step is not None:
        value = low + round(u * _n_steps(distribution)) * distribution.step
    else:
        value = (1.0 - u) * low + u * high
    value = min(max(value, low), high)
    return _stored(value, distribution) if isinstance(distribution, IntDistribution) else value


def _stored(value: float, distribution: IntDistribution) -> int:
    """The nearest int that stays legal as a float, which is what a storage makes of it."""
    number = float(value)
    if number > distribution.high:
        number = math.nextafter(number, -math.inf)
    elif number < distribution.low:
        number = math.nextafter(number, math.inf)
    nearest = round(number)
    return nearest if distribution.low <= nearest <= distribution.high else round(value)


def _dimension(distribution: BaseDistribution) -> Dimension:
    if isinstance(distribution, CategoricalDistribution):
        return Dimension(n_choices=len(distribution.choices))
    distribution = numeric(distribution)
    if distribution.low == distribution.high:
        return Dimension(levels=(0.5,))
    low, high = distribution.low, distribution.high
    if not curved(distribution):
        n = _n_steps(distribution)
        if n < _MAX_LISTED:
            return Dimension(levels=tuple(np.linspace(0.0, 1.0, int(n) + 1).tolist()))
        return Dimension(lattice=Lattice(0, int(n))) if n < _MAX_STEPS else Dimension()
    if isinstance(distribution, FloatDistribution):
        return Dimension()
    if high - low < _MAX_LISTED:
        values = np.arange(float(low), float(high) + 1.0)
        return Dimension(levels=tuple(to_unit(values, distribution).tolist()))
    return Dimension(lattice=Lattice(int(low), int(high), log=True))


def numeric(distribution: BaseDistribution) -> Numeric:
    """The distribution itself, which must be one of numbers."""
    if not isinstance(distribution, (FloatDistribution, IntDistribution)):
        raise TypeError(f"expected one of Optuna's distributions, got {distribution!r}")
    return distribution


def places_of(values: Sequence[Any], distribution: BaseDistribution) -> Float[Array, " n"]:
    """Index of the choice or place in the range of each value; NaN for one that has none."""
    if isinstance(distribution, CategoricalDistribution):
        return np.array([index_of(value, distribution.choices) for value in values], dtype=float)
    return to_unit(np.array([*map(number_of, values)], dtype=float), numeric(distribution))


def fits(value: Any, distribution: BaseDistribution) -> bool:
    """Whether ``value`` is legal for ``distribution`` exactly as it is, type included."""
    if isinstance(distribution, CategoricalDistribution):
        return is_one_of(value, distribution.choices)
    distribution = numeric(distribution)
    kind = int if isinstance(distribution, IntDistribution) else float
    if type(value) is not kind or not distribution.low <= value <= distribution.high:
        return False
    if isinstance(distribution, IntDistribution):
        return bool((value - distribution.low) % distribution.step == 0)
    return is_on_grid(value, distribution.low, distribution.step)


def is_on_grid(value: float, low: float, step: float | None) -> bool:
    """Whether a number is whole steps away from another, as far as floats can tell."""
    if step is None:
        return True
    n = value / step - low / step  # in this order it cannot overflow
    return math.isclose(n, round(n), rel_tol=1e-12, abs_tol=1e-8)


def is_within(value: Any, distribution: BaseDistribution) -> bool:
    """Whether ``value`` is one of the choices, or a number in the range, of whatever type.

    One between the steps of a range is within; between integers there is none.
    """
    if isinstance(distribution, CategoricalDistribution):
        return index_of(value, distribution.choices) is not None
    number, distribution = number_of(value), numeric(distribution)
    if number is None or not distribution.low <= number <= distribution.high:
        return False
    return not isinstance(distribution, IntDistribution) or float(number).is_integer()


def as_choice(value: Any, distribution: BaseDistribution) -> Any:
    """A choice as the distribution has it: a tuple, say, for the list that a database made."""
    if isinstance(distribution, CategoricalDistribution):
        for choice in distribution.choices:
            if same_choice(choice, value):
                return choice
    return value


def is_kept_by_databases(distribution: BaseDistribution) -> bool:
    """Whether a database gives a distribution back as it is.

    It makes lists of tuples, which Optuna then takes for other choices: a parameter that has any
    may not be sampled as one whose distribution is known from earlier trials.
    """
    if not isinstance(distribution, CategoricalDistribution):
        return True
    return not any(isinstance(one, (list, tuple, Mapping)) for one in distribution.choices)


@dataclass(frozen=True)
class Encoded:
    """Points on the axes of a space.

    Args:
        X: The points, shape [n p].
        present: Which point has which parameter, shape [n d].
        known: Where the value could be read, too.
    """

    X: Float[Array, "n p"]
    present: Bool[Array, "n d"]
    known: Bool[Array, "n d"]

    @property
    def shared(self) -> Bool[Array, " d"]:
        """The parameters of which any value could be read."""
        return np.asarray(self.known.any(axis=0))


class Points(Protocol):
    """Trials that can be read on the axes of any space."""

    def encoded(self, encoding: Encoding) -> Encoded:
        """The points."""
        ...


@dataclass(frozen=True)
class Encoding:
    """A search space and its encoded domain, the parameters in the order of ``names``."""

    search_space: Mapping[str, BaseDistribution]
    dimensions: tuple[Dimension, ...]
    conditions: tuple[Condition, ...] = ()

    @classmethod
    def of(
        cls,
        search_space: Mapping[str, BaseDistribution],
        shapes: Sequence[Points] = (),
        exists: Collection[str] = (),
    ) -> Encoding:
        """The encoding of a search space.

        Args:
            search_space: The parameters.
            shapes: Trials from which it is learned under which values of others a parameter
                exists; what the first do not explain is learned from the next.
            exists: Parameters that are known to exist, whatever the trials say.
        """
        dimensions = tuple(_dimension(distribution) for distribution in search_space.values())
        plain = cls(dict(search_space), dimensions)
        found: dict[str, Condition] = {}
        for seen in (points.encoded(plain) for points in shapes):
            for one in learn_conditions(plain.domain, seen.X, seen.present, seen.known):
                found.setdefault(plain.names[one.child], one)
        conditions = [found[name] for name in plain.names if name in found and name not in exists]
        return cls(plain.search_space, dimensions, tuple(conditions))

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters."""
        return tuple(self.search_space)

    @cached_property
    def domain(self) -> Domain:
        """The encoded space."""
        return Domain(self.dimensions, self.conditions)

    def encode(self, params: Mapping[str, Any]) -> Float[Array, " p"]:
        """One point; parameters that it lacks, or that cannot be read, are absent."""
        return self.encode_many([params])[0]

    def encode_many(self, points: Sequence[Mapping[str, Any]]) -> Float[Array, "n p"]:
        """Several points, one a row."""
        places = np.full((len(points), len(self.names)), np.nan)
        for j, (name, distribution) in enumerate(self.search_space.items()):
            rows = [i for i, params in enumerate(points) if name in params]
            places[rows, j] = places_of([points[i][name] for i in rows], distribution)
        return self.placed(places)

    def placed(self, places: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Points from what :func:`places_of` gives of each parameter; NaN is absent."""
        domain = self.domain
        X = np.tile(domain.absent, (len(places), 1)).astype(float)
        for axis, part, column in zip(self.dimensions, domain.slices, places.T, strict=True):
            rows = np.flatnonzero(~np.isnan(column))
            if axis.n_choices:
                X[rows, part.start + column[rows].astype(int)] = ONE_HOT
            else:
                X[rows, part.start] = column[rows]
        return X

    def decode(self, x: Float[Array, " p"]) -> dict[str, Any]:
        """The parameters that exist at a point, legal and of plain Python types."""
        present = self.domain.present(x[None])[0]
        parts = zip(self.search_space.items(), self.domain.slices, present, strict=True)
        return {
            name: distribution.choices[int(x[part].argmax())]
            if isinstance(distribution, CategoricalDistribution)
            else from_unit(float(x[part][0]), numeric(distribution))
            for (name, distribution), part, exists in parts
            if exists
        }
