"""What the sources say about each output of a study, learned once for each search space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution

from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.plain import NoTransfer
from optuna_metabo.memory import Memory
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import LeftOut, Sources, SourceStudy, SourceTask
from optuna_metabo.surrogate import Prior, Surrogate, Task

# Bytes of what is learned; search spaces no longer asked for are forgotten first.
_MOST = 2**25

Space = Mapping[str, BaseDistribution]
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

    sources: Sources
    surrogate: Surrogate
    seed: int
    _memory: Memory[Learned] = field(default_factory=lambda: Memory(_MOST), repr=False)

    def objectives(self, now: Snapshot, space: Space) -> list[Learned]:
        """What they say about each objective of a study."""
        count = len(now.objectives)
        return [
            self.learn(
                now,
                space,
                f"{one!r} of {count}",
                partial(SourceStudy.task_for, objective=one, count=count),
            )
            for one in now.objectives
        ]

    def learn(self, now: Snapshot, space: Space, output: str, read: Read) -> Learned:
        """What they say about an output: a name for it, and how it is read from a source."""
        studies, left_out = self.sources.read(now)
        key = (output, *(study.key for study in studies), *map(repr, space.items()))
        return self._memory.get(key, lambda: self._learn(studies, left_out, space, read))

    def _learn(
        self,
        studies: Sequence[SourceStudy],
        left_out: Sequence[LeftOut],
        space: Space,
        read: Read,
    ) -> Learned:
        encoding = Encoding.of(space)
        found = [read(source, encoding) for source in studies]
        used = tuple(one for one in found if isinstance(one, SourceTask))
        reasons = (*left_out, *[one for one in found if isinstance(one, LeftOut)])
        surrogate = self.surrogate if used else NoTransfer()
        generator = np.random.default_rng(self.seed)
        tasks = [one.task for one in used]
        return Learned(surrogate.learn(tasks, encoding.domain, generator=generator), used, reasons)
