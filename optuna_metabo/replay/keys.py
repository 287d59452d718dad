"""Names by which what a run was made of is told from anything else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from optuna.study import Study
from optuna.trial import FrozenTrial

from optuna_metabo.constraints import constraints_of


def key_of(study: Study) -> str:
    """Changes with all that samplers read of a study, which are neither dates nor attributes."""
    directions = [one.name for one in study.directions]
    trials = map(_told, study.get_trials(deepcopy=False))
    return hash_of([study.study_name, directions, study.metric_names, *trials])


def _told(trial: FrozenTrial) -> tuple[object, ...]:
    """What samplers are told of a trial."""
    return (
        trial.state.name,
        trial.values,
        trial.params,
        trial.distributions,
        trial.intermediate_values,
        constraints_of(trial, None),
    )


def hash_of(parts: Sequence[object]) -> str:
    """A name for what is written as these parts are."""
    return hashlib.sha1(repr(parts).encode(), usedforsecurity=False).hexdigest()
