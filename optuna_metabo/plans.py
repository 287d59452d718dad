"""What this process has planned for trials that are being asked for, one plan a trial."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial

from optuna_metabo.choices import same_choice
from optuna_metabo.encoding import as_choice, fits
from optuna_metabo.snapshot import Snapshot

# Trials that are asked for at a time, before the plans of the oldest are dropped.
_MAX_TRIALS = 256

V = TypeVar("V")
Key = tuple[str, int, datetime | None]
Plan = Mapping[str, Any]


def key_of(study: Study, trial: FrozenTrial) -> Key:
    """Tells a trial from others, also from that of another study of the same name."""
    return study.study_name, trial.number, trial.datetime_start


@dataclass(frozen=True)
class Plans:
    """Of trials by their keys; whoever uses it has locked it.

    Args:
        kept: The parameters that are planned.
        inferred: Before that, the study as it was read when a trial began, and the parameters
            that it will be asked for together.
    """

    kept: OrderedDict[Key, Plan] = field(default_factory=OrderedDict)
    inferred: OrderedDict[Key, tuple[Snapshot | None, frozenset[str]]] = field(
        default_factory=OrderedDict
    )

    def begin(self, key: Key, now: Snapshot, names: frozenset[str]) -> None:
        """Keeps what was read when a trial began."""
        _keep(self.inferred, key, (now, names))

    def asked_together(self, key: Key) -> frozenset[str]:
        """The parameters that a trial is asked for together, none if that is not known."""
        _, names = self.inferred.get(key, (None, frozenset()))
        return names

    def read(self, key: Key) -> Snapshot | None:
        """The study as it was when the trial began, once, if no other plan was made since."""
        now, _ = self.inferred.pop(key, (None, frozenset()))
        return now

    def keep(self, key: Key, plan: Plan) -> None:
        """Keeps a plan; what was read of the study before does not know of it."""
        _keep(self.kept, key, plan)
        for other, (_, names) in self.inferred.items():
            if other[0] == key[0]:
                self.inferred[other] = None, names

    def of(self, study: Study, trials: list[FrozenTrial]) -> dict[int, Plan]:
        """Those of some trials that have one, by number."""
        found = {one.number: self.kept.get(key_of(study, one)) for one in trials}
        return {number: plan for number, plan in found.items() if plan is not None}

    def serving(
        self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Plan | None:
        """The trial's plan if it holds the parameter, and the trial has kept to it so far."""
        plan = self.kept.get(key_of(study, trial))
        if plan is None or name not in plan or not _is_kept(plan, trial.params):
            return None
        return plan if fits(as_choice(plan[name], distribution), distribution) else None

    def forget(self, key: Key) -> None:
        """Of a trial that has ended nothing is kept."""
        self.kept.pop(key, None)
        self.inferred.pop(key, None)

    def without_reading(self) -> Plans:
        """What another process may have of it: plans, but nothing that was read."""
        return Plans(self.kept.copy())


def _is_kept(plan: Plan, params: Mapping[str, Any]) -> bool:
    """Whether a trial has what was planned."""
    return all(one in plan and same_choice(plan[one], value) for one, value in params.items())


def _keep(kept: OrderedDict[Key, V], key: Key, value: V) -> None:
    """Keeps what belongs to a trial; of trials that never finish the oldest are dropped."""
    kept[key] = value
    while len(kept) > _MAX_TRIALS:
        kept.popitem(last=False)
