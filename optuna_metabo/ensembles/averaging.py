"""The default: Bayesian model averaging over what the sources say and a plain GP.

Each expert says that the target is, up to scale and offset, its basis function and a residual:

    y = tau (a phi(x) + b + r(x) + noise),   a ~ N(1, v),   r ~ GP(0, rho² k)

``phi`` is one source's function, what all sources have in common, the mean of the sources with
their deviations from it as further directions (then the target may be any combination of them),
or nothing at all: the plain GP, a rival of all others. Scale, slope and offset are integrated
out, see :mod:`.kriging`, so that the units of the sources do not matter. An expert's weight is
its prior weight times its evidence, which by the chain rule is the product of its predictions of
every value before it was seen (Dawid 1984, "prequential").

Before the first value the sources' ranks decide, see :mod:`.portfolio`. Every expert shares one
Cholesky factor for each residual: k sources cost O(k n²), not n³.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.common import Common
from optuna_metabo.ensembles.experts import DISTANT, Basis, Group, all_groups
from optuna_metabo.ensembles.functions import Functions
from optuna_metabo.ensembles.kriging import Kernel, Kriging, Residual
from optuna_metabo.ensembles.portfolio import Portfolio, Ranks
from optuna_metabo.ensembles.scores import tempered_scores
from optuna_metabo.ensembles.screening import Kept, screened
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.target import Scale, target_theta
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.surrogate import Model, Posterior, Prior, Task

_N_REFERENCE = 256
# Values by which the sources that take part are chosen.
_MAX_SCREENED = 32
# An expert, or one of its scales, with this part of the largest weight moves no proposal.
_NEGLIGIBLE = 1e-3
# From so many values on, every so manyth ask is the rival's until it has less of the weight: what
# it finds tells the experts apart, where values around the sources' optima do not.
_FIRST_PROBE, _PROBE_EVERY, _REFUTED = 5, 3, 0.01
# The rival takes part in the first few asks only with more of the weight.
_CONVINCING = 0.5


@dataclass(frozen=True)
class Averaging:
    """Bayesian model averaging; see the module.

    Args:
        plain: The weight of the rival, the plain GP, before the first value.
        joint: That of the functions that all sources speak for, shared out between what they have
            in common and their combinations as the sources themselves suggest; single sources hold
            the rest.
        share_kernel: Whether the residual's lengthscales are those of the sources, or the target's
            own.
        probe: Whether the rival has asks of its own.

    Raises:
        ValueError: If the weights are not positive or leave nothing.
    """

    plain: float = 0.1
    joint: float = 0.85
    share_kernel: bool = True
    probe: bool = True

    def __post_init__(self) -> None:
        if min(self.plain, self.joint) <= 0.0 or self.plain + self.joint >= 1.0:
            raise ValueError(
                "expected plain > 0, joint > 0 and plain + joint < 1, got "
                f"plain={self.plain!r}, joint={self.joint!r}"
            )

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Fits the sources, one by one and together, and brings their functions to one scale."""
        models = SourceModels.learn(sources, domain, scores=tempered_scores)
        tasks = [replace(task, y=tempered_scores(task.y)) for task in sources]
        common = Common.learn(tasks, np.exp(models.theta[:-2]), domain.groups)
        reference = domain.sample(_N_REFERENCE, generator=generator)
        functions = Functions.of(models, common, reference)
        return AveragingPrior(self, functions, Ranks.of(functions, reference), domain.groups)


@dataclass(frozen=True)
class AveragingPrior:
    """What the sources say, before the target's first value."""

    settings: Averaging
    functions: Functions
    ranks: Ranks
    groups: Int[Array, " p"]

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Weighs the experts by their evidence."""
        if not len(target):
            weights = np.zeros(len(self.functions))
            weights[self.functions.core] = (1.0 - self.settings.plain) * self.functions.mass
            return Portfolio(self.ranks, self.functions.opinions, weights)
        kernels = self._kernels(target)
        scale = Scale.from_best(target.y)
        target = scale.standardise(target)
        kept, X = self._screened(kernels["shared"], target), np.concatenate([target.X, pending])
        plain, joint = self.settings.plain, self.settings.joint
        groups = list(all_groups(kept.sources, self.functions.share, plain=plain, joint=joint))
        basis = Basis.of(self.functions, X, kept, groups)
        krigings = [group.condition(kernels[group.kernel], X, target.y, basis) for group in groups]
        prior = [expert.prior_weight for group in groups for expert in group.experts]
        evidence = np.concatenate([kriging.log_evidence for kriging in krigings])
        with np.errstate(divide="ignore"):  # an expert without a share has none afterwards
            weights = np.asarray(scipy.special.softmax(np.log(prior)[:, None] + evidence))
        return AveragingModel(
            self, kept, X, kernels, groups, krigings, weights, scale, len(target)
        )

    def _kernels(self, target: Task) -> dict[str, Kernel]:
        """The rival's, and the one of the residuals from the sources."""
        theta = target_theta(target, self.groups, None)
        shared = np.r_[self.functions.models.theta[:-2], theta[-2:]]
        shared = shared if self.settings.share_kernel else theta
        return {"own": Kernel.of(theta, self.groups), "shared": Kernel.of(shared, self.groups)}

    def _screened(self, kernel: Kernel, target: Task) -> Kept:
        """The sources whose distant experts have the most evidence, by the values as told."""
        told = target.whole or target
        few = Scale.from_best(told.y).standardise(told).thinned(_MAX_SCREENED)
        residual = Residual.factorise(kernel, DISTANT.rho, few.X, np.zeros((0, len(few))))

        def evidence(phi: Float[Array, "s n"]) -> Float[Array, " s"]:
            kriging = Kriging.condition(residual, DISTANT.coefficients, few.y, phi)
            return np.asarray(scipy.special.logsumexp(kriging.log_evidence, axis=1))

        guess = partial(self.functions.anchors.guess, few.X)
        return screened(self.functions.order, guess, evidence)


@dataclass(frozen=True)
class AveragingModel:
    """The experts with their weights.

    Args:
        prior: What the sources say.
        kept: The sources that have experts.
        X: The target's points, and after them the pending ones.
        kernels: By name.
        groups: The experts; the rival's group is the last.
        krigings: One for each group.
        expert_weights: Of each expert, in the order of the groups, and each of its scales.
        scale: Of the target's values.
        n: The number of values.
    """

    prior: AveragingPrior
    kept: Kept
    X: Float[Array, "N p"]
    kernels: dict[str, Kernel]
    groups: list[Group]
    krigings: list[Kriging]
    expert_weights: Float[Array, "e j"]
    scale: Scale
    n: int

    @property
    def weights(self) -> Float[Array, " k"]:
        """A source's own experts and its share of those for all."""
        weights = np.zeros(len(self.prior.functions))
        experts = [expert for group in self.groups for expert in group.experts]
        for expert, weight in zip(experts, self.expert_weights.sum(axis=1), strict=True):
            is_joint = len(expert.sources) == len(self.kept.sources)
            weights[expert.sources] += weight * (self.kept.shares if is_joint else 1.0)
        return weights

    @property
    def acting(self) -> AveragingModel:
        """The model that chooses the next point.

        The first few points are the close experts', unless their rival is convincing already: what
        the others expect elsewhere is their ignorance. Later the rival has asks of its own until
        it is refuted.
        """
        weights, rival = self.expert_weights.copy(), float(self.expert_weights[-1].sum())
        if self.n < _FIRST_PROBE and rival < _CONVINCING:
            weights[[not one.is_close for group in self.groups for one in group.experts]] = 0.0
        elif self._is_probe and rival > _REFUTED:
            weights[:-1] = 0.0
        return replace(self, expert_weights=weights)

    @property
    def _is_probe(self) -> bool:
        after = self.n - _FIRST_PROBE
        return self.prior.settings.probe and after >= 0 and after % _PROBE_EVERY == 0

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """The mixture of all experts that count, and of their scales."""
        whole = self.expert_weights.sum(axis=1)
        counts = whole > _NEGLIGIBLE * whole.max()
        active = list(self._active(counts))
        basis = Basis.of(self.prior.functions, X, self.kept, [group for group, _, _ in active])
        names = {group.kernel for group, _, _ in active}
        correlations = {name: self.kernels[name].correlation(self.X, X) for name in names}
        parts = [
            kriging.posterior(
                correlations[group.kernel], group.rows(basis), group.spread(basis), index
            )
            for group, kriging, index in active
        ]
        means, variances = (np.concatenate(part) for part in zip(*parts, strict=True))
        scales = self.expert_weights[counts]
        row, scale = np.nonzero(scales > _NEGLIGIBLE * scales.max())
        weights = scales[row, scale]
        return self.scale.restore(
            weights / weights.sum(), means[row, scale], variances[row, scale]
        )

    def _active(
        self, counts: Bool[Array, " e"]
    ) -> Iterator[tuple[Group, Kriging, Int[Array, " i"]]]:
        """Groups without the experts that do not count, and the places of those that do."""
        start = 0
        for group, kriging in zip(self.groups, self.krigings, strict=True):
            end = start + len(group.experts)
            index = np.flatnonzero(counts[start:end])
            if len(index):
                yield group.only(index), kriging, index
            start = end
