"""What the sources say about each output of a study, learned once for each search space."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from optuna_metabo.columns import encoded_together
from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.plain import NoTransfer
from optuna_metabo.ensembles.success import Success
from optuna_metabo.memory import Memory
from optuna_metabo.outputs import Objective, matching
from optuna_metabo.ranges import Space
from optuna_metabo.shapes import Float
from optuna_metabo.sources import LeftOut, Past, SourceStudy, SourceTask
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
class Learned:
    """What the usable sources say about one output over one search space."""

    prior: Prior
    used: tuple[SourceTask, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def used_tasks(self) -> list[Task]:
        """What they say, without the studies."""
        return [one.task for one in self.used]

    def optima(self, p: int) -> Float[Array, "k p"]:
        """The best point of each source."""
        return self._optima.reshape(len(self.used), p)

    @cached_property
    def _optima(self) -> Float[Array, ...]:
        return np.array([source.task.X[source.task.y.argmax()] for source in self.used])

    def pooled(self) -> Task:
        """The points of all sources as those of one study."""
        tasks = self.used_tasks
        return Task(np.concatenate([t.X for t in tasks]), np.concatenate([t.y for t in tasks]))


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
        points = encoded_together([study.ended for study in self.studies], self.encoding)
        found = [
            self.output.read(study, self.encoding, ended=ended)
            for study, ended in zip(self.studies, points, strict=True)
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
    """

    surrogate: Surrogate
    known: Mapping[Key, Learned] = field(default_factory=dict, repr=False)
    _memory: Memory[Learned] = field(default_factory=lambda: Memory(_MOST), repr=False)
    _last: Memory[list[Learned]] = field(default_factory=lambda: Memory(0), repr=False)

    def objectives(
        self, objectives: Sequence[Objective], past: Past, space: Space
    ) -> list[Learned]:
        """What they say about each objective of a study.

        The last answer is remembered by the studies themselves: of a thousand, even comparing what
        they are takes as long as the rest of an ask.
        """

        def learned() -> list[Learned]:
            count = len(objectives)
            outputs = [Output.objective(one, count, past.studies) for one in objectives]
            return [self.learn(past.studies, space, output) for output in outputs]

        return self._last.get((past.token, *objectives, *map(repr, space.items())), learned)

    @property
    def transfers(self) -> bool:
        """Whether the sources are listened to at all."""
        return not isinstance(self.surrogate, NoTransfer)

    def learn(self, studies: Sequence[SourceStudy], space: Space, output: Output) -> Learned:
        """What studies say about an output."""
        question = Question.of(output, studies, space)
        key = question.key
        if key in self.known:
            return self.known[key]
        return self._memory.get(key, lambda: question.learned(self.surrogate))


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
