"""What the sources say, one by one and together, on one scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray as Array

from optuna_metabo.ensembles.common import Common
from optuna_metabo.ensembles.source_models import SourceModels

# A source whose function varies less than this part of its values' deviation is mostly noise.
_SIGNAL_FLOOR = 0.3
# So many sources come first by what their best points are worth to the others.
_MAX_ORDERED = 24


@dataclass(frozen=True)
class Functions:
    """What the sources say, one by one and together, standardised over the domain.

    Args:
        models: Of the single sources.
        common: What they have in common.
        centre: The mean of each function over the domain, shape [k + 1], the common one last.
        scale: Its deviation.
        order: The sources, those first whose best points serve all best.
    """

    models: SourceModels
    common: Common
    centre: Float[Array, " k+1"]
    scale: Float[Array, " k+1"]
    order: Int[Array, " k"]

    @classmethod
    def of(cls, models: SourceModels, common: Common, reference: Float[Array, "r p"]) -> Functions:
        """Standardised by their values at points that fill the domain."""
        models = replace(models, gp=models.gp.of_means)
        values = np.vstack([models.mean(reference), common.mean(reference)])
        centre, scale = values.mean(axis=1), np.maximum(values.std(axis=1), _SIGNAL_FLOOR)
        order = _order((values - centre[:, None])[:-1] / scale[:-1, None])
        return cls(models, common, centre, scale, order)

    def __len__(self) -> int:
        return len(self.order)

    @property
    def share(self) -> float:
        """How much of two sources' functions is explained by one another."""
        return self.common.share**2

    @property
    def opinions(self) -> Float[Array, " k+1"]:
        """How much each function is believed before the first value."""
        return np.r_[np.full(len(self), (1.0 - self.share) / len(self)), self.share]

    def __call__(self, X: Float[Array, "m p"]) -> Float[Array, "k+1 m"]:
        """Every function."""
        return np.vstack([self.single(X, np.arange(len(self))), self.joint(X)])

    def single(self, X: Float[Array, "m p"], index: Int[Array, " s"]) -> Float[Array, "s m"]:
        """Those of some sources."""
        return (self.models.mean(X, index) - self.centre[index, None]) / self.scale[index, None]

    def joint(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """What all have in common."""
        return (self.common.mean(X) - self.centre[-1]) / self.scale[-1]


def _order(phi: Float[Array, "k m"]) -> Int[Array, " k"]:
    """Sources, those first whose best points serve the others and one another best (greedy)."""
    best_of = phi[:, phi.argmax(axis=1)]
    covered = np.full(len(phi), -np.inf)
    order: list[int] = []
    for _ in range(min(len(phi), _MAX_ORDERED)):
        gain = np.maximum(best_of, covered[:, None]).mean(axis=0)
        gain[order] = -np.inf
        order.append(int(gain.argmax()))
        covered = np.maximum(covered, best_of[:, order[-1]])
    rest = np.setdiff1d(np.arange(len(phi)), order)
    return np.concatenate([np.array(order, dtype=int), rest])
