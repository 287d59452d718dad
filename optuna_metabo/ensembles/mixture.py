"""What the model average believes after some values: who chooses, and what is predicted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.calibration import Calibration, plausible, unit, unseen
from optuna_metabo.ensembles.experts import CLOSE, OPPOSED, RIVAL, Bases, Group, Relation
from optuna_metabo.ensembles.functions import Functions
from optuna_metabo.ensembles.kriging import Kernel, Kriging
from optuna_metabo.ensembles.predictor import Predictor
from optuna_metabo.ensembles.screening import Kept
from optuna_metabo.ensembles.target import Scale
from optuna_metabo.ensembles.turns import Seen, Turn
from optuna_metabo.gp.expansion import Correlations
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.surrogate import Posterior, TransferModel

# An expert, or one of its scales, with this part of the largest weight moves no proposal.
_NEGLIGIBLE = 1e-3
# Little is what lies below an average point by more than so many deviations.
_LITTLE = 1.0


def is_little(phi: Float[Array, " m"]) -> Bool[Array, " m"]:
    """Whether a standardised function expects little."""
    return phi < -_LITTLE


@dataclass(frozen=True)
class Ready:
    """What predicts, for many calls.

    Args:
        weights: Of experts and their scales.
        predictor: Of these.
        bases: The experts' functions.
        places: Which of these each expert has.
        correlations: With the target's points, by the names of kernels.
        groups: Of the krigings, with the experts that count.
    """

    weights: Float[Array, " c"]
    predictor: Predictor
    bases: Bases
    places: Int[Array, " e"]
    correlations: dict[str, Correlations]
    groups: list[Group]

    def posterior(self, X: Float[Array, "m p"]) -> tuple[Float[Array, "c m"], Float[Array, "c m"]]:
        """Means and variances of the values on the target's scale."""
        basis = self.bases.at(X)
        found = {name: one(X).T for name, one in self.correlations.items()}
        correlation = np.stack([group.correlation(found) for group in self.groups])
        return self.predictor.posterior(correlation, basis.rows[self.places], basis.deviations)


@dataclass(frozen=True)
class AveragingModel(TransferModel):
    """The experts with their weights.

    Args:
        functions: What the sources say.
        bases: What the experts need of them.
        kept: The sources that have experts.
        agreement: How far the function of each goes with the values, from -1 to 1.
        X: The target's points, and after them the pending ones.
        kernels: By name.
        groups: The experts; the rival's group is the last.
        krigings: One for each group.
        expert_weights: Of each expert, in the order of the groups, and each of its scales.
        scale: Of the target's values.
        seen: What decides, with the weights, whose turn it is.
        calibration: Tells how wrong they have been about sources left out, worked out when it is
            asked for; without, errors are what they mostly are.
    """

    functions: Functions
    bases: Bases
    kept: Kept
    agreement: Float[Array, " s"]
    X: Float[Array, "N p"]
    kernels: dict[str, Kernel]
    groups: list[Group]
    krigings: list[Kriging]
    expert_weights: Float[Array, "e j"]
    scale: Scale
    seen: Seen
    calibration: Callable[[], Calibration] = unseen

    @property
    def weights(self) -> Float[Array, " k"]:
        """A source's own experts and its share of those for all.

        Of these, which know no single sources, one has the larger share the more its function
        goes with the target's values, or against them where the opposite is believed.
        """
        weights, order = np.zeros(len(self.functions)), self.bases.order
        for group, told in zip(self.groups, self._by_group(self.expert_weights), strict=True):
            for expert, weight in zip(group.experts, told.sum(axis=1), strict=True):
                is_joint = expert.basis in (order.common, order.mean)
                shares = self._shares(group.relation.slope) if is_joint else 1.0
                weights[expert.sources] += weight * shares
        return weights

    def _shares(self, sign: float) -> Float[Array, " s"]:
        shares = self.kept.shares * np.maximum(sign * self.agreement, 0.0)
        return shares / shares.sum() if shares.sum() > 0.0 else self.kept.shares

    def _by_group(self, experts: Array) -> list[Array]:
        """What stands for each expert, for those of each group."""
        ends = np.cumsum([len(group.experts) for group in self.groups])
        return np.split(experts, ends[:-1])

    def _are(self, relation: Relation) -> Bool[Array, " e"]:
        """Which experts are of a relation."""
        return np.repeat(
            [group.relation == relation for group in self.groups],
            [len(group.experts) for group in self.groups],
        )

    def weight(self, relation: Relation) -> float:
        """What all experts of a relation have together."""
        return float(self.expert_weights[self._are(relation)].sum())

    @property
    def opposition(self) -> float:
        """The part of all weight that the sources' opposites have."""
        return self.weight(OPPOSED) / float(self.expert_weights.sum())

    @property
    def knows_all(self) -> bool:
        """Whether nothing is beyond any expert; of a crowd, most of whom are unrelated, it is not
        known who knows: levy10 among 990 strangers, regret at 25 was .11 where they counted.
        """
        return not self.kept.of_crowd and all(group.beyond.is_nothing for group in self.groups)

    @property
    def _turn(self) -> Turn:
        """What decides who chooses the next point."""
        return Turn(self.seen, rival=self.weight(RIVAL), opposed=self.weight(OPPOSED))

    @cached_property
    def acting(self) -> AveragingModel:
        """The experts whose turn it is."""
        chooser, weights = self._turn.chooser, self.expert_weights.copy()
        if chooser is not None:
            weights[~self._are(chooser)] = 0.0
        return replace(self, expert_weights=weights)

    @property
    def reported(self) -> CalibratedModel:
        """What is predicted of the target's values."""
        return CalibratedModel(self, self.calibration())

    @property
    def begins_anew(self) -> bool:
        """Whether the sources have misled so far, so that points elsewhere are wanted."""
        return self._turn.begins_anew

    def would_tell(self, X: Float[Array, "m p"]) -> Bool[Array, " m"]:
        """Which points would tell whether the sources mislead.

        At first those of which little is expected: bad values there speak for the sources, others
        are welcome. After that any. Sources that are doubted from the start may still know what is
        bad: then those of which more than the average is expected.
        """
        expected = self.bases.at(X).of_all(self.functions.share)
        if self._turn.is_doubted:
            return expected > 0.0
        return is_little(expected) | (self.seen.n_tests > 0)

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """The mixture of all experts that count, and of their scales."""
        return self.scale.restore(self._ready.weights, *self._ready.posterior(X))

    @cached_property
    def _ready(self) -> Ready:
        """What counts, made ready for many calls."""
        whole = self.expert_weights.sum(axis=1)
        counts = (whole > _NEGLIGIBLE * whole.max())[:, None]
        largest = np.max(self.expert_weights, where=counts, initial=0.0)
        counts = counts & (self.expert_weights > _NEGLIGIBLE * largest)
        weights = self.expert_weights[counts]
        return self._made_ready(weights / weights.sum(), counts)

    def _made_ready(self, weights: Float[Array, " c"], counts: Bool[Array, "e j"]) -> Ready:
        """With the experts and scales that count."""
        parts = zip(self.groups, self.krigings, self._by_group(counts), strict=True)
        active = [part for part in parts if part[2].any()]
        groups = [group.only(np.flatnonzero(some.any(axis=1))) for group, _, some in active]
        predictor = Predictor.of(*zip(*(part[1:] for part in active), strict=True))
        names = {name for group in groups for name in group.kernels}
        correlations = {name: self.kernels[name].correlations(self.X) for name in names}
        places = np.array([expert.basis for group in groups for expert in group.experts])
        return Ready(weights, predictor, self.bases.only(groups), places, correlations, groups)

    def expected(
        self, X: Float[Array, "m p"], spread: float
    ) -> tuple[Posterior, Float[Array, " m"]]:
        """What is predicted, no farther below the best than is plausible, and the size of an error
        that could be expected of it.

        Args:
            X: Points.
            spread: How far values usually lie below the best.
        """
        best, deviation = self.scale.centre, self.scale.scale
        found = plausible(self.posterior(X), best, spread, deviation)
        return found, self._unit(X, found, spread)

    def _unit(
        self, X: Float[Array, "m p"], mixture: Posterior, spread: float
    ) -> Float[Array, " m"]:
        return unit(mixture, self.novelty(X), self.scale.centre, spread)

    def errors(
        self, X: Float[Array, "m p"], y: Float[Array, " m"], spread: float
    ) -> Float[Array, " m"]:
        """By how many such units values lie below what is predicted."""
        mixture = self.posterior(X)
        return (mixture.mean - y) / self._unit(X, mixture, spread)

    def novelty(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """The part of the residual's variance that is left after the values, from 0 to 1: of those
        close experts that are believed most.
        """
        weights = [weight.sum() for weight in self._by_group(self.expert_weights)]
        single = [one.relation == CLOSE and not one.has_deviations for one in self.groups]
        i = int(np.argmax(np.where(single, weights, -1.0)))
        group = self.groups[i]
        found = {name: self.kernels[name].correlation(self.X, X) for name in group.kernels}
        return self.krigings[i].residual.left(group.correlation(found), np.zeros((0, len(X))))


@dataclass(frozen=True)
class CalibratedModel:
    """What is predicted of the target's values; proposals are made by the experts themselves.

    Args:
        experts: With their weights.
        calibration: How wrong they have been about sources left out.
    """

    experts: AveragingModel
    calibration: Calibration

    @property
    def weights(self) -> Float[Array, " k"]:
        """How much each source counts."""
        return self.experts.weights

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """The mixture of the experts, as wide as it has been wrong."""
        return self.calibration.correct(*self.experts.expected(X, self.calibration.spread))


def tested(phi: Float[Array, " n"], y: Float[Array, " n"]) -> tuple[int, bool]:
    """How many points of which little was expected have been seen, and whether values go with what
    was expected, of one point less than the average: among good ones nothing tells for or against.
    """
    return int(is_little(phi).sum()), bool(phi.min() < 0.0 < (phi - phi.mean()) @ (y - y.mean()))
