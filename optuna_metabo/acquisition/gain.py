"""What models promise of points: the acquisition functions, asked of what is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition.ascent import Acquisition
from optuna_metabo.acquisition.feasibility import log_probability_of_feasibility
from optuna_metabo.acquisition.hypervolume import (
    Corners,
    boxes,
    log_expected_hypervolume_improvement,
    nondominated,
    thin,
)
from optuna_metabo.acquisition.logei import log_expected_improvement
from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Model, Posterior
from optuna_metabo.tasks import Task

# Those of which the best is improved upon, after what is expected of them.
_MAX_INCUMBENTS = 64


class Caution(NamedTuple):
    """How likely a point that past studies choose is at least to be better than the median of all,
    and the power of what that chance falls short by.
    """

    likely: float
    power: float


# What is not known at all is better than the median in every other case: with one of five past
# studies opposed the second trial was at its best point, the worst of the space.
CAREFUL = Caution(0.75, 48.0)
# Where past studies lack a parameter or a choice, that is to be found out.
CURIOUS = Caution(0.5, 4.0)


def log_chance(
    limits: Sequence[Model], powers: Sequence[float], X: Float[Array, "m p"]
) -> Float[Array, " m"]:
    """Log probability that all limits hold, each to a power."""
    total = np.zeros(len(X))
    for limit, power in zip(limits, powers, strict=True):
        total = total + power * log_probability_of_feasibility(limit.posterior(X))
    return total


def value(model: Model, X: Float[Array, "m p"]) -> Float[Array, " m"]:
    """The expected value."""
    return model.posterior(X).mean


def improvement_on(model: Model, incumbent: float, X: Float[Array, "m p"]) -> Float[Array, " m"]:
    """Log expected improvement on one value."""
    posterior = model.posterior(X)
    return log_expected_improvement(posterior, np.full(len(posterior.weights), incumbent))


def log_caution(
    found: Posterior, medians: Float[Array, " s"], caution: Caution
) -> Float[Array, " m"]:
    """The log of what an improvement is multiplied by, (P / likely)^power, P the probability that
    a point is better than the median; 0 where it is likely enough.

    Args:
        found: What is expected of m points.
        medians: Of what each expert expects of all points.
        caution: How likely is enough.
    """
    above = replace(found, means=found.means - medians[:, None])
    short = log_probability_of_feasibility(above) - np.log(caution.likely)
    return caution.power * np.minimum(short, 0.0)


def improvement_on_best(
    model: Model,
    seen: Task,
    pending: Float[Array, "q p"],
    within: Float[Array, "r p"] | None = None,
    all_over: Float[Array, "a p"] | None = None,
    caution: Caution = CAREFUL,
) -> Acquisition:
    """Log expected improvement of each expert on the best that it expects of what was seen, and of
    what is under way.

    Args:
        model: Of the objective.
        seen: What was seen.
        pending: What is under way.
        within: Points of the part of the space that a trial is bound to, if it is to one. Where
            nothing there comes near what was seen, it is to be the best of that part.
        all_over: Points that stand for all, where the improvement is to be no tail of what is
            expected: times :func:`log_caution`.
        caution: There.
    """
    best = np.argsort(-seen.y, kind="stable")[:_MAX_INCUMBENTS]
    incumbents = model.posterior(np.concatenate([seen.X[best], pending])).means.max(axis=1)
    if within is not None:
        incumbents = np.minimum(incumbents, model.posterior(within).means.max(axis=1))
    if all_over is None:
        return lambda X: log_expected_improvement(model.posterior(X), incumbents)
    medians = np.median(model.posterior(all_over).means, axis=1)

    def cautious(X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """The posterior is worked out once for both."""
        found = model.posterior(X)
        gain = log_expected_improvement(found, incumbents)
        return gain + log_caution(found, medians, caution)

    return cautious


def undominated(known: Float[Array, "k m"], good: Float[Array, "f m"]) -> Corners:
    """The boxes that no good point dominates, feasible or pending.

    The reference is a tenth of the range below the worst of what was seen and of what is expected
    at the sources' optima, where one objective is best and the others may be at their worst.
    """
    span = np.ptp(known, axis=0)
    reference = known.min(axis=0) - 0.1 * np.where(span > 0.0, span, 1.0)
    return boxes(thin(good[nondominated(good)]), reference)


def expected(models: Sequence[Model], X: Float[Array, "q p"]) -> Float[Array, "q m"]:
    """The expected value of each of several objectives."""
    if not len(X):
        return np.zeros((0, len(models)))
    return np.stack([model.posterior(X).mean for model in models], axis=1)


def hypervolume_improvement(
    models: Sequence[Model], corners: Corners, X: Float[Array, "n p"]
) -> Float[Array, " n"]:
    """Log expected improvement of the hypervolume above what is undominated."""
    posteriors = [model.posterior(X) for model in models]
    return log_expected_hypervolume_improvement(posteriors, corners)
