"""The Gaussian process of the target's own trials."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.ranking import held_out_ranking_loss
from optuna_metabo.ensembles.scores import is_flat
from optuna_metabo.gp.exact import GP, Batch
from optuna_metabo.gp.fit import HyperparameterPrior, fit_map, unpack
from optuna_metabo.memory import Memory, digest
from optuna_metabo.repeats import Repeats
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Posterior, Task
from optuna_metabo.tasks import bounded
from optuna_metabo.thinning import by_even_ranks

# How far the level of the target's log lengthscales may lie from that of its sources.
_KERNEL_LEVEL = 0.5
# Values to which hyperparameters are fitted, at first and in the end.
_FEW, _MANY = 48, 128
# From so many values on they are fitted again only when there are so many times more.
_FIRST_REFIT, _MORE = 10, 1.2
# Hyperparameters that were fitted, a hundred bytes each.
_FITTED: Memory[Array] = Memory(2**18)


@dataclass(frozen=True)
class Scale:
    """Standardised values and the way back to the target's units."""

    centre: float
    scale: float

    @classmethod
    def of(cls, y: Float[Array, " n"]) -> Scale:
        """Mean and standard deviation; 1 for the latter where values do not differ.

        Those that differ by rounding do not: it is no larger than the scale, whatever their size.
        """
        if not len(y):
            return cls(0.0, 1.0)
        if is_flat(y):
            return cls(float(y[0]), max(float(np.ptp(y)), 1.0))
        return cls(float(y.mean()), float(y.std()) or 1.0)

    @classmethod
    def from_best(cls, y: Float[Array, " n"]) -> Scale:
        """As :meth:`of`, but centred at the best value."""
        return cls(float(y.max()), cls.of(y).scale)

    def standardise(self, task: Task) -> Task:
        """The task with its values on this scale."""
        return task.scaled(self.centre, self.scale)

    def restore(
        self,
        weights: Float[Array, " s"],
        means: Float[Array, "s m"],
        variances: Float[Array, "s m"],
    ) -> Posterior:
        """A mixture of standardised values in the target's units."""
        return Posterior(weights, self.centre + self.scale * means, self.scale**2 * variances)


def target_theta(
    target: Task, groups: Int[Array, " p"], source_theta: Float[Array, " t"] | None
) -> Float[Array, " t"]:
    """The target's log hyperparameters, held near those of the sources if there are any.

    From ten values on, where the trials' order is known, they are those of the first 10, 12, 15,
    18, ... of them, so that most asks need no fit, and what they are depends on the trials alone:
    a process that resumes the study fits the same.
    """
    return fitted_theta(first_told(target), groups, source_theta)


def first_told(target: Task) -> Task:
    """What hyperparameters are fitted to: the values that are :func:`settled`."""
    return (
        target if target.whole is None else fitted_to(target.whole, n_settled(len(target.whole)))
    )


def fitted_to(whole: Task, m: int) -> Task:
    """What hyperparameters are fitted to once so many values are told: very low ones of ten and
    more are drawn up as a search has them.
    """
    first = whole.only(np.arange(m))
    return first if m < _FIRST_REFIT else first.transformed(bounded(first.y))


def settled(target: Task) -> Task:
    """What was told at the first 10, 12, 15, 18, ... points, where the trials' order is known."""
    if target.whole is None:
        return target
    return target.whole.only(np.arange(n_settled(len(target.whole))))


def n_settled(n: int) -> int:
    """The last of 10, 12, 15, 18, ... that ``n`` has reached; ``n`` itself if it is smaller."""
    reached = min(n, _FIRST_REFIT)
    while reached >= _FIRST_REFIT and math.ceil(_MORE * reached) <= n:
        reached = math.ceil(_MORE * reached)
    return reached


def fitted_theta(
    task: Task, groups: Int[Array, " p"], source_theta: Float[Array, " t"] | None
) -> Float[Array, " t"]:
    """As :func:`target_theta` of these very values, whatever their scale; remembered."""
    theta = np.zeros(0) if source_theta is None else source_theta
    key = digest(*parts(task), groups, theta)
    return _FITTED.get(key, lambda: _fitted(task, groups, source_theta))


def parts(task: Task) -> tuple[Array, ...]:
    """The numbers by which what is learned of a task is told from what is learned of others."""
    tally = task.tally
    return task.X, task.y, tally.counts, tally.squares, tally.freedom


def _fitted(
    target: Task, groups: Int[Array, " p"], source_theta: Float[Array, " t"] | None
) -> Float[Array, " t"]:
    """Those of many values are fitted to an even spread of their ranks.

    First to a few, then from there to more: what further ones would change moves no proposal, and
    takes most of the time.
    """
    prior = HyperparameterPrior.default(int(groups.max()) + 1)
    if source_theta is not None:
        loc = np.r_[source_theta[:-2], prior.loc[-2:]]
        prior = replace(prior, loc=loc, scale=np.r_[_KERNEL_LEVEL, prior.scale[1:]])
    if len(target) < 2:
        return prior.loc
    theta = prior.loc
    for most in (_FEW, _MANY) if len(target) > 2 * _FEW else (_MANY,):
        some = target.thinned(most, by_even_ranks)
        theta = fit_map(Batch.of([Scale.of(some.y).standardise(some)]), groups, prior, theta)
    return theta


def leave_one_out_loss(target: Task, groups: Int[Array, " p"]) -> float:
    """The ranking loss of values that a GP of the others predicts; of many, of an even spread."""
    some = target.thinned(_MANY, by_even_ranks)
    data, theta = Batch.of([Scale.of(some.y).standardise(some)]), _fitted(some, groups, None)
    mean, _ = GP.condition(data, unpack(theta, 1), groups).leave_one_out()
    return float(held_out_ranking_loss(mean[0], data.y[0]))


def fit_target(
    target: Task,
    pending: Float[Array, "q p"],
    groups: Int[Array, " p"],
    source_theta: Float[Array, " t"] | None,
) -> GP:
    """A GP of standardised values."""
    theta = target_theta(target, groups, source_theta)
    return conditioned(target, pending, groups, theta)


def conditioned(
    task: Task,
    pending: Float[Array, "q p"],
    groups: Int[Array, " p"],
    theta: Float[Array, " t"],
) -> GP:
    """A GP with log hyperparameters that are known.

    Pending points take the value that is expected of them ("Kriging believer", Ginsbourger,
    Le Riche & Carraro 2010, "Kriging is well-suited to parallelize optimization"), so that the
    next proposal goes elsewhere.
    """
    hyperparameters = unpack(theta, 1)
    gp = GP.condition(Batch.of([task]), hyperparameters, groups)
    if not len(pending):
        return gp
    repeats = Repeats.believed(len(pending))
    believed = Task(pending, gp.mean(pending)[0], repeats=repeats)
    return GP.condition(Batch.of([Task.joined([task, believed])]), hyperparameters, groups)
