"""The Gaussian processes of the source studies, fitted once.

They share their lengthscales; each has a noise of its own, of a few that are tried, and the rest
of its unit variance is signal. A source may be nothing but noise: how likely each is to have a
signal is told by its evidence, and the lengthscales are those of the sources that likely have
one. All is done for a few sources at a time, and no covariance is kept:
so ten thousand sources of a hundred trials fit into the memory that their points take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import ABSENT, Domain, extent
from optuna_metabo.ensembles.crowding import levels
from optuna_metabo.ensembles.scores import normal_scores
from optuna_metabo.gp.exact import GP, Batch
from optuna_metabo.gp.expansion import Expansion, Terms
from optuna_metabo.gp.fit import HyperparameterPrior, fit_map
from optuna_metabo.gp.kernel import Hyperparameters
from optuna_metabo.repeats import Repeats
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.tasks import Task
from optuna_metabo.thinning import evenly

# What the shared lengthscales are fitted to: more data would not move them, but cost seconds.
_MAX_FITTED_SOURCES, _MAX_FITTED_TRIALS = 32, 64
# And the fewest, if there are so many: before lengthscales are known, short sources hardly tell a
# signal from noise, and those of one or two, which happen to, would hide that of all others.
_FEWEST_FITTED = 8
# Lengthscales tell which sources have a signal, and these the lengthscales: so often, in turn.
_MAX_FITS = 3
# Sources that are learned at a time: their covariances stay in the processor's cache.
_CHUNK = 32
# Noise variances that a source of standardised values may have.
_NOISES = (1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5, 0.9)
# The part of a range that is enough to tell its lengthscale.
_COVERED, _TINY = 0.75, 1e-9
# Larger than any yᵀ K⁻¹ y of standardised values.
_BORDER = 1e30
# Sources with and without a signal that are as good as seen before the first: a study that is kept
# is rarely noise, and a few trials alone do not tell.
_SEEN = 3.0, 1.0
# Rounds in which the share of sources with a signal is told by the sources; it settles in a few.
_N_ROUNDS = 20
# Sources less likely to have a signal do not speak for all. A few trials hardly tell a signal from
# noise: with a half, sources of 12 trials lost much of what they share (hpolib .17 to .28 at 10).
_LIKELY = 0.1
# A source that is so much less likely than others to have a signal tells nothing of a parameter
# that these lack: lengthscales there explain its noise.
_AS_LIKELY = 0.5


@dataclass(frozen=True)
class SourceModels:
    """GPs with one shared set of lengthscales and a noise of their own.

    Args:
        data: The scores of the k sources.
        theta: The shared log hyperparameters, shape [d + 2].
        noise: The noise variance of each source's values, on average over its points; its
            outputscale is the rest of 1.
        alpha: K⁻¹ y of each source, shape [k n].
        signal: The probability that a source is more than noise.
        groups: The axis of each column.
    """

    data: Batch
    theta: Float[Array, " t"]
    noise: Float[Array, " k"]
    alpha: Float[Array, "k n"]
    signal: Float[Array, " k"]
    groups: Int[Array, " p"]

    def __len__(self) -> int:
        return len(self.noise)

    def task(self, i: int) -> Task:
        """The scores of one source."""
        data, rows = self.data, self.data.mask[i]
        repeats = Repeats.of(data.counts[i, rows])
        return Task(data.X[i, rows], data.y[i, rows], data.known[i], repeats=repeats)

    @property
    def lengthscale(self) -> Float[Array, " p"]:
        """Of each column."""
        return np.exp(self.theta[:-2])[self.groups]

    @cached_property
    def covered(self) -> Bool[Array, " p"]:
        """The columns of which sources have tried so much together that they know how soon values
        change there: of a choice that no source had they do not, nor of a longer range, and where
        no source likely has a signal they know nothing; of what only sources know that have one
        far less likely than others neither.
        """
        data, of_numbers = self.data, np.bincount(self.groups)[self.groups] == 1
        # A task tells no value in the middle of a range from an absent one: none there is counted.
        told = data.known[:, None, :] & (data.X != ABSENT)
        tried = extent(data.X[data.mask], told[data.mask])
        is_told = tried >= np.where(of_numbers, _COVERED, _TINY)
        likeliest = np.max(self.signal[:, None] * data.known, axis=0)
        is_told &= likeliest >= _AS_LIKELY * self.signal.max()
        return np.asarray(is_told & (self.signal >= _LIKELY).any())

    @cached_property
    def lacks(self) -> Bool[Array, "k p"]:
        """The columns of which each source says nothing: of parameters that it lacks, and of
        choices that no source ever had.
        """
        data, is_number = self.data, np.bincount(self.groups)[self.groups] == 1
        return np.asarray(~(data.known & (is_number | (data.X[data.mask] > 0.0).any(axis=0))))

    @property
    def gp(self) -> GP:
        """The processes of all sources with their covariances, factorised now."""
        return GP.condition(self.data, _with_noise(self.theta, self.noise), self.groups)

    def mean(
        self, X: Float[Array, "m p"], index: Int[Array, " s"] | None = None
    ) -> Float[Array, "s m"]:
        """Posterior means of all or some of the sources (Rasmussen & Williams, eq. 2.25)."""
        return self.means(np.arange(len(self)) if index is None else index)(X)

    def means(self, index: Int[Array, " s"]) -> Expansion:
        """The posterior means of some sources as functions, for many calls."""
        return Expansion.of(self.terms(index), 1.0 / self.lengthscale)

    def terms(self, index: Int[Array, " s"]) -> Terms:
        """Those of the posterior means of some sources."""
        data, weights = self.data[index], (1.0 - self.noise[index, None]) * self.alpha[index]
        return Terms(data.X[data.mask], weights[data.mask], data.mask.sum(axis=1), data.known)

    @classmethod
    def learn(
        cls,
        sources: Sequence[Task],
        domain: Domain,
        *,
        scores: Callable[[Float[Array, " n"]], Float[Array, " n"]] = normal_scores,
    ) -> SourceModels:
        """Fits ``sources``, at least one, their values transformed by ``scores``."""
        tasks = [_scored(task, scores) for task in sources]
        data, groups = Batch.of(tasks), domain.groups
        prior = HyperparameterPrior.default(len(domain.dimensions))
        best, tried = _Explained.by(prior.loc, data, groups, prior), set()
        for _ in range(_MAX_FITS):
            chosen = [tuple(telling(best.signal, at_least=n)) for n in (1, _FEWEST_FITTED)]
            new = [some for some in dict.fromkeys(chosen) if some not in tried]
            tried.update(new)
            subsets = [_subset(tasks, np.array(some)) for some in new]
            thetas = [
                fit_map(subset, groups, prior, prior.loc, has_unit_scale=True)
                for subset in subsets
            ]
            fits = [_Explained.by(theta, data, groups, prior) for theta in thetas]
            before, best = best, max([best, *fits], key=lambda one: one.log_posterior)
            if best is before:
                break
        even = domain.sample(data.y.shape[1], generator=np.random.default_rng(0))
        return cls._conditioned(best, _levelled(data, best, groups, even), groups)

    def alone(self, index: Int[Array, " s"]) -> SourceModels:
        """Some of the sources, with lengthscales that they alone tell."""
        tasks = [self.task(int(i)) for i in index]
        prior = HyperparameterPrior.default(len(self.theta) - 2)
        few = _subset(tasks, np.arange(len(tasks)))
        theta = fit_map(few, self.groups, prior, self.theta, has_unit_scale=True)
        return self._with(theta, Batch.of(tasks))

    def with_some(self, index: Int[Array, " s"], some: SourceModels) -> SourceModels:
        """With some of the sources as they are alone; the others do not go with these."""
        noise, alpha = self.noise.copy(), self.alpha.copy()
        noise[index], alpha[index, : some.alpha.shape[1]] = some.noise, some.alpha
        return replace(self, theta=some.theta, noise=noise, alpha=alpha)

    def with_lengthscales(self, theta: Float[Array, " t"]) -> SourceModels:
        """The same sources with other shared hyperparameters; each has its noise told anew."""
        return self._with(theta, self.data)

    def _with(self, theta: Float[Array, " t"], data: Batch) -> SourceModels:
        """Of these scores with these shared hyperparameters; the noise is told anew."""
        prior = HyperparameterPrior.default(len(theta) - 2)
        explained = _Explained.by(theta, data, self.groups, prior)
        return self._conditioned(explained, data, self.groups)

    @classmethod
    def _conditioned(
        cls, explained: _Explained, data: Batch, groups: Int[Array, " p"]
    ) -> SourceModels:
        theta, noise = explained.theta, explained.noise
        alpha = np.empty(data.y.shape)
        for rows in _chunks(len(noise)):
            alpha[rows] = GP.condition(data[rows], _with_noise(theta, noise[rows]), groups).alpha
        return cls(data, theta, noise, alpha, explained.signal, groups)


@dataclass(frozen=True)
class _Explained:
    """What one set of lengthscales says of the sources.

    Args:
        theta: Shared log hyperparameters, shape [d + 2].
        noise: The likeliest noise variance of each source.
        signal: The probability that each is more than noise.
        log_posterior: Of the lengthscales given all sources, whichever of them are noise; up to a
            constant.
    """

    theta: Float[Array, " t"]
    noise: Float[Array, " k"]
    signal: Float[Array, " k"]
    log_posterior: float

    @classmethod
    def by(
        cls,
        theta: Float[Array, " t"],
        data: Batch,
        groups: Int[Array, " p"],
        prior: HyperparameterPrior,
    ) -> _Explained:
        """By the evidence of the noises that are tried."""
        evidence = _evidence(data, np.exp(theta[:-2])[groups])
        signal, log_likelihood = _signal(data, evidence)
        log_prior, _ = prior.log_density(np.r_[theta[:-2], prior.loc[-2:]])
        noise = np.array(_NOISES)[np.argmax(evidence, axis=0)]
        return cls(theta, noise, signal, log_likelihood + log_prior)


def _levelled(
    data: Batch, explained: _Explained, groups: Int[Array, " p"], even: Float[Array, "n p"]
) -> Batch:
    """Scores around what is to be expected of a point that the source never came near."""
    theta, noise = explained.theta, explained.noise
    level = [
        levels(data[rows], _with_noise(theta, noise[rows]), groups, even)
        for rows in _chunks(len(noise))
    ]
    return replace(data, y=np.where(data.mask, data.y - np.concatenate(level)[:, None], 0.0))


def _scored(task: Task, scores: Callable[[Float[Array, " n"]], Float[Array, " n"]]) -> Task:
    """With scores as values, and counts of a harmonic mean of 1.

    So the mean noise of the points and the signal make up their unit variance, however often each
    was evaluated.
    """
    task = task.transformed(scores(task.y))
    if task.repeats is None:
        return task
    counts = task.counts * np.mean(1.0 / task.counts)
    return replace(task, repeats=replace(task.repeats, counts=counts))


def telling(signal: Float[Array, " k"], *, at_least: int = 1) -> Int[Array, " i"]:
    """The sources that likely have a signal, and the likeliest if these are too few; all if none
    has one.
    """
    is_likely = signal >= _LIKELY
    if not is_likely.any():
        return np.arange(len(signal))
    is_likely[np.argsort(-signal, kind="stable")[:at_least]] = True
    return np.flatnonzero(is_likely)


def _chunks(k: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, k, _CHUNK))


def _with_noise(theta: Float[Array, " t"], noise: Float[Array, " k"]) -> Hyperparameters:
    """The shared lengthscales; for each source its noise, and the rest of 1 as signal."""
    return Hyperparameters(np.tile(np.exp(theta[:-2]), (len(noise), 1)), 1.0 - noise, noise)


def _evidence(data: Batch, lengthscale: Float[Array, " p"]) -> Float[Array, "j k"]:
    """The log marginal likelihood of each noise for each source, up to a constant."""
    evidence = np.empty((len(_NOISES), len(data.y)))
    for rows in _chunks(len(data.y)):
        some = data[rows]
        _, correlation = some.covariance(np.broadcast_to(lengthscale, some.known.shape))
        evidence[:, rows] = [
            _log_evidence(correlation, some.y, noise, some.counts) for noise in _NOISES
        ]
    return evidence


def _signal(data: Batch, evidence: Float[Array, "j k"]) -> tuple[Float[Array, " k"], float]:
    """The probability that each source has a signal, given the evidence of each noise, and the log
    likelihood of all sources.

    What part of the sources has each noise, and what part is noise alone, is learned from all of
    them (expectation maximisation, Dempster, Laird & Rubin 1977): so a thousand sources of a few
    trials tell what one of them does not.
    """
    only_noise = -0.5 * np.sum(data.y**2 * data.counts - np.log(data.counts), axis=1)
    told, signals = np.vstack([evidence, only_noise]), 1.0 - np.array(_NOISES)
    with_signal, without = _SEEN
    seen = np.r_[with_signal * signals / signals.sum(), without]
    share = seen / seen.sum()
    for _ in range(_N_ROUNDS):
        log_joint = np.log(share)[:, None] + told
        of_each = np.logaddexp.reduce(log_joint, axis=0)
        likely = np.exp(log_joint - of_each)
        share = (seen + likely.sum(axis=1)) / (seen.sum() + len(of_each))
    return np.minimum(likely[:-1].sum(axis=0), 1.0), float(of_each.sum())


def _log_evidence(
    correlation: Float[Array, "k n n"],
    y: Float[Array, "k n"],
    noise: float,
    counts: Float[Array, "k n"],
) -> Float[Array, " k"]:
    """Log p(y | X) up to a constant (eq. 5.8), with K = (1 - noise) C + noise diag(1 / counts).

    The Cholesky factor of K bordered by y has L⁻¹ y as its last row. The diagonal of C is 1, also
    in padded rows. K is positive definite by its noise.
    """
    k, n = y.shape
    K = np.empty((k, n + 1, n + 1))
    K[:, :n, :n] = (1.0 - noise) * correlation
    K[:, n, :n] = K[:, :n, n] = y
    K[:, np.arange(n), np.arange(n)] = 1.0 + noise * (1.0 / counts - 1.0)
    K[:, n, n] = _BORDER
    L = np.linalg.cholesky(K)
    log_det = 2.0 * np.log(np.diagonal(L, axis1=1, axis2=2)[:, :n]).sum(axis=1)
    return -0.5 * (np.sum(L[:, n, :n] ** 2, axis=1) + log_det)


def _subset(tasks: Sequence[Task], index: Int[Array, " i"]) -> Batch:
    """An even spread of some sources, and of each evenly spread trials."""
    chosen = [tasks[i] for i in evenly(index, _MAX_FITTED_SOURCES)]
    rows = [evenly(np.arange(len(task)), _MAX_FITTED_TRIALS) for task in chosen]
    return Batch.of([task.only(i) for task, i in zip(chosen, rows, strict=True)])
