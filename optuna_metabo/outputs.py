"""The numbers of a trial that are modelled: objectives, constraints, and whether it failed.

Inside, every one of them is to be maximised: objectives by the sign of their direction, and a
constraint by what it leaves, ``slack = -value``, so that a trial is feasible at 0 and above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray as Array
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

ConstraintsFunc = Callable[[FrozenTrial], Sequence[float]]


@dataclass(frozen=True)
class Objective:
    """One objective of a study."""

    index: int
    direction: StudyDirection
    name: str | None = None

    def values(self, trials: Sequence[FrozenTrial]) -> Float[Array, " n"]:
        """To be maximised, shape [n]; NaN for trials that say nothing of it.

        A pruned trial has the value that the trials completed have at its rank: where its last
        report stands among theirs at the same step, there stands its value among theirs. It stays
        NaN if none of them reported at that step.
        """
        sign = 1.0 if self.direction == StudyDirection.MAXIMIZE else -1.0
        found = np.full(len(trials), np.nan)
        for i, trial in enumerate(trials):
            if trial.state == TrialState.COMPLETE and trial.values is not None:
                found[i] = sign * trial.values[self.index]
        peers: dict[int, tuple[Float[Array, " r"], Float[Array, " r"]]] = {}
        for i, trial in enumerate(trials):
            step = trial.last_step
            if trial.state != TrialState.PRUNED or step is None:
                continue
            if step not in peers:
                peers[step] = self._peers(trials, found, step, sign)
            reports, finals = peers[step]
            report = sign * trial.intermediate_values[step]
            if len(reports) and np.isfinite(reports).all() and np.isfinite(report):
                found[i] = np.interp(report, reports, finals)
        return found

    @staticmethod
    def _peers(
        trials: Sequence[FrozenTrial], values: Float[Array, " n"], step: int, sign: float
    ) -> tuple[Float[Array, " r"], Float[Array, " r"]]:
        """Reports at a step and values of the completed trials that have one, each ascending."""
        rows = [
            j
            for j, trial in enumerate(trials)
            if trial.state == TrialState.COMPLETE and step in trial.intermediate_values
        ]
        reports = sign * np.array([trials[j].intermediate_values[step] for j in rows])
        return np.sort(reports), np.sort(values[rows])


def objectives_of(study: Study) -> tuple[Objective, ...]:
    """The objectives of a study, with their names where it gives any."""
    # The study that a bracket of Hyperband hands in has no such attribute.
    given: Sequence[str] | None = getattr(study, "metric_names", None)
    names: Sequence[str | None] = given or [None] * len(study.directions)
    return tuple(
        Objective(i, direction, name)
        for i, (direction, name) in enumerate(zip(study.directions, names, strict=True))
    )


def matching(objective: Objective, among: Sequence[Objective], count: int) -> Objective | None:
    """The objective of another study that is the same as ``objective`` of a study of ``count``.

    One alone matches one alone. Else they match by name, and by position where the number of
    objectives is the same and one of the studies gives no names.
    """
    if len(among) == count == 1:
        return among[0]
    if objective.name is not None:
        for other in among:
            if other.name == objective.name:
                return other
    unnamed = objective.name is None or among[objective.index % len(among)].name is None
    return among[objective.index] if len(among) == count and unnamed else None


def constraints_of(trial: FrozenTrial, function: ConstraintsFunc | None) -> dict[str, float]:
    """The constraints of a finished trial by key, as Optuna counts them: feasible at most at 0.

    Those that the trial itself holds come first; else ``function`` is asked.
    """
    if hasattr(trial, "constraints"):  # Optuna 5
        held = dict(trial.constraints)
    else:
        held = {str(i): v for i, v in enumerate(trial.system_attrs.get("constraints") or ())}
    if not held and function is not None and trial.state != TrialState.FAIL:
        held = {str(i): float(value) for i, value in enumerate(function(trial))}
    return {key: value for key, value in held.items() if not np.isnan(value)}


def keys(held: Iterable[dict[str, float]]) -> list[str]:
    """Every constraint that any trial has."""
    return sorted({key for one in held for key in one})


def slacks(held: Sequence[dict[str, float]], key: str) -> Float[Array, " n"]:
    """What a constraint leaves, shape [n]; NaN for trials without it."""
    return -np.array([one.get(key, np.nan) for one in held], dtype=float)


def feasible(held: Sequence[dict[str, float]]) -> Bool[Array, " n"]:
    """Which trials break no constraint; one without any is feasible."""
    return np.array([all(value <= 0.0 for value in one.values()) for one in held], dtype=bool)


def bilog(slack: Float[Array, " n"], unit: float) -> Float[Array, " n"]:
    """sign(s) log(1 + |s|): fine near the border only (Eriksson & Poloczek 2021)."""
    scaled = np.clip(slack / unit, -1e100, 1e100)
    return np.sign(scaled) * np.log1p(np.abs(scaled))


def unit_of(slack: Float[Array, " n"]) -> float:
    """The usual size of a constraint's values: the median of those that are neither 0 nor inf."""
    sizes = np.abs(slack)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0.0)]
    return float(np.median(sizes)) if len(sizes) else 1.0
