"""The default: Bayesian model averaging over the sources and a plain GP.

Each expert says that the target is, up to scale and offset, its basis function and a residual:

    y = tau (a phi(x) + b + r(x) + noise),   a ~ N(1, v),   b ~ N(0, B),   r ~ GP(0, rho² k)

``phi`` is one source's function, what all sources have in common (then the residual also holds
what they leave open about that) or nothing at all: the plain GP, a rival of all others. Given
``tau`` this is universal kriging (Rasmussen & Williams 2006, section 2.7). ``tau`` has the
scale-invariant prior 1/tau and is integrated out by Laplace's method, so that the units of the
sources do not matter. An expert's weight is its prior weight times its evidence, which by the
chain rule is the product of its predictions of every value before it was seen (Dawid 1984,
"prequential").

Every expert shares one Cholesky factor for each residual size: k sources cost O(k n²), not n³.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray as Array
from scipy.special import softmax

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.common import Common
from optuna_metabo.ensembles.kriging import Kernel, Kriging, Residual
from optuna_metabo.ensembles.scores import tempered_scores
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.target import Scale, target_theta
from optuna_metabo.surrogate import Model, Posterior, Prior, Task

# A source whose function varies less than this part of its values' deviation is mostly noise.
_SIGNAL_FLOOR = 0.3
_N_REFERENCE = 256
# Sources that are evaluated at candidates: more would not be told apart by a few values.
_MAX_EXPERTS = 24
# An expert with this part of the largest weight moves no proposal.
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class Relation:
    """How the target is related to a basis function.

    Args:
        name: For people.
        rho: The size of the residual, relative to the sources' signal.
        slope_variance: How far the slope may lie from 1.
    """

    name: str
    rho: float
    slope_variance: float


CLOSE, DISTANT = Relation("close", 0.3, 0.25), Relation("distant", 1.0, 1.0)


@dataclass(frozen=True)
class Expert:
    """One belief about the target: that it is a basis function, up to a residual.

    Args:
        name: For people.
        sources: Those that it listens to, all alike.
        prior_weight: Before the first value.
        basis: The row of its basis function in :class:`Basis`.
    """

    name: str
    sources: Int[Array, " j"]
    prior_weight: float
    basis: int


@dataclass(frozen=True)
class Basis:
    """The experts' basis functions at some points.

    Args:
        rows: The functions of single sources, then what all have in common, then nothing.
        spread: What is not known of the common function: the Gram matrix of these rows.
    """

    rows: Float[Array, "s+2 m"]
    spread: Float[Array, "l m"]


@dataclass(frozen=True)
class Group:
    """Experts that share a residual.

    Args:
        experts: One or more.
        relation: Theirs to their basis functions.
        kernel: The name of the residual's kernel.
        is_spread: Whether their basis function is known no better than its spread says.
    """

    experts: tuple[Expert, ...]
    relation: Relation
    kernel: str
    is_spread: bool = False

    def spread(self, basis: Basis) -> Float[Array, "l m"]:
        """The rows of the residual's further covariance."""
        return basis.spread if self.is_spread else basis.spread[:0]

    def condition(
        self, kernel: Kernel, X: Float[Array, "N p"], y: Float[Array, " n"], basis: Basis
    ) -> Kriging:
        """Its experts given the values at the first n of N points."""
        residual = Residual.factorise(kernel, self.relation.rho, X, self.spread(basis))
        rows = basis.rows[[expert.basis for expert in self.experts]]
        return Kriging.condition(residual, self.relation.slope_variance, y, rows)


@dataclass(frozen=True)
class Averaging:
    """Bayesian model averaging; see the module.

    Args:
        plain: The weight of the rival, the plain GP, before the first value.
        common: That of what all sources have in common; single sources hold the rest.
        share_kernel: Whether the residual's lengthscales are those of the sources, or the target's
            own.
    """

    plain: float = 0.1
    common: float = 0.7
    share_kernel: bool = True

    def __post_init__(self) -> None:
        if min(self.plain, self.common) <= 0.0 or self.plain + self.common >= 1.0:
            raise ValueError(
                "expected plain > 0, common > 0 and plain + common < 1, got "
                f"plain={self.plain!r}, common={self.common!r}"
            )

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Fits the sources and brings their functions to one scale."""
        models = SourceModels.learn(sources, domain, scores=tempered_scores)
        score = models.mean(domain.sample(_N_REFERENCE, generator=generator))
        scale = np.maximum(score.std(axis=1), _SIGNAL_FLOOR)
        centred = (score - score.mean(axis=1)[:, None]) / scale[:, None]
        common = Common.learn(models.gp.data, models.own, domain.groups)
        groups, centre = domain.groups, score.mean(axis=1)
        return AveragingPrior(self, models, common, groups, centre, scale, _order(centred))


def _order(phi: Float[Array, "k m"]) -> Int[Array, " k"]:
    """Sources, those first whose best points serve the others and one another best (greedy)."""
    best_of = phi[:, phi.argmax(axis=1)]
    covered = np.full(len(phi), -np.inf)
    order: list[int] = []
    for _ in range(min(len(phi), _MAX_EXPERTS)):
        gain = np.maximum(best_of, covered[:, None]).mean(axis=0)
        gain[order] = -np.inf
        order.append(int(gain.argmax()))
        covered = np.maximum(covered, best_of[:, order[-1]])
    rest = np.setdiff1d(np.arange(len(phi)), order)
    return np.concatenate([np.array(order, dtype=int), rest])


@dataclass(frozen=True)
class AveragingPrior:
    """Source functions on one scale, before the target's first value."""

    settings: Averaging
    models: SourceModels
    common: Common
    groups: Int[Array, " p"]
    centre: Float[Array, " k"]
    scale: Float[Array, " k"]
    order: Int[Array, " k"]

    def phi(self, X: Float[Array, "m p"], index: Int[Array, " s"]) -> Float[Array, "s m"]:
        """The standardised functions of some sources."""
        score = self.models.mean(X, index)
        return (score - self.centre[index, None]) / self.scale[index, None]

    def basis(self, X: Float[Array, "m p"], index: Int[Array, " s"]) -> Basis:
        """Of the experts of some sources."""
        phi, (common, spread) = self.phi(X, index), self.common.mean_and_spread(X)
        return Basis(np.concatenate([phi, common, np.zeros((1, len(X)))]), spread)

    def experts(self, kept: Int[Array, " s"]) -> list[Group]:
        """Close and distant ones, equally likely, of each source and of all; and the rival."""
        common = self.settings.common
        single = (1.0 - self.settings.plain - common) / max(len(kept), 1)
        found = []
        for relation in (CLOSE, DISTANT):
            one_each = [
                Expert(f"source {k}, {relation.name}", kept[i : i + 1], single, i)
                for i, k in enumerate(kept)
            ]
            everyone = Expert(f"common, {relation.name}", kept, common, len(kept))
            found.append(Group(tuple(one_each), relation, "shared"))
            found.append(Group((everyone,), relation, "shared", is_spread=True))
        rival = Expert("own", kept[:0], 2 * self.settings.plain, len(kept) + 1)
        return [*found, Group((rival,), DISTANT, "own")]

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Weighs the experts by their evidence."""
        kernels = self._kernels(target)
        scale = Scale.of(target.y)
        target = scale.standardise(target)
        kept = self._screened(kernels["shared"], target)
        X = np.concatenate([target.X, pending])
        basis, groups = self.basis(X, kept), self.experts(kept)
        krigings = [group.condition(kernels[group.kernel], X, target.y, basis) for group in groups]
        prior = [expert.prior_weight for group in groups for expert in group.experts]
        evidence = np.concatenate([kriging.log_evidence for kriging in krigings])
        weights = np.asarray(softmax(np.log(prior) + evidence))
        return AveragingModel(self, kept, X, kernels, groups, krigings, weights, scale)

    def _kernels(self, target: Task) -> dict[str, Kernel]:
        """The rival's, and the one of the residuals from the sources."""
        theta = target_theta(target, self.groups, None)
        shared = np.r_[self.models.theta[:-2], theta[-2:]] if self.settings.share_kernel else theta
        return {"own": Kernel.of(theta, self.groups), "shared": Kernel.of(shared, self.groups)}

    def _screened(self, kernel: Kernel, target: Task) -> Int[Array, " s"]:
        """The sources whose distant experts have the most evidence, in their order."""
        if len(self.order) <= _MAX_EXPERTS:
            return self.order
        residual = Residual.factorise(kernel, DISTANT.rho, target.X, np.zeros((0, len(target))))
        phi = self.phi(target.X, self.order)
        kriging = Kriging.condition(residual, DISTANT.slope_variance, target.y, phi)
        best = np.argsort(-kriging.log_evidence, kind="stable")[:_MAX_EXPERTS]
        return self.order[np.sort(best)]


@dataclass(frozen=True)
class AveragingModel:
    """The experts with their weights.

    Args:
        prior: What the sources say.
        kept: The sources that have experts.
        X: The target's points, and after them the pending ones.
        kernels: By name.
        groups: The experts.
        krigings: One for each group.
        expert_weights: One for each expert, in the order of the groups.
        scale: Of the target's values.
    """

    prior: AveragingPrior
    kept: Int[Array, " s"]
    X: Float[Array, "N p"]
    kernels: dict[str, Kernel]
    groups: list[Group]
    krigings: list[Kriging]
    expert_weights: Float[Array, " e"]
    scale: Scale

    @property
    def weights(self) -> Float[Array, " k"]:
        """A source's own experts and its equal share of those for what all have in common."""
        weights = np.zeros(len(self.prior.centre))
        experts = [expert for group in self.groups for expert in group.experts]
        for expert, weight in zip(experts, self.expert_weights, strict=True):
            weights[expert.sources] += weight / max(len(expert.sources), 1)
        return weights

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """The mixture of all experts that count."""
        basis = self.prior.basis(X, self.kept)
        correlations = {name: one.correlation(self.X, X) for name, one in self.kernels.items()}
        counts, end = self.expert_weights > _NEGLIGIBLE * self.expert_weights.max(), 0
        parts = []
        for group, kriging in zip(self.groups, self.krigings, strict=True):
            start, end = end, end + len(group.experts)
            chosen = np.flatnonzero(counts[start:end])
            if len(chosen):
                rows = basis.rows[[group.experts[i].basis for i in chosen]]
                correlation = correlations[group.kernel]
                parts.append(kriging.posterior(correlation, rows, group.spread(basis), chosen))
        means, variances = (np.concatenate(part) for part in zip(*parts, strict=True))
        weights = self.expert_weights[counts]
        return self.scale.restore(weights / weights.sum(), means, variances)
