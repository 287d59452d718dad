"""What must hold for a trial to count: its constraints, and that it does not fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.plain import NoTransfer
from optuna_metabo.learning import Learner, Space
from optuna_metabo.outputs import bilog, keys, slacks, unit_of
from optuna_metabo.proposal import Belief
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import SourceStudy
from optuna_metabo.surrogate import Prior, Task

# So many failed trials before it is asked where they fail.
_MIN_FAILED = 2

Held = Sequence[dict[str, float]]


def constraints(
    learner: Learner,
    now: Snapshot,
    space: Space,
    encoding: Encoding,
    X: Float[Array, "n p"],
    held: Held,
) -> Iterator[Belief]:
    """What has been seen at ``X`` of each constraint that is held, and what is learned of it.

    Before the first trial the constraints are those that every source has, and their border is
    where all sources together have it.
    """
    sources = learner.sources.read(now)[0]
    for key in keys(held) if held else _usual(sources):
        read = partial(SourceStudy.slack_task_for, key=key)
        learned = learner.learn(now, space, f"constraint {key!r}", read)
        slack = slacks(held, key)
        seen = Task.observed(X, bilog(slack, _unit(sources, key) or unit_of(slack)))
        if len(seen):
            yield Belief(seen, learned.prior)
        elif learned.used:
            yield Belief(learned.pooled(), _plain(encoding))


def success(
    encoding: Encoding, succeeded: Float[Array, "n p"], failed: Float[Array, "f p"]
) -> Iterator[Belief]:
    """Where trials succeed (1) and where they fail (-1), once more than one has failed."""
    if len(failed) >= _MIN_FAILED:
        # Points that failed again are not merged: each failure makes the next less likely.
        outcome = np.r_[np.ones(len(succeeded)), -np.ones(len(failed))]
        yield Belief(Task(np.concatenate([succeeded, failed]), outcome), _plain(encoding))


def _usual(sources: Sequence[SourceStudy]) -> list[str]:
    """The constraints that every source has."""
    found = [keys(source.constraints) for source in sources]
    return sorted(set(found[0]).intersection(*found[1:])) if found else []


def _unit(sources: Sequence[SourceStudy], key: str) -> float | None:
    """The usual size of a constraint's values in the sources, ``None`` without any."""
    units = [
        unit_of(slack)
        for source in sources
        if np.isfinite(slack := slacks(source.constraints, key)).any()
    ]
    return float(np.median(units)) if units else None


def _plain(encoding: Encoding) -> Prior:
    return NoTransfer().learn([], encoding.domain, generator=np.random.default_rng(0))
