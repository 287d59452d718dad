"""Points that a noisy objective was evaluated at more than once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Bool, Float, Int

# A value that is only believed is taken for the mean of so many, so that next to a point under way
# nothing is left to be gained, however noisy values are.
_BELIEVED = 1e4


@dataclass(frozen=True)
class Repeats:
    """What is known of the noisy values whose means stand at n points.

    Args:
        counts: How many they are, positive: the noise of their mean has the variance of one
            value's over this.
        squares: The sum of their squared deviations from their mean.
        freedom: So many of these are independent: one less than the values, or 0 where the
            deviations are not known on the scale of the mean.
    """

    counts: Float[Array, " n"]
    squares: Float[Array, " n"]
    freedom: Float[Array, " n"]

    @classmethod
    def none(cls, n: int) -> Repeats:
        """One value at each point."""
        return cls.of(np.ones(n))

    @classmethod
    def of(cls, counts: Float[Array, " n"]) -> Repeats:
        """So many values at each point, of which nothing but their mean is known."""
        return cls(counts, np.zeros(len(counts)), np.zeros(len(counts)))

    @classmethod
    def believed(cls, n: int) -> Repeats:
        """What is expected of each point, as if it were known."""
        return cls.of(np.full(n, _BELIEVED))

    def only(self, rows: Int[Array, " r"] | Bool[Array, " n"]) -> Repeats:
        """Of some points."""
        return Repeats(self.counts[rows], self.squares[rows], self.freedom[rows])

    def where(self, known: Bool[Array, " n"]) -> Repeats:
        """The same counts; deviations are forgotten where they are not known any more."""
        return replace(self, squares=self.squares * known, freedom=self.freedom * known)
