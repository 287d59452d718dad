"""What a trial is spent on, and where it goes if not to the place that promises most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.acquisition import Acquisition, maximise
from optuna_metabo.acquisition.gain import improvement_on_best
from optuna_metabo.belief import begin_anew, past_counts
from optuna_metabo.ensembles.scores import is_flat
from optuna_metabo.frame import Frame
from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import N_LED, Model, TransferModel
from optuna_metabo.tasks import Task

# Quasi-random points of which the best that is free is taken.
N_LOOKED_AT = 32
# What part of the values' range a trial is to be expected to gain, by its number in turn; with
# less it is spent elsewhere, as soon as so many values are known: most of the space may be
# unknown. Past studies that knew of a slope alone kept five of twenty studies on an edge for good;
# others kept studies on their hill, off a better one: regret after 40 trials .125 with the first
# part alone and .002 with both; a thousandth twice costs .004 on the grids of tst_svm.
_WORTHWHILE, _FIRST_LOOK = (1e-3, 1e-4, 0.0), 10
# Of so few trials more failed ones than others, and so many at least, show that past studies
# promise what fails here. They are sure of it: places of a small chance were gone for time and
# again, and after a success the corners farthest from all failures. Without one there is nothing
# else to go by, however many failed. With four, six and eight in ``studies.stress.smaller``, 16
# seeds, regret is level where a quarter of the space does not fail, and after 15 trials .63, .68
# and .80 where a twelfth does not.
_FIRST_FEW, NO_ACCIDENT = 6, 2


Stage = Literal["start-up", "anew", "best"]


@dataclass(frozen=True)
class Prospect:
    """What decides what a trial is spent on.

    Args:
        believed: What is believed of each objective, worked out where it is asked for.
        seen: The values of each.
        n_failed: How many trials that got to a parameter failed.
        n_succeeded: How many did not.
        is_limited: Whether a point may be worth nothing: no trial looks elsewhere then.
        is_start_up: Whether there is too little to be modelled.
    """

    believed: Callable[[], Sequence[TransferModel]]
    seen: Sequence[Task]
    n_failed: int
    n_succeeded: int
    is_limited: bool
    is_start_up: bool

    @property
    def stage(self) -> Stage:
        """The place that promises most is looked for once there is something to be modelled,
        unless past studies have misled so far, about values or about what fails.
        """
        if self.is_start_up:
            return "start-up"
        is_misled = begin_anew(self.believed()) or self.is_led_to_failures
        return "anew" if is_misled else "best"

    @property
    def is_led_to_failures(self) -> bool:
        """Whether past studies promise what fails here."""
        return mostly_fail(self.n_failed, self.n_succeeded) and past_counts(self.believed())

    def spent_on(self, x: Float[Array, "1 p"], number: int) -> Stage | Literal["elsewhere"]:
        """What a trial is spent on where ``x`` promises most, or where the trial was."""
        stage = self.stage
        if stage != "best" or self.is_limited:
            return stage
        models = self.believed()
        chose, with_past = [one.acting for one in models], past_counts(models)
        is_elsewhere = looks_elsewhere(chose, self.seen, x, number, with_past=with_past)
        return "elsewhere" if is_elsewhere else "best"


def mostly_fail(n_failed: int, n_succeeded: int) -> bool:
    """Whether most of the first few trials failed, or all of any number, not by accident."""
    is_early = n_failed + n_succeeded <= _FIRST_FEW or not n_succeeded
    return is_early and n_failed >= NO_ACCIDENT and n_failed > n_succeeded


def looks_elsewhere(
    models: Sequence[Model],
    seen: Sequence[Task],
    x: Float[Array, "1 p"],
    number: int,
    *,
    with_past: bool,
) -> bool:
    """Whether a trial of one objective is spent on another place than the best one, which promises
    too little.

    Where all values are equal nothing tells one place from another but how far it is from those
    seen, which is farthest in the corners. What past studies say counts for the first few trials.

    Args:
        models: What chooses, of each objective.
        seen: The values of each, as a search looks at them.
        x: Where most is promised, or where the trial was.
        number: The trial's.
        with_past: Whether past studies say anything.
    """
    if len(models) > 1 or not len(seen[0]):
        return False
    (model,), (task,) = models, seen
    if is_flat(task.y):
        return len(task) >= N_LED or not with_past
    worthwhile = _WORTHWHILE[number % len(_WORTHWHILE)]
    if len(task) < _FIRST_LOOK or not worthwhile:
        return False
    (gain,) = improvement_on_best(model, task, task.X[:0])(x)
    return bool(gain < np.log(worthwhile * np.ptp(task.y)))


def quasi_random(
    frame: Frame,
    taken: Float[Array, "f p"],
    *,
    seed: int,
    number: int,
    worth: Acquisition = lambda X: np.zeros(len(X)),
) -> Float[Array, " p"]:
    """The point of a scrambled Sobol' sequence with the trial's number, or the best of the next.

    Args:
        frame: What the trial may propose.
        taken: Points not to be proposed.
        seed: Of the sequence.
        number: The trial's.
        worth: Of points of the joint axes; of equal ones the first is taken.

    Returns:
        On the trial's own axes.
    """
    encoding, subspace = frame.encoding, frame.subspace(taken)
    sobol = scipy.stats.qmc.Sobol(len(encoding.names), rng=np.random.default_rng(seed))
    if number:
        sobol.fast_forward(number)
    X = subspace.project(encoding.domain.from_unit(sobol.random(N_LOOKED_AT)))
    X = subspace.without_taken(X)
    if len(X):
        return X[worth(frame.embedding(X)).argmax()]
    generator = np.random.default_rng([seed, number])
    return maximise(lambda Z: generator.random(len(Z)), subspace, X[:0], generator=generator)
