"""What single sources say and what they share, with lengthscales that they tell together.

How values bend along a parameter that matters little, a source of a few trials does not tell from
a straight line; the rest looks like noise. So lengthscales fitted to one source beside the other
are too long there, however many sources there are, and what all expect is best on the border of
the space. Sources that are alike tell it together, as tasks of one process, see :mod:`.common`.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.common import MAX_POINTS, Common
from optuna_metabo.ensembles.source_models import SourceModels, telling
from optuna_metabo.gp.exact import Batch
from optuna_metabo.gp.fit import HyperparameterPrior, fit_map
from optuna_metabo.repeats import Repeats
from optuna_metabo.shapes import Float
from optuna_metabo.tasks import Task
from optuna_metabo.thinning import evenly

# From such a share on sources are alike. On lcbench, with a third, lengthscales of some points of
# all sources were no better than those of all points of some.
_ALIKE = 0.6
# Points that are fitted together.
_MAX_POINTS = 256
# By how much the evidence of all points must be larger, in nats. Where lengthscales hide an
# optimum it is a hundred and more; with 30, as on sphere40, the first trial was worse (.23, was
# .09).
_CLEARLY = 50.0


def learn_together(models: SourceModels, *, most: int = MAX_POINTS) -> tuple[SourceModels, Common]:
    """Sources and what they share, with their own lengthscales or those that explain all points
    of them together clearly better.

    Args:
        models: Of the sources.
        most: Points of them that tell their lengthscales, and how much they share.
    """
    likely = telling(models.signal)
    tasks = [models.task(int(i)) for i in likely]
    learned = partial(Common.learn, tasks, groups=models.groups, places=likely, most=most)
    common = learned(np.exp(models.theta[:-2]))
    if len(tasks) < 2 or common.share < _ALIKE:
        return models, common
    theta = _fitted(models, common)
    other = learned(np.exp(theta[:-2]))
    if other.log_evidence < common.log_evidence + _CLEARLY:
        return models, common
    return models.with_lengthscales(theta), other


def _fitted(models: SourceModels, common: Common) -> Float[Array, " t"]:
    """Log hyperparameters of an even spread of the points; of axes that some source lacks, which
    these do not know, as they were.
    """
    rows = evenly(np.arange(len(common.X)), _MAX_POINTS)
    known, repeats = common.known, Repeats.of(common.counts[rows])
    points = Task(common.X[rows], common.y[rows], known, repeats=repeats)
    prior = HyperparameterPrior.default(len(models.theta) - 2)
    alike = common.alike[np.ix_(rows, rows)]
    batch, before = Batch.of([points]), models.theta
    theta = fit_map(batch, models.groups, prior, before, alike=alike, has_unit_scale=True)
    is_told = np.isin(np.arange(len(theta)), models.groups[known])
    return np.where(is_told, theta, before)
