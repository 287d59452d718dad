"""A study at one moment: its trials are read once for each ask."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.arguments import check_study
from optuna_metabo.objectives import TELLING, Objective, divided, objectives_of
from optuna_metabo.shapes import Float, Int

# Trials that are looked at together.
_CHUNK = 16


@dataclass(frozen=True)
class Snapshot:
    """The objectives and the trials of a study, the latter in the order of their numbers.

    Its user attributes are read only where they are asked for: that is a look into the storage.
    """

    name: str
    objectives: tuple[Objective, ...]
    trials: tuple[FrozenTrial, ...]
    user_attrs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study, *, with_attributes: bool = False) -> Snapshot:
        """Reads a study; the trials are not to be altered.

        A bracket of Hyperband is a study that hides its attributes.

        Raises:
            TypeError: If it is no study.
        """
        check_study(study)
        trials = tuple(study.get_trials(deepcopy=False))
        attributes = getattr(study, "user_attrs", {}) if with_attributes else {}
        return cls(study.study_name, objectives_of(study), trials, attributes)

    @cached_property
    def completed(self) -> list[FrozenTrial]:
        """The trials that have values."""
        return self._in(TrialState.COMPLETE)

    @cached_property
    def telling(self) -> list[FrozenTrial]:
        """Those, and the pruned ones, that say something by their values."""
        return self._divided[0]

    @cached_property
    def failed(self) -> list[FrozenTrial]:
        """The trials that ended without a value, or with the worst there is."""
        return self._divided[1]

    @cached_property
    def _divided(self) -> tuple[list[FrozenTrial], list[FrozenTrial]]:
        return divided(self.trials, self.objectives)

    @cached_property
    def ended(self) -> list[FrozenTrial]:
        """All of these."""
        return self._in(*TELLING, TrialState.FAIL)

    @cached_property
    def running(self) -> list[FrozenTrial]:
        """The trials under way, the one that is asked for included."""
        return self._in(TrialState.RUNNING)

    def _in(self, *states: TrialState) -> list[FrozenTrial]:
        return [trial for trial in self.trials if trial.state in states]

    @cached_property
    def chunks(self) -> list[tuple[tuple[FrozenTrial, ...], Hashable]]:
        """The trials, some at a time, with a name for those of which none can change any more."""
        found: list[tuple[tuple[FrozenTrial, ...], Hashable]] = []
        for start in range(0, len(self.trials), _CHUNK):
            trials = self.trials[start : start + _CHUNK]
            # Another study may have the name of one that was deleted, and a bracket of Hyperband
            # has that of its study and some of its trials.
            ends = [
                (t.number, t.datetime_start, t.datetime_complete) for t in trials[:: _CHUNK - 1]
            ]
            is_final = len(trials) == _CHUNK and all(t.state.is_finished() for t in trials)
            found.append((trials, (self.name, *ends) if is_final else None))
        return found

    @cached_property
    def _places(self) -> dict[int, int]:
        return {trial.number: i for i, trial in enumerate(self.trials)}

    def places(self, trials: Sequence[FrozenTrial]) -> Int[Array, " n"]:
        """Where trials stand among all; under Hyperband their numbers have gaps."""
        return np.array([self._places[trial.number] for trial in trials], dtype=int)

    def values(self, trials: Sequence[FrozenTrial]) -> list[Float[Array, " n"]]:
        """Of each objective, to be maximised; NaN where a trial says nothing of it."""
        return [objective.values(trials) for objective in self.objectives]
