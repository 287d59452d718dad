"""Numbers that are known of each study before its first value: the size of its data set, say."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.arguments import names_in
from optuna_metabo.attributes import number
from optuna_metabo.logs import warn
from optuna_metabo.reading import listed
from optuna_metabo.shapes import Float

FeaturesOf = Sequence[str] | Mapping[str, Mapping[str, float]] | None

# The name of a study and its user attributes.
Known = tuple[str, Mapping[str, Any]]

_EXPECTED = (
    "names of user attributes, such as ['n_rows', 'n_classes'], or a mapping "
    "from study names to numbers by name"
)


@dataclass(frozen=True)
class Features:
    """Which numbers of a study count as its features.

    Args:
        names: Of the features.
        given: The numbers by the names of the studies, where they are not user attributes.
        warned: Studies and features of which the user has been told that there is none.
    """

    names: tuple[str, ...]
    given: Mapping[str, Mapping[str, Any]] | None = None
    warned: set[tuple[str, str]] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, request: FeaturesOf) -> Features | None:
        """What the user asks for.

        Raises:
            TypeError: If it is none of the documented kinds.
            ValueError: If it names nothing, or a feature twice.
        """
        if request is None:
            return None
        if isinstance(request, Mapping):
            names = _named_in(request)
            given = {study: dict(one) for study, one in request.items()}
        else:
            names, given = names_in("features", request, _EXPECTED), None
        if not names or len(set(names)) < len(names):
            expected = f"{_EXPECTED}, each once and one at least"
            raise ValueError(f"features expects {expected}, got {request!r}")
        return cls(tuple(names), given)

    def table(self, studies: Iterable[Known]) -> Float[Array, "k f"]:
        """The features of some studies; NaN of one that a study does not have."""
        rows = [[number(told.get(one)) for one in self.names] for told in map(self._told, studies)]
        return np.array(rows, dtype=float).reshape(len(rows), len(self.names))

    def warn_of_missing(self, target: Known, past: Collection[Known]) -> None:
        """One warning for all that the target and past studies lack and was not told before."""
        unnamed = self._unnamed([target, *past])
        missing = [self._missing(one, target, past) for one in self.names]
        if any(missing):
            warn(f"features left out: {'; '.join(filter(None, [*missing, unnamed]))}.")

    def _unnamed(self, studies: Collection[Known]) -> str:
        """Which studies the mapping does not name and the user was not told of, or nothing."""
        given = {name for name, _ in studies} if self.given is None else self.given
        told = {name for name, _ in self.warned}
        names = [name for name, _ in studies if name not in given and name not in told]
        return f"the mapping has no entry for {listed(names)}" if names else ""

    def _missing(self, feature: str, target: Known, past: Collection[Known]) -> str:
        """Where a feature is newly found missing, or nothing."""
        own, lacking = self._lacking(feature, [target]), self._lacking(feature, past)
        new = [one for one in (*own, *lacking) if (one, feature) not in self.warned]
        self.warned.update((one, feature) for one in new)
        where = listed(new)
        if len(lacking) == len(past) and not {*new}.isdisjoint(lacking):
            where = "any past study" + "".join(f", nor in {one!r}" for one in own)
        return f"{feature!r} is no finite number in {where}" if new else ""

    def _lacking(self, feature: str, studies: Collection[Known]) -> list[str]:
        return [one[0] for one in studies if math.isnan(number(self._told(one).get(feature)))]

    def _told(self, study: Known) -> Mapping[str, Any]:
        """What is known of a study, its features among it."""
        name, attributes = study
        return attributes if self.given is None else self.given.get(name, {})


def _named_in(request: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The features of a mapping from study names to numbers by name."""
    numbers = [one for one in request.values() if isinstance(one, Mapping)]
    names = list(dict.fromkeys(name for one in numbers for name in one))
    are_texts = all(isinstance(name, str) for name in (*request, *names))
    if len(numbers) < len(request) or not are_texts:
        raise TypeError(f"features expects {_EXPECTED}, got {request!r}")
    return names
