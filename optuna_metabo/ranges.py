"""One range for a parameter whose range differs from trial to trial.

A range may depend on another parameter, ``suggest_float("hi", lo, 1)``, or have been changed by
the user. What is modelled lives on the union of all ranges that were seen, so that it is learned
anew only when that grows; what is proposed is looked for on the range that a trial asks for.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

from optuna_metabo.choices import same_choice
from optuna_metabo.encoding import Numeric, is_on_grid

Space = Mapping[str, BaseDistribution]

# A union is rounded outwards to so many parts of its length, lest it grows by a little each time.
_PARTS = 8
# Trials that have to agree in a range, and those among which they are looked for.
_FEW, _MOST_RECENT = 3, 32


@dataclass(frozen=True)
class Ranges:
    """Every parameter with the smallest distribution that holds all that it had.

    Args:
        space: Where the kind, the scale or the choices changed, the last one counts.
        grown: The parameters of which no single range held all.
    """

    space: Space
    grown: frozenset[str]

    @classmethod
    def of(cls, spaces: Iterable[Space]) -> Ranges:
        """Of distributions in the order given."""
        return cls.over(cls(space, frozenset()) for space in spaces)

    @classmethod
    def over(cls, several: Iterable[Ranges]) -> Ranges:
        """Of ranges in the order given."""
        found: dict[str, BaseDistribution] = {}
        grown: set[str] = set()
        for ranges in several:
            for name, distribution in ranges.space.items():
                before = found.get(name, distribution)
                if name in found and (before == distribution or holds(before, distribution)):
                    continue
                found[name] = _union(before, distribution)
                as_given = found[name] is distribution and name not in ranges.grown
                (grown.discard if as_given else grown.add)(name)
        return cls(found, frozenset(grown))

    @property
    def rounded(self) -> dict[str, BaseDistribution]:
        """Those that grew are rounded outwards, so that they do so seldom."""
        return {n: _rounded(d) if n in self.grown else d for n, d in self.space.items()}


def joint(spaces: Iterable[Space]) -> dict[str, BaseDistribution]:
    """Every parameter with a range that holds all of its ranges; see :class:`Ranges`."""
    return Ranges.of(spaces).rounded


def agreed(trials: Sequence[FrozenTrial], names: Sequence[str]) -> dict[str, BaseDistribution]:
    """Of some parameters the range in which the last few trials that have it agree, if they do.

    Where a range depends on another parameter they do not, and where a user changed it they do.
    """
    found: dict[str, list[BaseDistribution]] = {name: [] for name in names}
    for trial in reversed(trials[-_MOST_RECENT:]):
        for name, distribution in trial.distributions.items():
            if name in found and len(found[name]) < _FEW:
                found[name].append(distribution)
        if all(len(ranges) == _FEW for ranges in found.values()):
            break
    return {
        name: ranges[0]
        for name, ranges in found.items()
        if len(ranges) == _FEW and all(one == ranges[0] for one in ranges)
    }


def holds(outer: BaseDistribution, inner: BaseDistribution) -> bool:
    """Whether every value of ``inner`` has its place in ``outer``, on the same scale."""
    if isinstance(outer, CategoricalDistribution) or isinstance(inner, CategoricalDistribution):
        return _same_choices(outer, inner)
    return (
        isinstance(outer, Numeric)
        and isinstance(inner, Numeric)
        and outer.log == inner.log
        and outer.low <= inner.low
        and inner.high <= outer.high
    )


def _same_choices(a: BaseDistribution, b: BaseDistribution) -> bool:
    return (
        isinstance(a, CategoricalDistribution)
        and isinstance(b, CategoricalDistribution)
        and len(a.choices) == len(b.choices)
        and all(map(same_choice, a.choices, b.choices))
    )


def _union(a: BaseDistribution, b: BaseDistribution) -> BaseDistribution:
    """The smallest that holds both, ``b`` if none does."""
    if a is b:
        return b
    if not (isinstance(a, Numeric) and isinstance(b, Numeric) and a.log == b.log):
        return b
    low, high = min(a.low, b.low), max(a.high, b.high)
    if type(a) is type(b) and a.step == b.step and is_on_grid(b.low, a.low, a.step):
        return _with_range(a, low, high)
    return FloatDistribution(float(low), float(high), log=a.log)


def _with_range(like: Numeric, low: float, high: float) -> Numeric:
    if isinstance(like, IntDistribution):
        return IntDistribution(int(low), int(high), like.log, like.step)
    return FloatDistribution(low, high, like.log, like.step)


def _rounded(distribution: BaseDistribution) -> BaseDistribution:
    """A range whose ends are multiples of a part of its length, in powers of two."""
    if not isinstance(distribution, Numeric) or distribution.low == distribution.high:
        return distribution
    ends = [float(distribution.low), float(distribution.high)]
    low, high = [math.log(end) for end in ends] if distribution.log else ends
    if not math.isfinite(high - low) or high == low:
        return distribution
    part = 2.0 ** math.floor(math.log2(high - low)) / _PARTS
    low, high = math.floor(low / part) * part, math.ceil(high / part) * part
    if distribution.log:
        low, high = math.exp(low), math.exp(min(high, math.log(sys.float_info.max)))
    if not math.isfinite(high - low) or (low <= 0.0 and distribution.log):
        return distribution
    return _outwards(distribution, low, high)


def _outwards(distribution: Numeric, low: float, high: float) -> Numeric:
    """The distribution from at most ``low`` to at least ``high``, on its grid."""
    step = distribution.step
    if step is None:
        return _with_range(distribution, min(low, distribution.low), max(high, distribution.high))
    below = max(math.ceil((distribution.low - low) / step), 0)
    above = max(math.ceil((high - distribution.high) / step), 0)
    if distribution.log:  # an int, of step 1, and 1 at least
        below = min(below, int(distribution.low) - 1)
    return _with_range(
        distribution, distribution.low - below * step, distribution.high + above * step
    )
