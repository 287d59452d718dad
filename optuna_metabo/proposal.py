"""One proposal: what is known of a study in, parameters out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array
from scipy.stats import qmc

from optuna_metabo.acquisition import Subspace, log_expected_improvement, maximise
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
class Situation:
    """A study at the moment of asking.

    Args:
        encoding: Of the joint search space.
        target: The finished trials.
        pending: The running trials, encoded, shape [q p].
        taken: Every point asked so far, shape [f p].
        blank: Numbers of the running trials of which no parameter is known.
        fixed: What the trial holds already.
    """

    encoding: Encoding
    target: Task
    pending: Float[Array, "q p"]
    taken: Float[Array, "f p"]
    blank: Sequence[int]
    fixed: Mapping[str, Any]

    @property
    def subspace(self) -> Subspace:
        """Where the trial may still go."""
        encoding = self.encoding
        columns = np.zeros(len(encoding.domain.groups), dtype=bool)
        for name, part in zip(encoding.names, encoding.domain.slices, strict=True):
            columns[part] = name in self.fixed
        return Subspace(encoding.domain, columns, encoding.encode(self.fixed), self.taken)


def propose(
    situation: Situation,
    prior: Prior,
    optima: Float[Array, "k p"],
    *,
    seed: int,
    number: int,
) -> dict[str, Any]:
    """The parameters that promise the largest expected improvement.

    Other processes' trials of which nothing is known yet are imagined first, each as the process
    that asked for it would have answered, so that workers starting together complement each other.

    Args:
        situation: The study.
        prior: What the sources say.
        optima: The best points of the sources.
        seed: With the trial's number, all that the answer's randomness depends on.
        number: The number of the trial.
    """
    target = situation.target
    if len(target) >= _MIN_WINSORISED:
        target = Task(target.X, winsorise(target.y)).thinned(_MAX_TRIALS)
    pending, subspace = situation.pending, situation.subspace
    best = target.X[np.argsort(-target.y, kind="stable")[:_N_INCUMBENTS]]
    starts = np.concatenate([best, optima])
    for asked in [*situation.blank[-_MAX_BLANK:], number]:
        model = prior.condition(target, pending)
        x = maximise(
            partial(_gain, model, target, pending),
            subspace,
            starts,
            generator=np.random.default_rng([seed, asked]),
        )
        pending = np.concatenate([pending, x[None]])
        taken = np.concatenate([subspace.taken, x[None]])
        subspace = Subspace(subspace.domain, subspace.fixed, subspace.values, taken)
    return situation.encoding.decode(x)


def _gain(
    model: Model, target: Task, pending: Float[Array, "q p"], X: Float[Array, "m p"]
) -> Float[Array, " m"]:
    """Log expected improvement; before the first value, over the pending points of each expert.

    With nothing to improve upon it is the expected value. The first points of a study so cover
    the optima of the sources greedily: each is the best complement of those before.
    """
    posterior = model.posterior(X)
    if len(target):
        incumbents = np.full(len(posterior.weights), target.y.max())
    elif len(pending):
        incumbents = model.posterior(pending).means.max(axis=1)
    else:
        return posterior.mean
    return log_expected_improvement(posterior, incumbents)


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
