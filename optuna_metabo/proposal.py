"""One proposal: what is known of a study in, parameters out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray as Array
from scipy.stats import qmc

from optuna_metabo.acquisition import (
    Acquisition,
    Subspace,
    boxes,
    log_expected_hypervolume_improvement,
    log_expected_improvement,
    log_probability_of_feasibility,
    maximise,
    nondominated,
    thin,
)
from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.scores import winsorise
from optuna_metabo.surrogate import Model, Prior, Task

# The target's best points from which the search for the next one starts.
_N_INCUMBENTS = 5
# With fewer values the bad ones are needed to tell which sources agree.
_MIN_WINSORISED = 10
# The target's trials that are modelled: the cost of asking does not grow beyond.
_MAX_TRIALS = 300
# Trials of other processes of which nothing is known yet, and which are imagined one by one.
_MAX_BLANK = 8


@dataclass(frozen=True)
class Belief:
    """What has been seen of one output of a study, and what its sources say of it."""

    seen: Task
    prior: Prior


@dataclass(frozen=True)
class Situation:
    """A study at the moment of asking.

    Args:
        encoding: Of the joint search space.
        objectives: Seen at the same n points each.
        limits: What must be 0 at least: the slack of constraints, and success.
        feasible: Which of the n points break no constraint.
        pending: The running trials, encoded, shape [q p].
        taken: Every point asked so far, shape [f p].
        blank: Numbers of the running trials of which no parameter is known.
        fixed: What the trial holds already.
    """

    encoding: Encoding
    objectives: tuple[Belief, ...]
    limits: tuple[Belief, ...]
    feasible: Bool[Array, " n"]
    pending: Float[Array, "q p"]
    taken: Float[Array, "f p"]
    blank: Sequence[int]
    fixed: Mapping[str, Any]

    @property
    def n_seen(self) -> int:
        """The number of different points that have values."""
        return len(self.objectives[0].seen)

    @property
    def subspace(self) -> Subspace:
        """Where the trial may still go."""
        encoding = self.encoding
        columns = np.zeros(len(encoding.domain.groups), dtype=bool)
        for name, part in zip(encoding.names, encoding.domain.slices, strict=True):
            columns[part] = name in self.fixed
        return Subspace(encoding.domain, columns, encoding.encode(self.fixed), self.taken)


def propose(
    situation: Situation, optima: Float[Array, "k p"], *, seed: int, number: int
) -> dict[str, Any]:
    """The parameters that promise the largest expected improvement.

    Other processes' trials of which nothing is known yet are imagined first, each as the process
    that asked for it would have answered, so that workers starting together complement each other.

    Args:
        situation: The study.
        optima: The best points of the sources.
        seed: With the trial's number, all that the answer's randomness depends on.
        number: The number of the trial.
    """
    objectives = [_without_outliers(belief.seen) for belief in situation.objectives]
    Y = np.stack([task.y for task in objectives], axis=1)
    good = Y[situation.feasible]
    first = objectives[0]
    best = [task.X[np.argsort(-task.y, kind="stable")[:_N_INCUMBENTS]] for task in objectives]
    if len(situation.limits) and len(good):
        best.append(first.X[situation.feasible][good[:, 0].argsort()[-_N_INCUMBENTS:]])
    starts = np.concatenate([*best, optima])
    pending, subspace = situation.pending, situation.subspace
    for asked in [*situation.blank[-_MAX_BLANK:], number]:
        models = [
            belief.prior.condition(task.thinned(_MAX_TRIALS), pending)
            for belief, task in zip(situation.objectives, objectives, strict=True)
        ]
        limits = [
            belief.prior.condition(belief.seen.thinned(_MAX_TRIALS), pending)
            for belief in situation.limits
        ]
        x = maximise(
            _gain(models, limits, Y, good, pending, optima),
            subspace,
            starts,
            generator=np.random.default_rng([seed, asked]),
        )
        pending = np.concatenate([pending, x[None]])
        taken = np.concatenate([subspace.taken, x[None]])
        subspace = Subspace(subspace.domain, subspace.fixed, subspace.values, taken)
    return situation.encoding.decode(x)


def _without_outliers(task: Task) -> Task:
    return Task(task.X, winsorise(task.y)) if len(task) >= _MIN_WINSORISED else task


def _gain(
    models: Sequence[Model],
    limits: Sequence[Model],
    Y: Float[Array, "n m"],
    good: Float[Array, "f m"],
    pending: Float[Array, "q p"],
    optima: Float[Array, "k p"],
) -> Acquisition:
    """The logarithm of the improvement expected of a point, times its chance to be feasible.

    As long as no trial is feasible, the chance alone.

    Args:
        models: Of the objectives.
        limits: Of what must be 0 at least.
        Y: Values seen.
        good: Those of them that are feasible.
        pending: Running trials.
        optima: The best points of the sources.
    """

    def log_chance(X: Float[Array, "m p"]) -> Float[Array, " m"]:
        parts = [log_probability_of_feasibility(limit.posterior(X)) for limit in limits]
        return np.sum(parts, axis=0) if parts else np.zeros(len(X))

    if len(Y) and not len(good):
        return log_chance
    if len(models) == 1:
        improvement = partial(_improvement, models[0], good[:, 0], pending, bool(limits))
    else:
        known = np.concatenate([Y, _expected(models, optima)])
        corners = _undominated(known, np.concatenate([good, _expected(models, pending)]))
        improvement = partial(_hypervolume_improvement, models, corners)
    return (lambda X: improvement(X) + log_chance(X)) if limits else improvement


def _improvement(
    model: Model,
    good: Float[Array, " f"],
    pending: Float[Array, "q p"],
    is_limited: bool,
    X: Float[Array, "m p"],
) -> Float[Array, " m"]:
    """Log expected improvement; before the first value, over the pending points of each expert.

    With nothing to improve upon it is the expected value; where that is to be weighed by a chance,
    the improvement upon 0, an average point of the sources. The first points of a study so cover
    the optima of the sources greedily: each is the best complement of those before.
    """
    posterior = model.posterior(X)
    if len(good):
        incumbents = np.full(len(posterior.weights), good.max())
    elif len(pending):
        incumbents = model.posterior(pending).means.max(axis=1)
    elif is_limited:
        incumbents = np.zeros(len(posterior.weights))
    else:
        return posterior.mean
    return log_expected_improvement(posterior, incumbents)


Corners = tuple[Float[Array, "b m"], Float[Array, "b m"]]


def _undominated(known: Float[Array, "k m"], good: Float[Array, "f m"]) -> Corners:
    """The boxes that no good point dominates, feasible or pending.

    The reference is a tenth of the range below the worst of what was seen and of what is expected
    at the sources' optima, where one objective is best and the others may be at their worst.
    """
    span = np.ptp(known, axis=0)
    reference = known.min(axis=0) - 0.1 * np.where(span > 0.0, span, 1.0)
    return boxes(thin(good[nondominated(good)]), reference)


def _expected(models: Sequence[Model], X: Float[Array, "q p"]) -> Float[Array, "q m"]:
    if not len(X):
        return np.zeros((0, len(models)))
    return np.stack([model.posterior(X).mean for model in models], axis=1)


def _hypervolume_improvement(
    models: Sequence[Model], corners: Corners, X: Float[Array, "m p"]
) -> Float[Array, " m"]:
    posteriors = [model.posterior(X) for model in models]
    return log_expected_hypervolume_improvement(posteriors, corners)


def start_up(situation: Situation, *, seed: int, number: int) -> dict[str, Any]:
    """The point of a scrambled Sobol' sequence with the trial's number, if it is not taken."""
    d = len(situation.encoding.domain.dimensions)
    sobol = qmc.Sobol(d, rng=np.random.default_rng(seed))
    if number:
        sobol.fast_forward(number)
    subspace = situation.subspace
    X = subspace.project(situation.encoding.domain.from_unit(sobol.random(1)))
    if len(subspace.without_taken(X)):
        return situation.encoding.decode(X[0])
    generator = np.random.default_rng([seed, number])
    x = maximise(lambda Z: generator.random(len(Z)), subspace, X[:0], generator=generator)
    return situation.encoding.decode(x)
