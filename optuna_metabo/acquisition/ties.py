"""Which of equally good points: that of the axes an acquisition says nothing about.

Along a parameter that past studies do not know all points promise the same, and any would do. But
what is known of the others is known where past studies had that parameter, so that it had better
be there.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition.ascent import Acquisition
from optuna_metabo.acquisition.subspace import Subspace
from optuna_metabo.domain import ABSENT, Domain
from optuna_metabo.shapes import Bool, Float

# Points by which an axis is found to make no difference.
_N_TRIED = 4


def settled_as(
    acquisition: Acquisition,
    subspace: Subspace,
    x: Float[Array, " p"],
    given: Float[Array, "k p"],
    *,
    generator: np.random.Generator,
    tolerance: float,
) -> Float[Array, " p"]:
    """The point, along axes that make no difference where the nearest given point that has them
    stands.

    Args:
        acquisition: Maps points [m p] to values [m].
        subspace: Where the point may be.
        x: The point.
        given: Points with which to agree, some of them outside the space.
        generator: Draws the points by which an axis is found to make no difference.
        tolerance: How much a value may be worse and still be as good.
    """
    groups = subspace.domain.groups
    is_of = groups == np.arange(len(subspace.free))[:, None]
    tried = subspace.sample(_N_TRIED, generator=generator)
    moved = np.where(is_of[:, None], tried, x).reshape(-1, len(x))
    least = float(acquisition(x[None])[0]) - tolerance
    values = acquisition(subspace.project(moved)).reshape(-1, _N_TRIED)
    is_open = (values.min(axis=1) >= least) & subspace.free
    has = _has(subspace.domain, given) & is_open
    if not has.any():
        return x
    distance = np.sum((given - x)[:, ~is_open[groups]] ** 2, axis=1)
    nearest = np.argmin(np.where(has, distance[:, None], np.inf), axis=0)
    like = np.where(has.any(axis=0)[groups], given[nearest[groups], np.arange(len(x))], x)
    found = subspace.project(like[None])
    is_left = float(acquisition(found)[0]) >= least and not subspace.is_taken(found)[0]
    return np.asarray(found[0] if is_left else x)


def _has(domain: Domain, given: Float[Array, "k p"]) -> Bool[Array, "k d"]:
    """Which axes each point has a place on: the others it lacks, or lies outside of.

    The middle of a range is not told from what stands for an absent number.
    """
    inside = (given >= 0.0) & (given <= 1.0) & (given != ABSENT)
    placed = [
        (given[:, part] > 0.0).any(axis=1) if axis.n_choices else inside[:, part.start]
        for axis, part in zip(domain.dimensions, domain.slices, strict=True)
    ]
    return np.stack(placed, axis=1) & domain.present(given)
