"""What the sources say about each output of a study, learned once for each search space."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.study import Study

from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.plain import NoTransfer
from optuna_metabo.outputs import Objective, bilog, keys, slacks, unit_of
from optuna_metabo.proposal import Belief
from optuna_metabo.sources import LeftOut, Sources, SourceStudy, SourceTask
from optuna_metabo.surrogate import Prior, Surrogate, Task

# Priors of search spaces no longer asked for are dropped.
_MAX_PRIORS = 32
# So many failed trials before it is asked where they fail.
_MIN_FAILED = 2

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


@dataclass
class Learner:
    """Learns from the sources, and remembers."""

    sources: Sources
    surrogate: Surrogate
    seed: int
    _kept: OrderedDict[tuple[str, ...], Learned] = field(default_factory=OrderedDict)

    def objective(self, study: Study, space: Space, objective: Objective, count: int) -> Learned:
        """What they say about one of the ``count`` objectives of a study."""

        def read(source: SourceStudy, encoding: Encoding) -> SourceTask | LeftOut:
            return source.task_for(encoding, objective, count)

        return self._learn(study, space, f"{objective!r} of {count}", read)

    def limits(
        self,
        study: Study,
        space: Space,
        encoding: Encoding,
        X: Float[Array, "n p"],
        held: Sequence[dict[str, float]],
    ) -> Iterator[Belief]:
        """What has been seen at ``X`` of each constraint that is held, and what is learned of it.

        Before the first trial the constraints are those that every source has, and their border
        is where all sources together have it.
        """
        for key in keys(held) if held else self._usual_constraints(study):
            learned = self._constraint(study, space, key)
            slack = slacks(held, key)
            seen = Task.observed(X, bilog(slack, self._unit(study, key) or unit_of(slack)))
            if len(seen):
                yield Belief(seen, learned.prior)
            elif learned.used:
                yield Belief(learned.pooled(), _plain(encoding))

    def _constraint(self, study: Study, space: Space, key: str) -> Learned:
        def read(source: SourceStudy, encoding: Encoding) -> SourceTask | LeftOut:
            return source.slack_task_for(encoding, key)

        return self._learn(study, space, f"constraint {key!r}", read)

    def _usual_constraints(self, study: Study) -> list[str]:
        """The constraints that every source has."""
        found = [keys(source.constraints) for source in self.sources.read(study)[0]]
        return sorted(set(found[0]).intersection(*found[1:])) if found else []

    def _unit(self, study: Study, key: str) -> float | None:
        """The usual size of a constraint's values in the sources, ``None`` without any."""
        units = [
            unit_of(slack)
            for source in self.sources.read(study)[0]
            if np.isfinite(slack := slacks(source.constraints, key)).any()
        ]
        return float(np.median(units)) if units else None

    def _learn(self, study: Study, space: Space, output: str, read: Read) -> Learned:
        studies, left_out = self.sources.read(study)
        names = " ".join(one.name for one in studies)
        key = (study.study_name, output, names, *(f"{name}={space[name]!r}" for name in space))
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        encoding = Encoding.of(space)
        found = [read(source, encoding) for source in studies]
        used = tuple(one for one in found if isinstance(one, SourceTask))
        reasons = (*left_out, *[one for one in found if isinstance(one, LeftOut)])
        surrogate = self.surrogate if used else NoTransfer()
        generator = np.random.default_rng(self.seed)
        tasks = [one.task for one in used]
        prior = surrogate.learn(tasks, encoding.domain, generator=generator)
        self._kept[key] = learned = Learned(prior, used, reasons)
        while len(self._kept) > _MAX_PRIORS:
            self._kept.popitem(last=False)
        return learned


def success(
    encoding: Encoding, succeeded: Float[Array, "n p"], failed: Float[Array, "f p"]
) -> Iterator[Belief]:
    """Where trials succeed (1) and where they fail (-1), once more than one has failed."""
    if len(failed) >= _MIN_FAILED:
        # Points that failed again are not merged: each failure makes the next less likely.
        outcome = np.r_[np.ones(len(succeeded)), -np.ones(len(failed))]
        yield Belief(Task(np.concatenate([succeeded, failed]), outcome), _plain(encoding))


def _plain(encoding: Encoding) -> Prior:
    return NoTransfer().learn([], encoding.domain, generator=np.random.default_rng(0))
