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
from optuna_metabo.ensembles.scores import tempered_scores
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.ensembles.target import Scale, target_theta
from optuna_metabo.gp.exact import cholesky, lower_solve
from optuna_metabo.gp.kernel import matern52, squared_distance
from optuna_metabo.surrogate import Model, Posterior, Prior, Task

# A close and a distant relation to the sources, equally likely at first: the size of the residual
# relative to the sources' signal, and how far the slope may lie from 1.
_RHOS = (0.3, 1.0)
_SLOPE_VARIANCES = (0.25, 1.0)
_OFFSET_VARIANCE = 100.0
# A source whose function varies less than this part of its values' deviation is mostly noise.
_SIGNAL_FLOOR = 0.3
_N_REFERENCE = 256
# Sources that are evaluated at candidates: more would not be told apart by a few values.
_MAX_EXPERTS = 24
# An expert with this part of the largest weight moves no proposal.
_NEGLIGIBLE = 1e-3


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

    weights: Averaging
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

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Weighs the experts by their evidence."""
        theta = target_theta(target, self.groups, None)
        own = Residual.of(theta, self.groups)
        shared = np.r_[self.models.theta[:-2], theta[-2:]]
        kernel = Residual.of(shared, self.groups) if self.weights.share_kernel else own
        scale, kept = Scale.of(target.y), self.order
        target = scale.standardise(target)
        if len(kept) > _MAX_EXPERTS:
            phi = self.phi(target.X, kept)
            evidence = Family.condition(
                kernel, _RHOS[-1], 1.0, target, pending[:0], phi
            ).log_evidence
            kept = kept[np.sort(np.argsort(-evidence, kind="stable")[:_MAX_EXPERTS])]
        points = np.concatenate([target.X, pending])
        phi, (common, spread) = self.phi(points, kept), self.common.mean_and_spread(points)
        single = 1.0 - self.weights.plain - self.weights.common
        families, prior = [], []
        for rho, slope in zip(_RHOS, _SLOPE_VARIANCES, strict=True):
            families.append(Family.condition(kernel, rho, slope, target, pending, phi))
            families.append(Family.condition(kernel, rho, slope, target, pending, common, spread))
            prior += [single / len(kept)] * len(kept) + [self.weights.common]
        nothing = np.zeros((1, phi.shape[1]))
        families.append(Family.condition(own, _RHOS[-1], 1.0, target, pending, nothing))
        prior += [self.weights.plain * len(_RHOS)]
        evidence = np.concatenate([family.log_evidence for family in families])
        weights = np.asarray(softmax(np.log(prior) + evidence))
        return AveragingModel(self, kept, families, weights, scale)


@dataclass(frozen=True)
class Residual:
    """The kernel of the residual before its size, and the noise."""

    lengthscale: Float[Array, " p"]
    noise: float

    @classmethod
    def of(cls, theta: Float[Array, " t"], groups: Int[Array, " p"]) -> Residual:
        """From log hyperparameters; the outputscale is the residual's size instead."""
        return cls(np.exp(theta[:-2])[groups], float(np.exp(theta[-1])))

    def correlation(self, X: Float[Array, "n p"], Z: Float[Array, "m p"]) -> Float[Array, "n m"]:
        """Matérn-5/2."""
        return matern52(squared_distance(X, Z, self.lengthscale))


@dataclass(frozen=True)
class Family:
    """Experts that share the covariance of their residuals: universal kriging, ``s`` at a time.

    Columns of ``H`` are (phi, 1); the tilde of the whitened ones, L⁻¹H, is written ``_w``. The
    first ``n`` rows are the target's trials, the others pending: these shrink variances alone.
    """

    kernel: Residual
    rho: float
    precision: Float[Array, "2 2"]
    X: Float[Array, "N p"]
    spread: Float[Array, "k N"] | None
    L_inverse: Float[Array, "N N"]
    H_w: Float[Array, "s N 2"]
    residual_w: Float[Array, "s n"]
    coefficients: Float[Array, "s 2"]
    tau: Float[Array, " s"]
    log_evidence: Float[Array, " s"]

    @classmethod
    def condition(
        cls,
        kernel: Residual,
        rho: float,
        slope_variance: float,
        target: Task,
        pending: Float[Array, "q p"],
        basis: Float[Array, "s N"],
        spread: Float[Array, "k N"] | None = None,
    ) -> Family:
        """Closed forms given the basis functions at trials and pending points."""
        X, n = np.concatenate([target.X, pending]), len(target)
        K = rho**2 * kernel.correlation(X, X) + kernel.noise * np.eye(len(X))
        if spread is not None:
            K += spread.T @ spread
        L = cholesky(K) if len(X) else K
        L_inverse = lower_solve(L, np.eye(len(X))) if len(X) else K
        H = np.stack([basis, np.ones_like(basis)], axis=2)
        H_w = L_inverse @ H
        y_w = L_inverse[:n, :n] @ target.y
        head = H_w[:, :n]
        prior_precision = np.diag([1.0 / slope_variance, 1.0 / _OFFSET_VARIANCE])
        M = prior_precision + np.einsum("sni,snj->sij", head, head)
        prior_part = prior_precision @ _PRIOR_MEAN
        fit_y = np.linalg.solve(M, np.einsum("sni,n->si", head, y_w)[..., None])[..., 0]
        fit_prior = np.linalg.solve(M, np.broadcast_to(prior_part, (len(H), 2))[..., None])[..., 0]
        # With z = y / tau: -2 log p = u² A - 2 u B + C + log det - 2 (n - 1) log u, u = 1 / tau.
        A = y_w @ y_w - np.einsum("si,sni,n->s", fit_y, head, y_w)
        B = fit_y @ prior_part
        C = _PRIOR_MEAN @ prior_part - fit_prior @ prior_part
        A = np.maximum(A, 1e-12 * max(float(y_w @ y_w), 1e-300))
        told = n > 1 and bool(target.y.any())  # equal values, standardised to 0, have no scale
        u = (B + np.sqrt(B**2 + 4.0 * A * (n - 1))) / (2.0 * A) if told else np.ones(len(H))
        log_det = np.linalg.slogdet(M)[1] + 2.0 * np.log(np.diagonal(L)[:n]).sum()
        log_evidence = (n - 1) * np.log(u) - 0.5 * (u**2 * A - 2.0 * u * B + C + log_det)
        log_evidence -= 0.5 * np.log(np.maximum(2.0 * u**2 * A - u * B, 1e-12))
        beta = u[:, None] * fit_y + fit_prior
        residual_w = u[:, None] * y_w - np.einsum("sni,si->sn", head, beta)
        log_evidence = log_evidence if told else np.zeros(len(H))
        return cls(
            kernel, rho, prior_precision, X, spread, L_inverse, H_w, residual_w, beta,
            1.0 / u, log_evidence,
        )  # fmt: skip

    def posterior(
        self,
        correlation: Float[Array, "N m"],
        basis: Float[Array, "e m"],
        spread: Float[Array, "k m"],
        experts: Int[Array, " e"],
    ) -> tuple[Float[Array, "e m"], Float[Array, "e m"]]:
        """Means and variances of the standardised values (eqs. 2.41 and 2.42).

        Args:
            correlation: Of the family's points with the new ones.
            basis: The basis functions of the chosen experts at the new points.
            spread: Rows whose Gram matrix is the common function's covariance at the new points.
            experts: The chosen ones.
        """
        K = self.rho**2 * correlation
        own = np.full(K.shape[1], self.rho**2)
        if self.spread is not None:
            K += self.spread.T @ spread
            own += np.sum(spread**2, axis=0)
        V = self.L_inverse @ K
        n = self.residual_w.shape[1]
        beta, H_w = self.coefficients[experts], self.H_w[experts]
        mean = beta[:, :1] * basis + beta[:, 1:] + self.residual_w[experts] @ V[:n]
        R0, R1 = basis - H_w[:, :, 0] @ V, 1.0 - H_w[:, :, 1] @ V
        precision = self.precision + np.swapaxes(H_w, 1, 2) @ H_w
        if not n:  # no value yet, so that the offset means nothing
            precision = precision + np.diag([0.0, 1.0])
        S = np.linalg.inv(precision)[:, :, :, None]
        variance = S[:, 0, 0] * R0**2 + 2.0 * S[:, 0, 1] * R0 * R1 + S[:, 1, 1] * R1**2
        variance += np.maximum(own - np.sum(V**2, axis=0), 1e-10)
        tau = self.tau[experts, None]
        return tau * mean, tau**2 * variance


_PRIOR_MEAN = np.array([1.0, 0.0])


@dataclass(frozen=True)
class AveragingModel:
    """The experts with their weights."""

    prior: AveragingPrior
    kept: Int[Array, " s"]
    families: list[Family]
    expert_weights: Float[Array, " e"]
    scale: Scale

    @property
    def weights(self) -> Float[Array, " k"]:
        """A source's own experts and its equal share of those for what all have in common."""
        k, s = len(self.prior.centre), len(self.kept)
        parts = self.expert_weights[:-1].reshape(len(_RHOS), s + 1).sum(axis=0)
        weights = np.zeros(k)
        weights[self.kept] = parts[:-1] + parts[-1] / s
        return weights

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """The mixture of all experts that count."""
        phi = self.prior.phi(X, self.kept)
        common, spread = self.prior.common.mean_and_spread(X)
        bases = [phi, common] * len(_RHOS) + [np.zeros((1, len(X)))]
        correlations: dict[int, Float[Array, "N m"]] = {}
        counts, end = self.expert_weights > _NEGLIGIBLE * self.expert_weights.max(), 0
        parts = []
        for family, basis in zip(self.families, bases, strict=True):
            start, end = end, end + len(basis)
            experts = np.flatnonzero(counts[start:end])
            if len(experts):
                key = id(family.kernel)
                if key not in correlations:
                    correlations[key] = family.kernel.correlation(family.X, X)
                parts.append(family.posterior(correlations[key], basis[experts], spread, experts))
        means, variances = (np.concatenate(part) for part in zip(*parts, strict=True))
        weights = self.expert_weights[counts]
        return self.scale.restore(weights / weights.sum(), means, variances)
