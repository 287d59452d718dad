"""What the arrays of what was learned may hold, once they come from a file.

A checksum tells that a file is whole, not who wrote it. For each class there is a table: of each
field its shape, by the lengths of the others, and between which numbers it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# Values and weights: their squares stay in float64. Points are of the unit cube, or not far off.
_MOST, _FAR = 1e100, 1e6
# The least of what is divided by, and the most of a lengthscale or its inverse; its logarithm.
_LEAST, _LONGEST, _LOG_LONGEST = 1e-30, 1e30, 69.0
# Parts that add up to 1 may exceed it by as little.
_ROUNDING = 1e-9
# Sources that anybody has.
_MOST_SOURCES = 2**20

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Meant:
    """What a field holds.

    Args:
        kind: Of its numbers, as NumPy calls it: f, i or b.
        shape: Its lengths; ``None`` is any.
        low: No number is smaller.
        high: Nor larger.
    """

    kind: str
    shape: Shape
    low: float
    high: float

    def check(self, name: str, value: Any) -> None:
        """Raises a ``ValueError`` that names the field if it holds anything else."""
        array = np.asarray(value)
        lengths = zip(array.shape, self.shape, strict=False)
        has_shape = array.ndim == len(self.shape) and all(m in (n, None) for n, m in lengths)
        if array.dtype.kind != self.kind or not has_shape:
            raise ValueError(
                f"{name} has kind {array.dtype.kind} and shape {[*array.shape]}, expected "
                f"{self.kind} and {[*self.shape]}"
            )
        # NaN lies between no numbers.
        if not ((array >= self.low) & (array <= self.high)).all():
            raise ValueError(f"{name} holds numbers that it cannot have")


def numbers(*shape: int | None, low: float = -_MOST, high: float = _MOST) -> Meant:
    """Finite numbers."""
    return Meant("f", shape, low, high)


def places(*shape: int | None, n: int) -> Meant:
    """Those of ``n`` things."""
    return Meant("i", shape, 0, n - 1)


def mask(*shape: int | None) -> Meant:
    """Truth values."""
    return Meant("b", shape, 0, 1)


def _points(*shape: int | None) -> Meant:
    return numbers(*shape, low=-_FAR, high=_FAR)


def _part(*shape: int | None) -> Meant:
    return numbers(*shape, low=0.0, high=1.0 + _ROUNDING)


def _positive(*shape: int | None, most: float = _MOST) -> Meant:
    return numbers(*shape, low=_LEAST, high=most)


def _at_least_0(*shape: int | None) -> Meant:
    return numbers(*shape, low=0.0)


Fields = Mapping[str, Meant]


def _of_task(it: Any) -> Fields:
    n, p = it.X.shape
    of_known = {} if it.known is None else {"known": mask(p)}
    return {"X": _points(n, p), "y": numbers(n), **of_known}


def _of_repeats(it: Any) -> Fields:
    n = len(it.counts)
    return {"counts": _positive(n), "squares": _at_least_0(n), "freedom": _at_least_0(n)}


def _of_batch(it: Any) -> Fields:
    k, n, p = it.X.shape
    return {
        "X": _points(k, n, p),
        "y": numbers(k, n),
        "mask": mask(k, n),
        "known": mask(k, p),
        "counts": _positive(k, n),
        "squares": _at_least_0(k),
        "freedom": _at_least_0(k),
    }


def _of_source_models(it: Any) -> Fields:
    k, n, p = it.data.X.shape
    return {
        "theta": numbers(None, low=-_LOG_LONGEST, high=_LOG_LONGEST),
        "noise": _positive(k, most=1.0),
        "alpha": numbers(k, n),
        "signal": _part(k),
        "groups": places(p, n=len(it.theta) - 2),
    }


def _of_common(it: Any) -> Fields:
    n, p = it.X.shape
    return {
        "X": _points(n, p),
        "coefficients": numbers(n),
        "inverse_lengthscale": numbers(p, low=0.0, high=_LONGEST),
        "share": _part(),
        "noise": _at_least_0(),
        "y": numbers(n),
        "owner": places(n, n=_MOST_SOURCES),
        "counts": _positive(n),
    }


def _of_anchors(it: Any) -> Fields:
    r, p = it.X.shape
    return {
        "X": _points(r, p),
        "lengthscale": _positive(p, most=_LONGEST),
        "weights": numbers(None, r),
    }


def _of_functions(it: Any) -> Fields:
    k, p, c = len(it.models), len(it.models.groups), len(it.core)
    return {
        "common.X": _points(None, p),
        "common.owner": places(None, n=k),
        "centre": numbers(k + 1),
        "scale": _positive(k + 1),
        "order": places(None, n=k),
        "core": places(c, n=k),
        "mass": _at_least_0(c),
        "anchors.X": _points(None, p),
        "anchors.weights": numbers(k, None),
        "belief": _at_least_0(k),
        "believed": _at_least_0(k),
    }


def _of_ranks(it: Any) -> Fields:
    return {"knots": numbers(len(it.functions.core) + 1, None)}


def _of_averaging(it: Any) -> Fields:
    k, p = len(it.functions), len(it.functions.models.groups)
    return {
        "groups": places(p, n=len(it.functions.models.theta) - 2),
        "trust": _part(),
        **{f"some.{i}.0": places(n=k) for i in range(len(it.some))},
        **{f"some.{i}.1.X": _points(None, p) for i in range(len(it.some))},
    }


def _of_success(it: Any) -> Fields:
    n, p, u = len(it.past), len(it.domain.groups), len(it.used)
    return {
        "past.X": _points(n, p),
        "known": mask(p),
        "study": places(n, n=u),
        "used": places(u, n=it.n_sources),
        "n_sources": places(n=_MOST_SOURCES),
    }


_MEANT: Mapping[str, Callable[[Any], Fields]] = {
    "Anchors": _of_anchors,
    "AveragingPrior": _of_averaging,
    "Batch": _of_batch,
    "Common": _of_common,
    "Functions": _of_functions,
    "Ranks": _of_ranks,
    "Repeats": _of_repeats,
    "SourceModels": _of_source_models,
    "SuccessPrior": _of_success,
    "Task": _of_task,
}


def check(restored: Any) -> None:
    """Raises a ``ValueError`` that names the field if one holds what none can.

    What it is made of has been checked before.
    """
    kind = type(restored).__name__
    meant = _MEANT[kind](restored) if kind in _MEANT else {}
    for path, one in meant.items():
        one.check(f"{kind}.{path}", _at(restored, path.split(".")))


def _at(value: Any, path: list[str]) -> Any:
    """What stands at the end of a path of fields and places."""
    for name in path:
        value = value[int(name)] if name.isdecimal() else getattr(value, name)
    return value
