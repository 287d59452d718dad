"""The default: Bayesian model averaging over what the sources say and a plain GP.

Each expert says that the target is, up to scale and offset, its basis function and a residual:

    y = tau (a phi(x) + b + r(x) + noise),   a ~ N(1, v),   r ~ GP(0, rho² k)

``phi`` is one source's function, what all sources have in common, the mean of the sources with
their deviations from it as further directions (then the target may be any combination of them),
or nothing at all: the plain GP, a rival of all others. Some believe the opposite of a function:
their a ~ N(-1, v). Scale, slope and offset are integrated out, see :mod:`.kriging`; values are
likely to lie as far apart as those of the sources, see :mod:`.scale_prior`, but the units of these
hardly matter. An expert's weight is its prior weight times its evidence,
which by the chain rule is the product of its predictions of every value before it was seen (Dawid
1984, "Statistical theory: the prequential approach").

Before the first value the sources' ranks decide, see :mod:`.portfolio`. Every expert shares one
Cholesky factor for each residual: k sources cost O(k n²), not n³.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.beyond import Lacking
from optuna_metabo.ensembles.calibration import Calibration
from optuna_metabo.ensembles.distant import distant_evidence, likeliest
from optuna_metabo.ensembles.experts import Bases, all_groups, lacking
from optuna_metabo.ensembles.functions import Functions
from optuna_metabo.ensembles.hindsight import counted, hindsight
from optuna_metabo.ensembles.kriging import Kernel, Kriging
from optuna_metabo.ensembles.leave_one_out import calibrated
from optuna_metabo.ensembles.likeness import Likeness
from optuna_metabo.ensembles.mixture import AveragingModel, tested
from optuna_metabo.ensembles.portfolio import SHARPNESS, Portfolio, Ranks
from optuna_metabo.ensembles.scale_prior import ScalePrior
from optuna_metabo.ensembles.scores import tempered_scores
from optuna_metabo.ensembles.screening import Kept, screened
from optuna_metabo.ensembles.source_models import SourceModels, telling
from optuna_metabo.ensembles.target import Scale, first_told, settled, target_theta
from optuna_metabo.ensembles.together import learn_together
from optuna_metabo.ensembles.trust import mutual_trust
from optuna_metabo.ensembles.turns import Seen
from optuna_metabo.ensembles.under_way import UnderWay
from optuna_metabo.memory import Memory, digest
from optuna_metabo.repeats import Repeats
from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Prior, Task, TransferModel
from optuna_metabo.thinning import evenly

_N_REFERENCE = 256
# Values by which the sources that take part are chosen.
_MAX_SCREENED = 32
# Of the sources that took part in asks so many bytes are remembered.
_MAX_OF_KEPT = 2**16
# Fewer values than this lie near the optima of sources, where they hardly differ: noise explains
# that as well as a function does, and then the same point seems worth asking again and again.
_FEWEST_NOISY, _NOISELESS = 10, 1e-6
# The values that a source's agreement is taken for before there are any.
_BELIEVED = 3.0
# Sources that are left out in turn.
_MAX_LEFT_OUT = 8


@dataclass(frozen=True)
class Averaging:
    """Bayesian model averaging; see the module.

    Args:
        plain: The weight of the rival, the plain GP, before the first value, where a source likely
            has a signal and they know each other's best trials; more where not.
        joint: That of the functions that all sources speak for, shared out between what they have
            in common and their combinations as the sources themselves suggest; single sources hold
            the rest.
        opposed: That of the opposites of what the sources say: their direction may be mistaken.
        share_kernel: Whether the residual's lengthscales are those of the sources where they know
            them, or all the target's own.
        probe: Whether the rival has asks of its own.

    Raises:
        ValueError: If the weights are not positive or leave nothing.

    Example:
        >>> from optuna_metabo import Averaging, MetaGPSampler
        >>> sampler = MetaGPSampler(surrogate=Averaging(plain=0.5, joint=0.4))
    """

    plain: float = 0.3
    joint: float = 0.61
    opposed: float = 0.05
    share_kernel: bool = True
    probe: bool = True

    def __post_init__(self) -> None:
        plain, joint, opposed = self.plain, self.joint, self.opposed
        # NaN is in no order, and none of these.
        if not (plain > 0.0 and joint > 0.0 and opposed >= 0.0 and plain + joint + opposed < 1.0):
            raise ValueError(
                "expected plain > 0, joint > 0, opposed >= 0 and a sum < 1, got "
                f"plain={self.plain!r}, joint={self.joint!r}, opposed={self.opposed!r}"
            )

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Fits the sources, one by one and together, and brings their functions to one scale."""
        models = SourceModels.learn(sources, domain, scores=tempered_scores)
        models, common = learn_together(models)
        reference = domain.sample(_N_REFERENCE, generator=generator)
        functions = Functions.of(models, common, reference)
        ranks = Ranks.of(functions, reference)
        likely = evenly(telling(models.signal), _MAX_LEFT_OUT)
        some = tuple((int(i), sources[i]) for i in likely)
        prior = AveragingPrior(self, functions, ranks, domain.groups, some)
        return replace(prior, trust=mutual_trust(prior))


def _without_doubtful_noise(theta: Float[Array, " t"], target: Task) -> Float[Array, " t"]:
    """Log hyperparameters without the noise that a few values, all told once, are fitted with."""
    is_told = len(target) >= _FEWEST_NOISY or target.counts.max(initial=0.0) > 1.0
    return theta if is_told else np.r_[theta[:-1], np.log(_NOISELESS)]


def _agreement(phi: Float[Array, "s n"], y: Float[Array, " n"]) -> Float[Array, " s"]:
    """Correlations, drawn towards 1 as a few values would: at first sources are believed."""
    phi, y = phi - phi.mean(axis=1, keepdims=True), y - y.mean()
    size = np.sqrt(np.sum(phi**2, axis=1) * (y @ y))
    r = np.divide(phi @ y, size, out=np.ones(len(phi)), where=size > 0.0)
    return (len(y) * r + _BELIEVED) / (len(y) + _BELIEVED)


@dataclass(frozen=True)
class AveragingPrior:
    """What the sources say, before the target's first value.

    Args:
        settings: Of the surrogate.
        functions: What the sources say.
        ranks: Of the functions' values over the domain.
        groups: The axis of each column.
        some: A few sources with their places, to be left out in turn.
        trust: How far sources are believed before any value, from 0 to 1: of :mod:`.trust`.
    """

    settings: Averaging
    functions: Functions
    ranks: Ranks
    groups: Int[Array, " p"]
    some: tuple[tuple[int, Task], ...]
    trust: float = 1.0

    @property
    def plain(self) -> float:
        """The weight of the rival before the first value: more where no source has a signal, and
        where they do not know each other's best trials.
        """
        signal = float(self.functions.models.signal.max())
        return 1.0 - (1.0 - self.settings.plain) * signal * self.trust

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> TransferModel:
        """Weighs the experts by their evidence."""
        if not len(target):
            weights = np.zeros(len(self.functions))
            weights[self.functions.core] = (1.0 - self.plain) * self.functions.mass
            under_way = UnderWay(pending, SHARPNESS * self.functions.models.lengthscale)
            return Portfolio(self.ranks, self.functions.opinions, weights, under_way)
        told = (target.whole or target).y
        experts = self.weighed(target, pending)
        return replace(experts, calibration=lambda: self.calibration.given(told))

    def likeness(self, values: Float[Array, "k f"]) -> Likeness:
        """What features of the sources say of their functions."""
        points = self.functions.anchors.X
        return Likeness.learn(values, lambda some: self.functions.single(points, some))

    def believing(self, belief: Float[Array, " k"]) -> AveragingPrior:
        """The same, the sources believed otherwise before any value.

        That is how alike they are to the new study, and remains so where one of them is left out:
        errors are those of a study that is as alike to them, larger than they need be of another.
        """
        return replace(self, functions=self.functions.believing(belief))

    @cached_property
    def calibration(self) -> Calibration:
        """How wrong predictions are, seen by leaving out sources where there is more than one."""
        return calibrated(self)

    def without(self, source: int) -> AveragingPrior:
        """What the other sources say."""
        others = tuple(one for one in self.some if one[0] != source)
        return replace(self, functions=self.functions.without(source), some=others)

    def weighed(self, target: Task, pending: Float[Array, "q p"]) -> AveragingModel:
        """The experts, given one value at least."""
        own, scale, whole = self._own(target), Scale.from_best(target.y), target
        target, X = scale.standardise(target), np.concatenate([target.X, pending])
        kept = self._screened(self._kernels(own, self.functions), target)
        functions = self.functions.among(kept.sources) if kept.of_crowd else self.functions
        kernels = self._kernels(own, functions)
        plain = self.plain
        heard = (1.0 - plain) / (1.0 - self.settings.plain)
        prior = {"joint": heard * self.settings.joint, "opposed": heard * self.settings.opposed}
        belief = functions.belief[kept.sources]
        groups = list(all_groups(kept.sources, functions.share, belief, plain=plain, **prior))
        bases, n = Bases.of(functions, kept, groups), len(target)
        basis, lacks = bases.at(X), lacking(functions, kept)
        kernels |= lacks.kernels(kernels["own"])
        beyond = likeliest(kernels, lacks, target, basis.rows[:, :n])
        groups = [part for group in groups for part in group.parted(beyond)]
        correlation = {name: kernel.correlation(X, X) for name, kernel in kernels.items()}
        counts = np.r_[target.counts, Repeats.believed(len(pending)).counts]
        krigings = [
            group.condition(
                correlation,
                target.y,
                basis,
                noise=kernels[group.kernel].noise / counts,
            )
            for group in groups
        ]
        odds = [expert.prior_weight for group in groups for expert in group.experts]
        told = [self._evidence(kriging, scale) for kriging in krigings]
        told[-1] = told[-1] - self._hindsight(whole)
        evidence = np.concatenate(told)
        with np.errstate(divide="ignore"):  # an expert without a share has none afterwards
            log_weights = np.log(odds)[:, None] + evidence
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        n_asked = len(target.whole or target) + len(pending)
        agreement = _agreement(basis.rows[: len(kept.sources), :n], target.y)
        expected = basis.of_all(functions.share)
        tests, is_testing = tested(expected[:n], target.y), bool((expected[n:] < 0.0).any())
        seen = Seen(n, n_asked, *tests, is_testing, self.settings.probe, self.trust)
        return AveragingModel(
            functions, bases, kept, agreement, X, kernels, groups, krigings, weights, scale, seen
        )

    def _evidence(self, kriging: Kriging, scale: Scale) -> Float[Array, "s j"]:
        """Of the values, with the prior of the experts' scales."""
        return kriging.log_evidence + self._scale_prior.log_density(kriging.tau * scale.scale)

    @cached_property
    def _scale_prior(self) -> ScalePrior:
        return ScalePrior.of([task.y for _, task in self.some])

    def _hindsight(self, target: Task) -> float:
        """What the rival's evidence owes to hyperparameters fitted to the same values."""
        told, part = first_told(target), counted(len(target.whole or target))
        key = digest(told.X, told.y, told.counts)
        gain = partial(hindsight, target, self._own, self._evidence)
        return part * self._gained.get(key, gain) if part else 0.0

    @cached_property
    def _gained(self) -> Memory[float]:
        return Memory(_MAX_OF_KEPT)

    def _own(self, target: Task) -> Kernel:
        """The rival's."""
        theta = _without_doubtful_noise(target_theta(target, self.groups, None), target)
        return Kernel.of(theta, self.groups)

    def _kernels(self, own: Kernel, functions: Functions) -> dict[str, Kernel]:
        """The rival's, and the one of the residuals from the sources."""
        is_theirs = self.functions.models.covered & self.settings.share_kernel
        theirs = functions.models.lengthscale
        shared = Kernel(np.where(is_theirs, theirs, own.lengthscale), own.noise)
        return {"own": own, "shared": shared}

    def _screened(self, kernels: dict[str, Kernel], target: Task) -> Kept:
        """The sources whose distant experts have the most evidence, by the values as told.

        Like hyperparameters they stay the same for some asks, and what they have in common does.
        """
        told = settled(target)
        numbers = [np.r_[one.lengthscale, one.noise] for one in kernels.values()]
        key = digest(told.X, told.y, told.counts, *numbers)
        return self._kept.get(key, lambda: self._most_likely(kernels, told))

    @cached_property
    def _lacking(self) -> Lacking:
        """The columns that each source lacks that is heard."""
        functions, order = self.functions, self.functions.order
        return Lacking.of(functions.models.lacks[order]).fewer(functions.belief[order])

    @cached_property
    def _kept(self) -> Memory[Kept]:
        return Memory(_MAX_OF_KEPT)

    def _most_likely(self, kernels: dict[str, Kernel], told: Task) -> Kept:
        few = Scale.from_best(told.y).standardise(told).thinned(_MAX_SCREENED)
        guess = partial(self.functions.anchors.guess, few.X)
        kernels = kernels | self._lacking.kernels(kernels["own"])
        evidence = partial(distant_evidence, kernels, self._lacking, few)
        functions = self.functions
        return screened(
            functions.order, guess, evidence, functions.belief, lambda: functions.nearest
        )
