"""What the sources say about each output of a study, learned once for each search space."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.plain import NoTransfer
from optuna_metabo.memory import Memory
from optuna_metabo.ranges import Space
from optuna_metabo.shapes import Float
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import LeftOut, Past, SourceStudy, SourceTask
from optuna_metabo.surrogate import Prior, Surrogate, Task

# Bytes of what is learned; search spaces no longer asked for are forgotten first. A thousand
# studies of a hundred trials take 20 to 40 MB an output.
_MOST = 2**28

Read = Callable[[SourceStudy, Encoding], SourceTask | LeftOut]


@dataclass(frozen=True)
class Learned:
    """What the usable sources say about one output over one search space."""

    prior: Prior
    used: tuple[SourceTask, ...]
    left_out: tuple[LeftOut, ...]

    def optima(self, p: int) -> Float[Array, "k p"]:
        """The best point of each source."""
        if not self.used:
            return np.zeros((0, p))
        return np.stack([source.task.X[source.task.y.argmax()] for source in self.used])

    def pooled(self) -> Task:
        """The points of all sources as those of one study."""
        tasks = [source.task for source in self.used]
        return Task(np.concatenate([t.X for t in tasks]), np.concatenate([t.y for t in tasks]))


@dataclass(frozen=True)
class Learner:
    """Learns from the sources, and remembers."""

    surrogate: Surrogate
    seed: int
    _memory: Memory[Learned] = field(default_factory=lambda: Memory(_MOST), repr=False)

    def objectives(self, now: Snapshot, past: Past, space: Space) -> list[Learned]:
        """What they say about each objective of a study."""
        count = len(now.objectives)
        found = []
        for one in now.objectives:
            read = partial(SourceStudy.task_for, objective=one, count=count)
            found.append(self.learn(past.studies, space, f"{one!r} of {count}", read))
        return found

    @property
    def transfers(self) -> bool:
        """Whether the sources are listened to at all."""
        return not isinstance(self.surrogate, NoTransfer)

    def learn(
        self,
        studies: Sequence[SourceStudy],
        space: Space,
        output: str,
        read: Read,
        surrogate: Surrogate | None = None,
    ) -> Learned:
        """What studies say about an output: a name for it, and how it is read from a study."""
        space = _as_known(space, {name for study in studies for name in study.search_space})
        key = (output, *(study.key for study in studies), *map(repr, space.items()))
        return self._memory.get(key, lambda: self._learn(studies, space, read, surrogate))

    def _learn(
        self,
        studies: Sequence[SourceStudy],
        space: Space,
        read: Read,
        surrogate: Surrogate | None,
    ) -> Learned:
        encoding = Encoding.of(space)
        found = [read(source, encoding) for source in studies]
        used = tuple(one for one in found if isinstance(one, SourceTask))
        reasons = tuple(one for one in found if isinstance(one, LeftOut))
        surrogate = surrogate or (self.surrogate if used else NoTransfer())
        generator = np.random.default_rng(self.seed)
        tasks = [one.task for one in used]
        return Learned(surrogate.learn(tasks, encoding.domain, generator=generator), used, reasons)


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
