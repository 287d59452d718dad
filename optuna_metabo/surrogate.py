"""What the rooms of the mathematics hand to each other, and the protocol of a surrogate.

Everything is maximised, in the units of the target's values with the sign of its direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.repeats import Repeats
from optuna_metabo.shapes import Bool, Float, Int
from optuna_metabo.thinning import Rule, by_rank

# Values outside these magnitudes are rescaled: their squares would leave float64.
_TINY, _HUGE = 1e-100, 1e100
# How far below the best the target's values count, in lengths of its better three quarters.
_REACH = 3.0
# With less trust sources are doubted before any value.
TRUSTED = 0.5


@dataclass(frozen=True)
class Groups:
    """Points, those that are equal merged into one.

    Args:
        X: The different points, shape [g p].
        index: The group of each point, shape [n].
        first: The first point of each group, shape [g].
    """

    X: Float[Array, "g p"]
    index: Int[Array, " n"]
    first: Int[Array, " g"]

    @classmethod
    def of(cls, X: Float[Array, "n p"]) -> Groups:
        """Merges equal rows."""
        unique, first, index = np.unique(X, axis=0, return_index=True, return_inverse=True)
        return cls(unique, index.reshape(-1), first)

    def means(self, y: Float[Array, " n"]) -> Float[Array, " g"]:
        """The mean of each group's values."""
        return np.bincount(self.index, y) / np.bincount(self.index)

    def repeats(self, y: Float[Array, " n"]) -> Repeats | None:
        """What is known of the values of each group, if they are noisy: if those of one differ.

        A function without noise that is evaluated again tells nothing more. Where one value is far
        below all others, as of a training that diverged, deviations tell nothing of other points.
        """
        if (y == y[self.first][self.index]).all():
            return None
        counts = np.bincount(self.index).astype(float)
        squares = np.bincount(self.index, (y - self.means(y)[self.index]) ** 2)
        is_far = np.bincount(self.index, y != bounded(y)) > 0.0
        return Repeats(counts, squares, counts - 1.0).where(~is_far)


def unit_of(y: Float[Array, " n"]) -> float:
    """What values are divided by so that their squares stay in float64; 1 for most."""
    magnitude = float(np.abs(y[np.isfinite(y)]).max(initial=0.0))
    return magnitude if magnitude > _HUGE or 0.0 < magnitude < _TINY else 1.0


def finite(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Values with the infinite ones drawn to the worst and the best finite one; rescaled where
    their squares would leave float64.

    Where the finite ones do not differ, or there is none, the infinite ones are drawn to a place
    beyond: how far does not matter, as nothing else has a scale.
    """
    told, unit = y[np.isfinite(y)], unit_of(y)
    low, high = (told.min() / unit, told.max() / unit) if len(told) else (0.0, 0.0)
    if low == high:
        gap = max(abs(low), 1.0)
        low, high = low - gap, high + gap
    return np.asarray(np.clip(y / unit, low, high))


def bounded(y: Float[Array, " n"]) -> Float[Array, " n"]:
    """Draws the lowest quarter of the target's values up, where it is far below the others.

    A target's values are crowded near the best, so that their median says nothing of the scale of
    the others; what is kept reaches thrice as far below the best as the better three quarters.
    """
    best, quarter = y.max(), np.quantile(y, 0.25)
    return np.asarray(np.maximum(y, best - _REACH * (best - quarter))) if best > quarter else y


@dataclass(frozen=True, eq=False)
class Task:
    """Evaluated points of one study, encoded in the target's domain.

    Like arrays, tasks are told apart as objects: two of the same points are two.

    Args:
        X: Points, shape [n p]; a point may lie outside the unit cube.
        y: Finite values to be maximised, shape [n].
        known: The columns that this study says something about, shape [p]; the others are to be
            ignored. ``None`` means all.
        whole: All points in the order of their first trials, with the values that were told, of
            which this task may hold some, or less extreme ones. ``None`` where that is not known.
        repeats: Of the noisy values whose means ``y`` are; ``None`` if it is one value each.

    Example:
        >>> import numpy as np
        >>> from optuna_metabo import Task
        >>> len(Task(np.array([[0.1], [0.7]]), np.array([3.0, 4.0])))
        2
    """

    X: Float[Array, "n p"]
    y: Float[Array, " n"]
    known: Bool[Array, " p"] | None = None
    whole: Task | None = None
    repeats: Repeats | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def tally(self) -> Repeats:
        """``repeats``, of one value each if there are none."""
        return Repeats.none(len(self)) if self.repeats is None else self.repeats

    @property
    def counts(self) -> Float[Array, " n"]:
        """How many noisy values each of ``y`` is the mean of."""
        return self.tally.counts

    @classmethod
    def observed(
        cls, X: Float[Array, "n p"], y: Float[Array, " n"], known: Bool[Array, " p"] | None = None
    ) -> Task:
        """Points and their values as data to be maximised.

        Points whose value is NaN are left out, infinite values are drawn to finite ones as
        :func:`finite` does, and points evaluated more than once get their mean, which counts as so
        many if they differ.
        """
        told = ~np.isnan(y)
        return cls.merged(Groups.of(X[told]), finite(y[told]), known)

    @classmethod
    def merged(
        cls, groups: Groups, y: Float[Array, " n"], known: Bool[Array, " p"] | None = None
    ) -> Task:
        """The means of finite values at points of which some are equal."""
        return cls(groups.X, groups.means(y), known, repeats=groups.repeats(y))

    def only(self, rows: Int[Array, " r"]) -> Task:
        """Some of its points."""
        repeats = self.repeats and self.repeats.only(rows)
        return replace(self, X=self.X[rows], y=self.y[rows], repeats=repeats)

    def transformed(self, y: Float[Array, " n"]) -> Task:
        """With other values, at some or all of the points.

        How much single values differed where they are others is not known on their scale.
        """
        return replace(self, y=y, repeats=self.repeats and self.repeats.where(y == self.y))

    def scaled(self, centre: float, scale: float) -> Task:
        """With ``(y - centre) / scale`` as values."""
        repeats = self.repeats and replace(self.repeats, squares=self.repeats.squares / scale**2)
        return replace(self, y=(self.y - centre) / scale, repeats=repeats)

    @classmethod
    def joined(cls, tasks: Sequence[Task]) -> Task:
        """The points of several tasks, one at least, as those of one study."""
        X, y = np.concatenate([t.X for t in tasks]), np.concatenate([t.y for t in tasks])
        if not any(task.repeats for task in tasks):
            return cls(X, y)
        several = (task.tally for task in tasks)
        parts = ((one.counts, one.squares, one.freedom) for one in several)
        return cls(X, y, repeats=Repeats(*map(np.concatenate, zip(*parts, strict=True))))

    def thinned(self, most: int, rule: Rule = by_rank) -> Task:
        """At most so many points, kept by a rule of :mod:`optuna_metabo.thinning`."""
        if len(self) <= most:
            return self
        return self.only(rule(self.y, most))


def observed(
    X: Float[Array, "n p"], values: Sequence[Float[Array, " n"]], is_feasible: Bool[Array, " n"]
) -> tuple[list[Task], Bool[Array, " g"]]:
    """Several outputs seen at the same points, and where all that was seen is feasible.

    Args:
        X: The points.
        values: Of each output, to be maximised; NaN where a point says nothing of it.
        is_feasible: Of each point.
    """
    told = ~np.isnan(values).any(axis=0)
    groups = Groups.of(X[told])
    order = np.argsort(groups.first)
    tasks = []
    for y in values:
        task = Task.merged(groups, finite(y[told]))
        tasks.append(replace(task, whole=task.only(order)))
    return tasks, groups.means(is_feasible[told]) == 1.0


@dataclass(frozen=True, eq=False)
class Posterior:
    """A mixture of ``s`` normal distributions at each of ``m`` points.

    A mixture of one component is an ordinary Gaussian posterior. Like arrays, posteriors are told
    apart as objects.

    Args:
        weights: Shape [s], on the simplex.
        means: Shape [s m].
        variances: Shape [s m], of the function without observation noise, positive.

    Raises:
        ValueError: If they have other shapes.

    Example:
        >>> import numpy as np
        >>> from optuna_metabo import Posterior
        >>> two = Posterior(np.array([0.5, 0.5]), np.array([[0.0], [2.0]]), np.ones((2, 1)))
        >>> two.mean.item(), two.variance.item()
        (1.0, 2.0)
    """

    weights: Float[Array, " s"]
    means: Float[Array, "s m"]
    variances: Float[Array, "s m"]

    def __post_init__(self) -> None:
        s, shape, other = np.shape(self.weights), np.shape(self.means), np.shape(self.variances)
        if len(shape) != 2 or s != shape[:1] or other != shape:
            raise ValueError(
                "Posterior expects weights of shape [s], and means and variances of shape [s m], "
                f"got {s}, {shape} and {other}"
            )

    @property
    def mean(self) -> Float[Array, " m"]:
        """The mean of the mixture."""
        return self.weights @ self.means

    @property
    def variance(self) -> Float[Array, " m"]:
        """The variance of the mixture: the mean variance and the variance of the means."""
        spread = (self.means - self.mean) ** 2
        return self.weights @ (self.variances + spread)


@runtime_checkable
class Model(Protocol):
    """What is believed of the target's function after its trials so far.

    Asking it changes nothing: a trial asks it for thousands of points, in many calls.

    A model may also have any of these, which are looked for by name. What means anything else
    must have another name: a model's own ``experts``, say, would be asked in its place.

    - ``acting``: the model that chooses the next point in place of this one.
    - ``experts``: the model that is asked in place of this one of constraints and of the best
      trial; this one's intervals are then those of a report.
    - ``beside_others``: the model that chooses in place of this one where the target has several
      objectives.
    - ``begins_anew``: whether sources have misled so far, or are doubted. Where this holds of
      every objective, the next point is quasi-random.
    - ``would_tell(X)``: from points, shape [m p], to which of them would tell whether sources
      mislead, bools of shape [m]; these come first then.
    - ``opposition``: the part of what is believed, from 0 to 1, that is the opposite of what
      sources say; it is reported.
    - ``trust``: how far sources were believed before any value, from 0 to 1; it is reported, and
      that they are doubted if it is less than :data:`TRUSTED`. A prior may have it, too.
    """

    @property
    def weights(self) -> Float[Array, " k"]:
        """How much each source counts, shape [k], in the order of the sources.

        At least 0, and 1 in all at most: what is missing to 1 is believed from the target's own
        trials alone.
        """
        ...

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """The distribution of the function's value at each point.

        Args:
            X: Points, shape [m p]; ``m`` may be 0.

        Returns:
            Finite means in the units of the target's values, and positive variances without
            observation noise. Where the search meets NaN, the trial that asks fails with a
            ``FloatingPointError``.
        """
        ...


@runtime_checkable
class Prior(Protocol):
    """What the sources say, learned once and conditioned at every ask.

    It never changes: it is remembered, and shared by threads. One that also has the methods
    ``likeness`` and ``believing`` of ``optuna_metabo.ensembles.likeness.Weighable`` is weighed by
    the features of the studies; those, too, are looked for by name.
    """

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Takes in the target's trials.

        Args:
            target: Its ``n`` points with finite values; ``n`` is 0 before the first value.
            pending: Points asked and not yet told, shape [q p]; ``q`` may be 0.

        Returns:
            A model, ready to be asked. Before the first value, where there are no units, its means
            say what points promise, about 0 for an average one and 1 for the best.

        Raises:
            Exception: Whatever goes wrong; the trial that asks fails with it.
        """
        ...


@runtime_checkable
class Surrogate(Protocol):
    """A way to learn from sources.

    Example:
        >>> from optuna_metabo import Averaging, MetaGPSampler, Surrogate
        >>> isinstance(Averaging(), Surrogate)
        True
        >>> sampler = MetaGPSampler(surrogate=Averaging(plain=0.5, joint=0.4))
    """

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Learns from the sources, once for each output and search space.

        Where no past study can be used it is not called: a plain Gaussian process learns alone.

        Args:
            sources: One at least, each with points of shape [n p] and values that differ.
            domain: The target's, of ``p`` columns.
            generator: All that is random; it is the same at every call, whatever the seed of the
                sampler, so that what is learned can be kept.

        Returns:
            What they say; its models have one weight for each source.

        Raises:
            Exception: Whatever goes wrong; the trial that asks fails with it, and the next one
                asks to learn again.
        """
        ...
