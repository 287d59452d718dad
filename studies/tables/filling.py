"""TPE that is filled with past studies by ranks: a strong rival of the first trials.

Standardised values mislead it: a source whose values are skewed has no high ones, so that a few
sources decide, and the study's own values are on another scale. Ranks have neither fault. On every
second task of lcbench, 33 past studies, one seed, mean regret after 1, 3, 5 and 10 trials:

    standardised, own values as they are   .665 .517 .493 .481    tpe+filled
    standardised, own values as well       .622 .498 .485 .436
    by ranks                               .231 .190 .186 .174    tpe+ranked
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import norm, rankdata


class RankedTPE(BaseSampler):
    """TPE on the trials of all sources and of the study, each by the normal scores of its ranks.

    Args:
        sources: Completed studies of the direction of the new one.
        seed: Of TPE.
    """

    def __init__(self, sources: Sequence[optuna.Study], seed: int) -> None:
        self._tpe = TPESampler(seed=seed)
        self._past = [trial for source in sources for trial in _scored(source.trials)]
        self._filled: tuple[int, optuna.Study] | None = None

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing: TPE is univariate."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A parameter by TPE, which sees the filled study instead."""
        if self._filled is None or self._filled[0] != trial.number:
            self._filled = trial.number, self._fill(study)
        filled = self._filled[1]
        return self._tpe.sample_independent(filled, trial, param_name, param_distribution)

    def _fill(self, study: optuna.Study) -> optuna.Study:
        filled = optuna.create_study(direction=study.direction)
        own = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        filled.add_trials([*self._past, *_scored(own)])
        return filled


def _scored(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The trials with normal scores of the ranks of their values."""
    values = np.array([trial.values[0] for trial in trials])
    scores = norm.ppf(rankdata(values) / (len(values) + 1))
    return [
        optuna.create_trial(
            params=trial.params, distributions=trial.distributions, value=float(score)
        )
        for trial, score in zip(trials, scores, strict=True)
    ]
