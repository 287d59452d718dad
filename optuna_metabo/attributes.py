"""The numbers among a study's user attributes, and how a file keeps them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Float, Int

# Of one study; what has more of them is no table of features.
_MAX_KEPT = 64


def numbers(attributes: Mapping[str, Any]) -> dict[str, float]:
    """Those that are finite, in the order of their names; of very many the first."""
    found = {name: number(attributes[name]) for name in sorted(attributes)}
    told = {name: one for name, one in found.items() if not math.isnan(one)}
    return dict(list(told.items())[:_MAX_KEPT])


def number(value: Any) -> float:
    """A finite number as a float; NaN of anything else."""
    if not isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
        return math.nan
    try:
        found = float(value)
    except OverflowError:  # of a whole number that no float holds
        return math.nan
    return found if math.isfinite(found) else math.nan


@dataclass(frozen=True)
class Described:
    """The numbers of some studies: most of a thousand have the same few names.

    Args:
        names: Different sets of names.
        places: That of each study, shape [k].
        values: Of all studies, one after the other.
    """

    names: tuple[tuple[str, ...], ...]
    places: Int[Array, " k"]
    values: Float[Array, " n"]

    @classmethod
    def of(cls, studies: Sequence[Mapping[str, float]]) -> Described:
        """Of the numbers of each study."""
        found = {tuple(one): i for i, one in enumerate(dict.fromkeys(map(tuple, studies)))}
        places = np.array([found[tuple(one)] for one in studies], dtype=np.int64)
        values = np.array([x for one in studies for x in one.values()], dtype=float)
        return cls(tuple(found), places, values)

    @classmethod
    def unpacked(cls, text: Mapping[str, Any], arrays: Mapping[str, Array], n: int) -> Described:
        """As it stands in a file of n studies; one of an earlier release has none.

        Raises:
            ValueError, LookupError, TypeError: If it is not what it was made of.
        """
        if "attributes" not in text:
            return cls(((),), np.zeros(n, dtype=np.int64), np.zeros(0))
        places, values = arrays["described"], arrays["attributes"]
        if places.dtype != np.int64 or values.dtype != np.float64:
            raise ValueError("the attributes are of another kind")
        names = tuple(tuple(map(str, some)) for some in text["attributes"])
        return cls(names, places.reshape(-1), values.reshape(-1))

    def studies(self) -> list[dict[str, float]]:
        """The numbers of each study.

        Raises:
            ValueError: If there are more or fewer of them than there are names.
            LookupError: If there is no set of names in a place.
        """
        if (self.places < 0).any():
            raise IndexError("a study has a place that no table has")
        names = [self.names[place] for place in self.places.tolist()]
        values = iter(self.values.tolist())
        found = [dict(zip(some, values, strict=False)) for some in names]
        if sum(map(len, names)) != len(self.values):
            raise ValueError("there is not one attribute for each name")
        return [numbers(one) for one in found]
