"""What the sources say about each output of a study, learned once for each search space."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from optuna_metabo.columns import encoded_together
from optuna_metabo.domain import Domain
from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.likeness import Likeness, Weighable
from optuna_metabo.ensembles.plain import NoTransfer, PlainPrior
from optuna_metabo.ensembles.success import Success
from optuna_metabo.features import Features
from optuna_metabo.memory import Memory
from optuna_metabo.objectives import Objective, matching
from optuna_metabo.past import Past
from optuna_metabo.past_study import LeftOut, SourceStudy, SourceTask
from optuna_metabo.ranges import Space
from optuna_metabo.shapes import Float
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.surrogate import Prior, Surrogate, Task

# Bytes of what is learned; search spaces no longer asked for are forgotten first. A thousand
# studies of a hundred trials take 20 to 40 MB an output.
_MOST = 2**28

# From a study, the target's encoding and the study's trials on its axes.
Read = Callable[..., SourceTask | LeftOut]
Key = tuple[Hashable, ...]


@dataclass(frozen=True)
class Output:
    """A number of a trial that is modelled.

    Args:
        key: Tells it from others of the same studies.
        read: What a study says about it.
        surrogate: Learns it, if not the one that learns objectives.
    """

    key: Hashable
    read: Read
    surrogate: Surrogate | None = None

    @classmethod
    def objective(cls, one: Objective, count: int, studies: Sequence[SourceStudy]) -> Output:
        """An objective of ``count``: which one of each study it is, and of whom it is none."""
        spoken = {study.objectives for study in studies}
        own = {several: matching(one, several, count) for several in spoken}
        found = tuple(own[study.objectives] for study in studies)
        unmatched = repr(one) if None in found else ""
        places = tuple(match and match.index for match in found)
        read = partial(SourceStudy.task_for, objective=one, count=count)
        return cls(("objective", places, count, unmatched), read)

    @classmethod
    def constraint(cls, key: str) -> Output:
        """A constraint."""
        return cls(("constraint", key), partial(SourceStudy.slack_task_for, key=key))


SUCCESS = Output("success", SourceStudy.success_task_for, Success())


@dataclass(frozen=True)
class Description:
    """What is known of a target besides its values, and which sources it speaks for.

    Args:
        names: Of the features.
        likeness: What they say of the sources.
        own: Those of the target; NaN is not known.
    """

    names: tuple[str, ...]
    likeness: Likeness
    own: Float[Array, " f"]

    @cached_property
    def weights(self) -> Float[Array, " k"]:
        """Of each source before the first value, 1 on average."""
        return self.likeness.weights(self.own)


@dataclass(frozen=True)
class Learned:
    """What the usable sources say about one output over one search space.

    Args:
        prior: Conditioned at every ask.
        used: The sources.
        left_out: Those that say nothing, and why.
        description: Of the target, where there is one and the prior listens to it.
    """

    prior: Prior
    used: tuple[SourceTask, ...]
    left_out: tuple[LeftOut, ...]
    description: Description | None = None

    @property
    def is_heard(self) -> bool:
        """Whether there are sources and the surrogate listens to them."""
        return bool(self.used) and not isinstance(self.prior, PlainPrior)

    @property
    def used_tasks(self) -> list[Task]:
        """What they say, without the studies."""
        return [one.task for one in self.used]

    def optima(self, p: int) -> Float[Array, "k p"]:
        """The best point of each source that is heard."""
        return self._optima.reshape(-1, p)

    @cached_property
    def _optima(self) -> Float[Array, ...]:
        heard = self.used_tasks if self.is_heard else []
        return np.array([task.X[task.y.argmax()] for task in heard])

    def pooled(self, domain: Domain) -> Task:
        """The points of all sources as those of one study.

        Of what a source lacks it says nothing: its points lie anywhere there.
        """
        joined, known = Task.joined(self.used_tasks), np.ones(len(domain.groups), dtype=bool)
        of_each = [known if task.known is None else task.known for task in self.used_tasks]
        lacks = ~np.repeat(of_each, [len(task) for task in self.used_tasks], axis=0)
        once, generator = np.ones(len(joined), dtype=int), np.random.default_rng(0)
        return replace(joined, X=domain.spread(joined.X, lacks, once, generator=generator))


@dataclass(frozen=True)
class Question:
    """What some studies say about an output over a search space."""

    output: Output
    studies: Sequence[SourceStudy]
    space: Space

    @classmethod
    def of(cls, output: Output, studies: Sequence[SourceStudy], space: Space) -> Question:
        """Of what a space says nothing to these studies, nothing is asked."""
        names = {name for study in studies for name in study.search_space}
        return cls(output, studies, _as_known(space, names))

    @property
    def key(self) -> Key:
        """Equal for questions of one answer."""
        known = (study.key for study in self.studies)
        return (self.output.key, *known, *map(repr, self.space.items()))

    @cached_property
    def encoding(self) -> Encoding:
        """Of the space."""
        return Encoding.of(self.space)

    @cached_property
    def read(self) -> tuple[tuple[SourceTask, ...], tuple[LeftOut, ...]]:
        """What can be used of the studies, and why nothing of others can."""
        points = encoded_together([study.telling for study in self.studies], self.encoding)
        found = [
            self.output.read(study, self.encoding, telling=telling)
            for study, telling in zip(self.studies, points, strict=True)
        ]
        used = tuple(one for one in found if isinstance(one, SourceTask))
        return used, tuple(one for one in found if isinstance(one, LeftOut))

    def learned(self, surrogate: Surrogate) -> Learned:
        """The answer: the same whoever asks, so that it can be kept."""
        used, reasons = self.read
        surrogate = self.output.surrogate or (surrogate if used else NoTransfer())
        generator = np.random.default_rng(0)
        tasks = [one.task for one in used]
        prior = surrogate.learn(tasks, self.encoding.domain, generator=generator)
        return Learned(prior, used, reasons)


@dataclass(frozen=True)
class Learner:
    """Learns from the sources, and remembers.

    Args:
        surrogate: How objectives and constraints are learned.
        known: What has been learned before, by this surrogate.
        features: What counts as features of a study, if anything.
        target: The study that is learned for, whose features count.
    """

    surrogate: Surrogate
    known: Mapping[Key, Learned] = field(default_factory=dict, repr=False)
    features: Features | None = None
    target: Snapshot | None = field(default=None, repr=False)
    _memory: Memory[Any] = field(default_factory=lambda: Memory(_MOST), repr=False)
    _last: Memory[list[Learned]] = field(default_factory=lambda: Memory(0), repr=False)

    def about(self, target: Snapshot) -> Learner:
        """The same, learning for a study."""
        return replace(self, target=target) if self.features else self

    @property
    def _own(self) -> Float[Array, " f"] | None:
        """The features of the target."""
        if self.features is None or self.target is None:
            return None
        return self.features.table([(self.target.name, self.target.user_attrs)])[0]

    def objectives(
        self, objectives: Sequence[Objective], past: Past, space: Space
    ) -> list[Learned]:
        """What they say about each objective of a study.

        The last answer is remembered by the studies themselves: of a thousand, even comparing what
        they are takes as long as the rest of an ask.
        """

        def learned() -> list[Learned]:
            """For each objective, worked out."""
            count = len(objectives)
            outputs = [Output.objective(one, count, past.studies) for one in objectives]
            found = [self.learn(past.studies, space, output) for output in outputs]
            self._warn_of_missing(found)
            return found

        own = self.target and self.target.name, None if self._own is None else self._own.tobytes()
        return self._last.get((past.token, own, *objectives, *map(repr, space.items())), learned)

    def _warn_of_missing(self, learned: Sequence[Learned]) -> None:
        """Tells once of features that the target or sources lack."""
        if self.features is not None and self.target is not None:
            used = {x.study.name: x.study.attributes for part in learned for x in part.used}
            own = self.target.name, self.target.user_attrs
            self.features.warn_of_missing(own, used.items())

    @property
    def transfers(self) -> bool:
        """Whether the sources are listened to at all."""
        return not isinstance(self.surrogate, NoTransfer)

    def learn(self, studies: Sequence[SourceStudy], space: Space, output: Output) -> Learned:
        """What studies say about an output."""
        question = Question.of(output, studies, space)
        key = question.key
        learned = self.known.get(key) or self._memory.get(
            key, lambda: question.learned(self.surrogate)
        )
        return self._described(key, learned)

    def _described(self, key: Key, learned: Learned) -> Learned:
        """The sources weighed by the features of the target, if it has any."""
        features, own, prior = self.features, self._own, learned.prior
        if features is None or own is None or not isinstance(prior, Weighable):
            return learned

        def likeness() -> Likeness:
            """What the features of the sources say of their functions."""
            sources = [(one.study.name, one.study.attributes) for one in learned.used]
            return prior.likeness(features.table(sources))

        if np.isnan(own).all():
            return learned
        found = self._memory.get((key, "likeness"), likeness)
        description = Description(features.names, found, own)
        described = replace(learned, description=description)
        return self._memory.get(
            (key, own.tobytes()), lambda: _weighed(described, prior, description.weights)
        )


def is_start_up(learned: Sequence[Learned], n_ended: int, n_startup_trials: int) -> bool:
    """Whether there is too little to be modelled: no sources that are heard, and few trials."""
    return n_ended < n_startup_trials and not any(one.is_heard for one in learned)


def _weighed(learned: Learned, prior: Weighable, weights: Float[Array, " k"]) -> Learned:
    """What is learned, the sources of its prior with these weights."""
    return learned if (weights == 1).all() else replace(learned, prior=prior.believing(weights))


def _as_known(space: Space, names: Collection[str]) -> dict[str, BaseDistribution]:
    """A search space as studies see it that have had parameters of certain names only.

    Where another parameter ranges means nothing to them: it is one column, or one for each
    choice, so that what is learned is the same whatever becomes of its range.
    """
    return {name: one if name in names else _blank(one) for name, one in space.items()}


def _blank(distribution: BaseDistribution) -> BaseDistribution:
    if isinstance(distribution, CategoricalDistribution):
        return CategoricalDistribution(range(len(distribution.choices)))
    return FloatDistribution(0.0, 1.0)
