"""Before the first value: how good a point is by its rank in what the sources say.

Scales and units of the sources say nothing of the target's, ranks do: a point is worth what part
of the domain it beats, from 0 for the median and below to 1 for the best. So the first point is
the one of the least expected regret, counted from the best to the median; further points, asked
before any value is told, are the best complements of those before (a portfolio, Wistuba,
Schilling & Schmidt-Thieme 2015, "Sequential model-free hyperparameter tuning"). How far a
function may lie from its rank differs smoothly from point to point, so that next to a point under
way nothing is left to be gained: where sources agree, points spread over what they call good. Of
several objectives the hypervolume of the ranks decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.under_way import UnderWay
from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Posterior, TransferModel

# How far a function may lie from its rank: near ties are no order.
_VARIANCE = 0.01
# How soon that differs, in the functions' lengthscales. With one of them workers stay close
# together, with a tenth they come back to where others are: hpolib after 8 .117, .137 and .165,
# nb201 .139, .108 and .155, rosenbrock6 .013, .009 and .012.
SHARPNESS = 0.3
# The best part of the reference, by whose spread a rank beyond it is told.
_TOP = 0.9

# What past studies think of points.
Opinions = Callable[[Float[Array, "m p"]], Float[Array, "k m"]]


@dataclass(frozen=True)
class Ranks:
    """The distributions of k functions over the domain.

    Args:
        functions: Maps points to values.
        knots: Their values at reference points, each ascending, shape [k r].
    """

    functions: Opinions
    knots: Float[Array, "k r"]

    @classmethod
    def of(cls, functions: Opinions, reference: Float[Array, "r p"]) -> Ranks:
        """At points that fill the domain."""
        return cls(functions, np.sort(functions(reference), axis=1))

    def __call__(self, X: Float[Array, "m p"]) -> Float[Array, "k m"]:
        """The part of the domain that each point beats."""
        values, grid = self.functions(X), self._grid
        ranks = [np.interp(f, knots, grid) for f, knots in zip(values, self.knots, strict=True)]
        beyond = -np.expm1(-np.maximum(values - self.knots[:, -1:], 0.0) / self._spread)
        return np.stack(ranks) + (1.0 - grid[-1]) * beyond

    @cached_property
    def _grid(self) -> Float[Array, " r"]:
        """The part of the domain below each knot; beyond the last one ranks rise towards 1."""
        r = self.knots.shape[1]
        return (np.arange(r) + 0.5) / r

    @cached_property
    def _spread(self) -> Float[Array, "k 1"]:
        """How far the best knots of each function lie apart, by which what is beyond is told."""
        top = int(_TOP * self.knots.shape[1])
        return np.maximum(self.knots[:, -1:] - self.knots[:, top : top + 1], 1e-12)

    def worth(self, X: Float[Array, "m p"]) -> Float[Array, "k m"]:
        """max(0, 2 rank - 1): 0 at the median and below, 1 at the best."""
        return np.maximum(2.0 * self(X) - 1.0, 0.0)


@dataclass(frozen=True)
class Portfolio(TransferModel):
    """The model before the first value: each function is one opinion of the target.

    Args:
        ranks: Of the functions.
        opinions: The weight of each function, on the simplex.
        of_sources: That of each source, for the explanation.
        under_way: Points that are asked for and have no value yet.
        is_alone: Whether the target has no other objective.
    """

    ranks: Ranks
    opinions: Float[Array, " s"]
    of_sources: Float[Array, " k"]
    under_way: UnderWay
    is_alone: bool = True

    @property
    def weights(self) -> Float[Array, " k"]:
        """That of each source."""
        return self.of_sources

    @property
    def beside_others(self) -> Portfolio:
        """The model of one objective of several.

        What is no better than the median may be the price of being good at the others: there it
        counts how bad it is.
        """
        return replace(self, is_alone=False)

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """What a point is worth, in [0, 1]; alone, 0 is no better than the median."""
        worth = self.ranks.worth(X) if self.is_alone else self.ranks(X)
        variance = _VARIANCE * self.under_way.left(X)
        return Posterior(self.opinions, worth, np.tile(variance, (len(worth), 1)))
