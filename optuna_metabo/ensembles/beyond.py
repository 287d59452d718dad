"""What parameters may do that sources lack.

A source says nothing of a parameter that it lacks, which may matter much more than all that it
knows. So the experts that believe it have a function of these parameters alone beside the
residual,

    y = tau (a phi(x) + b + r(x) + g(x_u) + noise),    g ~ GP(0, v k_u)

with the target's own lengthscales. Each has it of what its own sources lack: the common function
of what any of those lacks that it was learned from, the mean of what most do. How large it is,
relative to the basis functions, is the likeliest of a few by the evidence of the target's values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.kriging import Kernel
from optuna_metabo.shapes import Bool, Float, Int

# Variances that g may have, the usual one first. With one of them alone regret after ten trials
# was up to three times as large in cases like those of ``python -m studies.stress.added``.
_SIZES = (10.0, 1.0, 100.0)
# Sets of columns that are told apart: each costs some factorisations.
_MAX_SETS = 4


@dataclass(frozen=True)
class Beyond:
    """A function of the columns that an expert's sources lack, of mean 0.

    Args:
        kernel: The name of its correlation.
        size: Its variance, relative to the basis functions'; 0 where nothing is lacking.
    """

    kernel: str
    size: float

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is lacking."""
        return self.size == 0.0

    def likeliest(self, evidence: Callable[[Beyond], float]) -> Beyond:
        """Of the size with the most evidence; the usual one where none tells."""
        return max((replace(self, size=size) for size in _SIZES), key=evidence)


NOTHING = Beyond("", 0.0)


@dataclass(frozen=True)
class Lacking:
    """The columns that each of some functions lacks.

    Args:
        sets: Different sets of columns, shape [u p].
        place: The set of each function, shape [f].
    """

    sets: Bool[Array, "u p"]
    place: Int[Array, " f"]

    @classmethod
    def of(cls, lacks: Bool[Array, "f p"]) -> Lacking:
        """From the columns of each function."""
        sets, place = np.unique(lacks, axis=0, return_inverse=True)
        return cls(sets, place.reshape(-1))

    @property
    def of_each(self) -> Bool[Array, "f p"]:
        """The columns that each function lacks."""
        return self.sets[self.place]

    def fewer(self, weight: Float[Array, " f"]) -> Lacking:
        """With a few sets, those of the most weight: functions that lack another one count as
        lacking what most of them lack.
        """
        if len(self.sets) <= _MAX_SETS:
            return self
        largest = np.argsort(-np.bincount(self.place, weight), kind="stable")[: _MAX_SETS - 1]
        is_rare, lacks = ~np.isin(self.place, largest), self.of_each
        lacks[is_rare] = weight[is_rare] @ lacks[is_rare] > 0.5 * weight[is_rare].sum()
        return Lacking.of(lacks)

    def kernels(self, own: Kernel) -> dict[str, Kernel]:
        """Of the functions beyond, by name, with the target's own lengthscales."""
        of_sets = zip(self._usual, self.sets, strict=True)
        return {
            one.kernel: replace(own, lengthscale=np.where(lacks, own.lengthscale, np.inf))
            for one, lacks in of_sets
            if not one.is_nothing
        }

    def parts(self) -> Iterator[tuple[Beyond, Int[Array, " i"]]]:
        """What is beyond each set, of the usual size, and the functions that lack it."""
        for i, beyond in enumerate(self._usual):
            yield beyond, np.flatnonzero(self.place == i)

    @property
    def _usual(self) -> list[Beyond]:
        return [
            Beyond(f"lacking {np.flatnonzero(one).tolist()}", _SIZES[0]) if one.any() else NOTHING
            for one in self.sets
        ]
