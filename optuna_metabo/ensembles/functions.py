"""What the sources say, one by one and together, on one scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.common import Common
from optuna_metabo.ensembles.screening import CROWD, Anchors, nearest
from optuna_metabo.ensembles.source_models import SourceModels, telling
from optuna_metabo.ensembles.together import learn_together
from optuna_metabo.gp.expansion import Expansion, Terms
from optuna_metabo.memory import Memory
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.thinning import evenly

# A source whose function varies less than this part of its values' deviation is mostly noise.
_SIGNAL_FLOOR = 0.3
# So many sources speak for all before the first value: those whose best points are worth most
# to the others. More sources are taken for one of these each, the one most alike.
_MAX_CORE = 48
# Sources by which these are chosen.
_MAX_VOTERS = 1024
# Bytes of what is learned anew of some sources that are remembered, and points that tell their
# lengthscales: with all of them an ask that learns took three times as long.
_MAX_OF_SOME, _POINTS_OF_SOME = 2**20, 512
# Less than any square of what is believed; it keeps 0 / 0 from being asked.
_TINY = 1e-300
# The power of what is believed before any value that remains as odds when there are some. Weights
# that are right of the mean are too sure of single sources: with the weights themselves, tst_svm
# had less regret than without features in the first trials and more from the fourth one on; with
# their root, less throughout.
_TEMPER = 0.5


@dataclass(frozen=True)
class Functions:
    """What the sources say, one by one and together, standardised over the domain.

    Args:
        models: Of the single sources.
        common: What they have in common.
        centre: The mean of each function over the domain, shape [k + 1], the common one last.
        scale: Its deviation.
        order: The sources that are heard, those first whose best points serve all best, unless
            some are more believed than others before any value.
        core: Sources that speak for all before the first value, ascending.
        mass: For what part of the sources each of these speaks.
        anchors: What the sources say at points that fill the domain.
        belief: The odds of each source when values are to be explained, 1 on average.
        believed: How far each is believed by its features, 1 on average.
    """

    models: SourceModels
    common: Common
    centre: Float[Array, " functions"]
    scale: Float[Array, " functions"]
    order: Int[Array, " k"]
    core: Int[Array, " c"]
    mass: Float[Array, " c"]
    anchors: Anchors
    belief: Float[Array, " sources"]
    believed: Float[Array, " sources"]

    @classmethod
    def of(cls, models: SourceModels, common: Common, reference: Float[Array, "r p"]) -> Functions:
        """Standardised by their values at points that fill the domain."""
        values = np.vstack([models.mean(reference), common.mean(reference)])
        centre, scale = _size(values)
        phi = (values - centre[:, None])[:-1] / scale[:-1, None]
        heard = _heard(models.signal)
        order = _order(phi, telling(models.signal), np.flatnonzero(heard))
        core = np.sort(order[:_MAX_CORE])
        anchors = Anchors.of(reference, phi, models.lengthscale)
        mass, belief = _mass(phi, core, heard), heard / heard.mean()
        alike = np.ones(len(models))
        return cls(models, common, centre, scale, order, core, mass, anchors, belief, alike)

    def __len__(self) -> int:
        return len(self.models)

    @property
    def share(self) -> float:
        """The squared correlation of two sources (R²), ``common.share²``, times the effective
        number of those that the common function was learned from, as they are believed, over
        their number: it is that of all.
        """
        return self._evenness * self.common.share**2

    @cached_property
    def _evenness(self) -> float:
        """The effective number of these sources, as they are believed, over their number."""
        believed = self.believed[np.unique(self.common.owner)]
        return float(believed.mean() ** 2 / max(np.mean(believed**2), _TINY))

    @property
    def opinions(self) -> Float[Array, " opinions"]:
        """How much each of them is believed before the first value."""
        return np.r_[(1.0 - self.share) * self.mass, self.share]

    def __call__(self, X: Float[Array, "m p"]) -> Float[Array, "opinions m"]:
        """Those that speak for all, the common one last."""
        return self._core_voices(X)

    @cached_property
    def _core_voices(self) -> Voices:
        return self.voices(self.core)

    def opinion(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """What is expected of points before the first value."""
        return self.opinions @ self(X)

    def without(self, source: int) -> Functions:
        """Those of the other sources."""
        others = self.core != source
        return replace(
            self._with_common(self.common.without(source)),
            order=self.order[self.order != source],
            core=self.core[others],
            mass=self.mass[others] / self.mass[others].sum(),
        )

    def believing(self, belief: Float[Array, " k"]) -> Functions:
        """The same, the sources believed otherwise before any value, those most believed first."""
        phi, heard = self.anchors.guess(self.anchors.X), _heard(self.models.signal)
        odds = belief**_TEMPER * heard
        mass = _mass(phi, self.core, belief * heard)
        order = self.order[np.argsort(-belief[self.order], kind="stable")]
        return replace(self, order=order, belief=odds / odds.mean(), mass=mass, believed=belief)

    def among(self, index: Int[Array, " s"]) -> Functions:
        """What some sources say, learned anew as if they were alone; the others as they were.

        The lengthscales of very many are those of strangers to the few that matter.
        """
        return self._among.get(tuple(index.tolist()), lambda: self._of_some(index))

    @cached_property
    def _among(self) -> Memory[Functions]:
        """The same sources often take part in the next ask."""
        return Memory(_MAX_OF_SOME)

    def _of_some(self, index: Int[Array, " s"]) -> Functions:
        some, few = learn_together(self.models.alone(index), most=_POINTS_OF_SOME)
        likely = np.unique(few.owner)
        common = few.of_more([some.task(int(i)) for i in likely], index[likely])
        functions = self._with_common(common)
        centre, scale = functions.centre.copy(), functions.scale.copy()
        centre[index], scale[index] = _size(some.mean(self.anchors.X))
        models = self.models.with_some(index, some)
        return replace(functions, models=models, centre=centre, scale=scale)

    @cached_property
    def nearest(self) -> Int[Array, "k m"]:
        """For each source in ``order`` the places there of those that are most like it."""
        return nearest(self.anchors.guess(self.anchors.X)[self.order])

    def _with_common(self, common: Common) -> Functions:
        """With another function in the place of what all have in common."""
        centre, scale = _size(common.mean(self.anchors.X)[None])
        return replace(
            self,
            common=common,
            centre=np.r_[self.centre[:-1], centre],
            scale=np.r_[self.scale[:-1], scale],
        )

    def single(self, X: Float[Array, "m p"], index: Int[Array, " s"]) -> Float[Array, "s m"]:
        """Those of some sources."""
        return Voices(self.models.means(index), self.centre[index, None], self.scale[index, None])(
            X
        )

    def voices(self, index: Int[Array, " s"]) -> Voices:
        """Those of some sources and, last, what all have in common, for many calls."""
        terms = Terms.joined([self.models.terms(index), self.common.terms])
        means, rows = Expansion.of(terms, 1.0 / self.models.lengthscale), np.r_[index, -1]
        return Voices(means, self.centre[rows, None], self.scale[rows, None])


@dataclass(frozen=True)
class Voices:
    """Some functions, standardised.

    Args:
        means: As they are.
        centre: Over the domain.
        scale: Likewise.
    """

    means: Expansion
    centre: Float[Array, "s 1"]
    scale: Float[Array, "s 1"]

    def __getitem__(self, index: Bool[Array, " s"]) -> Voices:
        return Voices(self.means[index], self.centre[index], self.scale[index])

    def __call__(self, X: Float[Array, "m p"]) -> Float[Array, "s m"]:
        """At m points."""
        values = self.means(X)
        values -= self.centre
        values /= self.scale
        return values


def _size(values: Float[Array, "k r"]) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """Means and deviations of functions over the domain."""
    return values.mean(axis=1), np.maximum(values.std(axis=1), _SIGNAL_FLOOR)


def _heard(signal: Float[Array, " k"]) -> Float[Array, " k"]:
    """How likely each source is to say anything.

    Of very many the unlikely ones are not heard: together they would drown the others.
    """
    if len(signal) <= CROWD:
        return signal
    heard, likely = np.zeros(len(signal)), telling(signal)
    heard[likely] = signal[likely]
    return heard


def _order(
    phi: Float[Array, "k m"], index: Int[Array, " i"], heard: Int[Array, " h"]
) -> Int[Array, " h"]:
    """Those that are heard, first of them whose best points serve the others and one another best
    (greedy).

    Only some are asked and, of very many, an even spread.
    """
    voters = evenly(index, _MAX_VOTERS)
    best_of = phi[np.ix_(voters, phi[voters].argmax(axis=1))]
    covered = np.full(len(voters), -np.inf)
    order: list[int] = []
    for _ in range(min(len(voters), _MAX_CORE)):
        gain = np.maximum(best_of, covered[:, None]).mean(axis=0)
        gain[order] = -np.inf
        order.append(int(gain.argmax()))
        covered = np.maximum(covered, best_of[:, order[-1]])
    rest = np.setdiff1d(heard, voters[order])
    return np.concatenate([voters[order], rest])


def _mass(
    phi: Float[Array, "k m"], core: Int[Array, " c"], belief: Float[Array, " k"]
) -> Float[Array, " c"]:
    """The part of all functions, as far as they are believed, that are most like each of some,
    which are like themselves.
    """
    unit = phi / np.maximum(np.linalg.norm(phi, axis=1, keepdims=True), 1e-300)
    alike = np.argmax(unit @ unit[core].T, axis=1)
    alike[core] = np.arange(len(core))
    return np.bincount(alike, belief, minlength=len(core)) / belief.sum()
