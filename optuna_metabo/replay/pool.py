"""What an owner ran: the only configurations that a replayed study can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.columns import Columns
from optuna_metabo.encoding import Encoding
from optuna_metabo.objectives import Objective, objectives_of
from optuna_metabo.ranges import joint
from optuna_metabo.shapes import Bool, Float

# Squared distances that differ by less are the same.
_TIE = 1e-12


@dataclass(frozen=True)
class Pool:
    """The trials of a study that ended, as they were found.

    Completed, pruned and failed ones, configurations that were run twice, and distributions that
    changed on the way; only what never ended, or ended before its first parameter, has nothing to
    tell and is left out.

    Args:
        name: Of the study.
        objectives: Its objectives.
        trials: In the owner's order.
    """

    name: str
    objectives: tuple[Objective, ...]
    trials: tuple[FrozenTrial, ...]

    @classmethod
    def of(cls, study: Study) -> Pool:
        """The pool of a study; its trials are not to be altered."""
        trials = study.get_trials(deepcopy=False)
        ended = tuple(one for one in trials if one.state.is_finished() and one.params)
        return cls(study.study_name, objectives_of(study), ended)

    def __len__(self) -> int:
        return len(self.trials)

    @cached_property
    def space(self) -> dict[str, BaseDistribution]:
        """Every parameter, with a range that holds all that it had, in the order of asking."""
        return joint(trial.distributions for trial in self.trials)

    @cached_property
    def encoding(self) -> Encoding:
        """The axes of the space, and under which values of others a parameter exists.

        A trial that failed may have done so before it came to a parameter, and does not tell.
        """
        whole = [trial for trial in self.trials if trial.state != TrialState.FAIL]
        return Encoding.of(self.space, [Columns.of(whole)])

    @cached_property
    def X(self) -> Float[Array, "n p"]:
        """The configurations, encoded."""
        return self.encoding.encode_many([trial.params for trial in self.trials])

    def exists(self, name: str, params: Mapping[str, Any]) -> bool:
        """Whether a parameter exists beside those that a trial has so far."""
        encoding = self.encoding
        present = encoding.domain.present(encoding.encode(params)[None])[0]
        return bool(present[encoding.names.index(name)])

    def nearest(
        self,
        params: Mapping[str, Any],
        left: Bool[Array, " n"],
        *,
        generator: np.random.Generator,
    ) -> int:
        """The row of the configuration nearest to ``params`` in the encoded space.

        Args:
            params: What was proposed.
            left: The rows that are not yet taken, one at least.
            generator: Chooses among rows that are as near, lest the owner's order shows through.
        """
        rows = np.flatnonzero(left)
        distances = np.square(self.X[rows] - self.encoding.encode(params)).sum(axis=1)
        return int(generator.choice(rows[distances <= distances.min() + _TIE]))

    @cached_property
    def seconds(self) -> Float[Array, " n"]:
        """How long each trial took; 0 where that is not known."""
        durations = [trial.duration for trial in self.trials]
        return np.array([one.total_seconds() if one else 0.0 for one in durations])
