"""What runs found: measured by study, and in all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.reading import some_of
from optuna_metabo.replay.orders import FREE, Target, cold_of
from optuna_metabo.replay.runs import Failed, Plan, Run, rows_of
from optuna_metabo.shapes import Float

CHECKPOINTS = (1, 3, 5, 10, 20)
GOALS = ("close", "top", "best")
# Mean regrets over the first trials that differ by less are level.
MARGIN = 0.01
# What the past is, by whether it is chronological.
_PAST = {False: "all others", True: "those that had ended before it"}
# A study whose trials took less in all has no durations: it was copied or imported.
_NO_TIME = 1.0


@dataclass(frozen=True)
class Measured:
    """The runs of one sampler on one study.

    Args:
        orders: The rows taken, of each run.
        regret: After each trial that a run may have; one that has found the best stays at 0.
        trials_to: For each goal the trials of each run; infinite where it was not reached. The
            owner's and random orders go on until it is.
        seconds: What the trials of each run took to come within 1 % of the best; infinite where
            it did not, empty where no trial has a duration.
    """

    orders: list[list[int]]
    regret: Float[Array, "runs trials"]
    trials_to: dict[str, list[float]]
    seconds: list[float]

    @classmethod
    def of(cls, orders: list[list[int]], target: Target, most: int) -> Measured:
        """Measures the runs by what the owner knows."""
        yardstick, seconds = target.yardstick, target.pool.seconds
        found = [yardstick.found(rows) for rows in orders]
        trials_to = {goal: [yardstick.trials_to(one, goal) for one in found] for goal in GOALS}
        regret = np.stack([_extended(yardstick.regret(one), most) for one in found])
        ends = zip(orders, trials_to["close"], strict=True)
        took = [
            float(seconds[rows[: int(n)]].sum()) if math.isfinite(n) else math.inf
            for rows, n in ends
        ]
        return cls(orders, regret, trials_to, took if seconds.sum() >= _NO_TIME else [])

    def median_to(self, goal: str) -> float:
        """The trials of the median run."""
        return _median(self.trials_to[goal])

    @cached_property
    def area(self) -> float:
        """The mean regret over the first trials, ``Replay.area_trials``."""
        return float(self.regret[:, : CHECKPOINTS[-1]].mean())


def _extended(regret: Float[Array, " t"], most: int) -> Float[Array, " most"]:
    missing = max(most - len(regret), 0)
    return np.concatenate([regret, np.full(missing, regret[-1])])[:most]


def _runs(
    orders: Mapping[Run, list[int]], target: int, sampler: str, seeds: int
) -> list[list[int]]:
    """Of one sampler on one study, those that did not fail."""
    runs = [Run(target, sampler, seed) for seed in range(seeds)]
    return [orders[run] for run in runs if run in orders]


@dataclass(frozen=True)
class Replay:
    """Studies, and what each sampler made of them.

    Args:
        plan: What was run.
        targets: The studies.
        measured: For each study its samplers by name, the owner's and random orders first.
        left_out: Why others could not be replayed, by name.
        failed: The runs that ended with an error, of which nothing is measured.
    """

    plan: Plan
    targets: tuple[Target, ...]
    measured: tuple[dict[str, Measured], ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[Failed, ...] = ()

    @classmethod
    def of(
        cls,
        targets: Sequence[Target],
        plan: Plan,
        orders: Mapping[Run, list[int]],
        left_out: Mapping[str, str] | None = None,
        failed: Sequence[Failed] = (),
    ) -> Replay:
        """Measures runs; orders without a sampler are made here, until the best is found.

        A study is left out, lest samplers are compared on different ones, if all runs of one
        failed on it.

        Raises:
            RuntimeError: If none is left.
            ValueError: If there is none.
        """
        if not targets:
            raise ValueError("targets expects one study at least, got none")
        found: list[tuple[Target, dict[str, Measured]]] = []
        reasons = dict(left_out or {})
        for i, target in enumerate(targets):
            runs = {name: _runs(orders, i, name, plan.seeds) for name in plan.samplers}
            if without := [name for name, one in runs.items() if not one]:
                reasons[target.pool.name] = f"has no run of {', '.join(without)} that did not fail"
                continue
            free = {
                name: [rows_of(order, target, seed, None) for seed in range(n)]
                for name, (order, n) in FREE.items()
            }
            rows = free | runs
            found.append(
                (target, {name: Measured.of(rows[name], target, plan.trials) for name in rows})
            )
        if not found:
            told = f": {some_of(failed)}" * bool(failed)
            raise RuntimeError(f"on no study has every sampler a run that did not fail{told}")
        compared = tuple(target for target, _ in found)
        return cls(plan, compared, tuple(one for _, one in found), reasons, tuple(failed))

    @property
    def each(self) -> list[tuple[Target, dict[str, Measured]]]:
        """Every study, and its samplers by name."""
        return list(zip(self.targets, self.measured, strict=True))

    @property
    def past(self) -> str:
        """What the studies had as their past, in words."""
        kinds = {one.chronological for one in self.targets}
        return " or ".join(words for kind, words in _PAST.items() if kind in kinds)

    @property
    def samplers(self) -> tuple[str, ...]:
        """All that is compared, the owner's own order and a random one included."""
        return (*FREE, *self.plan.samplers)

    @property
    def area_trials(self) -> int:
        """Over how many trials regret is averaged: of all orders the same, though some go on."""
        return min(self.plan.trials, CHECKPOINTS[-1])

    def median_trials(self, sampler: str, goal: str) -> float:
        """Over all runs on all studies."""
        return _median([n for one in self.measured for n in one[sampler].trials_to[goal]])

    def mean_regret(self, sampler: str) -> Float[Array, " trials"]:
        """After each trial that a sampler may have, every study counting the same."""
        return np.mean([one[sampler].regret.mean(axis=0) for one in self.measured], axis=0)

    def gains(self, sampler: str) -> list[float]:
        """How much smaller the mean regret of the first trials is with past studies than without.

        Of each study; empty for what has no counterpart that ran.
        """
        cold = cold_of(sampler)
        if cold is None or cold not in self.plan.samplers:
            return []
        return [one[cold].area - one[sampler].area for one in self.measured]

    def against_cold(self, sampler: str) -> tuple[int, int, int] | None:
        """Studies helped, level and harmed by past studies."""
        gains = self.gains(sampler)
        if not gains:
            return None
        helped, harmed = (sum(sign * gain > MARGIN for gain in gains) for sign in (1, -1))
        return helped, len(gains) - helped - harmed, harmed

    @cached_property
    def timed(self) -> list[dict[str, Measured]]:
        """Studies whose trials have durations, and on which every sampler's median run came close.

        Only on these can the time of all samplers be compared.
        """
        return [
            study
            for study in self.measured
            if all(one.seconds and math.isfinite(_median(one.seconds)) for one in study.values())
        ]

    def hours(self, sampler: str) -> float | None:
        """The time of the owner's trials until 1 % off the best: the sum of studies' medians.

        Of the studies that are :attr:`timed`; ``None`` where there is none.
        """
        medians = [_median(one[sampler].seconds) for one in self.timed]
        return sum(medians) / 3600.0 if medians else None

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON has it: a number that is infinite or NaN is ``null``."""
        return {
            "plan": {**asdict(self.plan), "chronological": self._is_chronological},
            "area_trials": self.area_trials,
            "timed_studies": len(self.timed),
            "summary": {name: self._summary(name) for name in self.samplers},
            "studies": [_study_as_json(*one) for one in self.each],
            "left_out": dict(self.left_out),
            "failed": [_failed_as_json(one) for one in self.failed],
        }

    @property
    def _is_chronological(self) -> bool:
        return all(one.chronological for one in self.targets)

    def _summary(self, sampler: str) -> dict[str, Any]:
        regret, against = self.mean_regret(sampler), self.against_cold(sampler)
        return {
            "median_trials_to": {
                goal: _finite(self.median_trials(sampler, goal)) for goal in GOALS
            },
            "regret_at": {
                str(n): _finite(float(regret[n - 1])) if n <= len(regret) else None
                for n in CHECKPOINTS
            },
            "area": _finite(float(regret[: self.area_trials].mean())),
            "helped_level_harmed": against,
            "hours": self.hours(sampler),
        }


def _study_as_json(target: Target, measured: Mapping[str, Measured]) -> dict[str, Any]:
    numbers = [trial.number for trial in target.pool.trials]
    return {
        "name": target.pool.name,
        "trials": len(target.pool),
        "results": target.yardstick.n_results,
        "sources": [source.study_name for source in target.sources],
        "samplers": {
            name: {
                "trials_to": {
                    goal: [_finite(n) for n in found] for goal, found in one.trials_to.items()
                },
                "area": _finite(one.area),
                "regret": [_finite(n) for n in one.regret.mean(axis=0).tolist()],
                "seconds": [_finite(n) for n in one.seconds],
                **({} if name in FREE else {"orders": _numbered(one.orders, numbers)}),
            }
            for name, one in measured.items()
        },
    }


def _failed_as_json(one: Failed) -> dict[str, Any]:
    return {"study": one.study, "sampler": one.sampler, "seed": one.seed, "reason": one.reason}


def _numbered(orders: list[list[int]], numbers: list[int]) -> list[list[int]]:
    """The owner's numbers of the trials."""
    return [[numbers[row] for row in rows] for rows in orders]


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _median(numbers: Sequence[float]) -> float:
    """The lower one of two in the middle, so that infinity beside a number stays a number."""
    return sorted(numbers)[(len(numbers) - 1) // 2]
