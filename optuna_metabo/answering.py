"""What is answered to a trial that asks, and what candidates are worth to the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.trial import FrozenTrial

from optuna_metabo.announce import Announcer
from optuna_metabo.asking import Ask
from optuna_metabo.exploration import quasi_random
from optuna_metabo.learning import Learner, is_start_up
from optuna_metabo.proposal import Search, propose
from optuna_metabo.shapes import Float
from optuna_metabo.situation import Situation


@dataclass(frozen=True)
class Answerer:
    """What answers depend on beside the study and its past.

    Args:
        learner: Learns from the past studies.
        constraints_of: Those of a trial that holds none itself.
        announcer: Tells at a study's first ask what it learns from.
        seed: With the trial's number, all that randomness depends on.
        n_startup_trials: Trials before the first proposal if no past study can be used.
    """

    learner: Learner
    constraints_of: Callable[[FrozenTrial], dict[str, float]]
    announcer: Announcer
    seed: int
    n_startup_trials: int

    def parameters(self, ask: Ask) -> dict[str, Any]:
        """The parameters that are asked for, and all others of which something is known."""
        seed, number = self.seed, ask.trial.number
        if ask.unknown.keys() & ask.asked.keys():
            frame, taken = ask.frame_of_unknown
            x = quasi_random(frame, taken, seed=seed, number=number)
            return {**ask.plans.get(number, {}), **frame.encoding.decode(x)}
        situation, optima, is_early = self._known(ask, is_told=True)
        return propose(situation, optima, seed=seed, number=number, is_start_up=is_early)

    def scores(self, ask: Ask, candidates: Sequence[Mapping[str, Any]]) -> Float[Array, " m"]:
        """What candidates promise; only the order means something."""
        if not ask.encoding.search_space:
            return np.zeros(len(candidates))
        situation, optima, is_early = self._known(ask)
        search = Search.of(situation, optima, is_start_up=is_early)
        return search.scores(ask.history.candidates(candidates, ask.encoding))

    def _known(
        self, ask: Ask, *, is_told: bool = False
    ) -> tuple[Situation, Float[Array, "k p"], bool]:
        """The situation, the best points of the sources for each objective, and whether there is
        too little to be modelled; of what is learned from, people are told if they are to be.
        """
        situation, learned = ask.situation(self.learner, self.constraints_of)
        if is_told:
            self.announcer.tell(ask.now, ask.past, learned, transfers=self.learner.transfers)
        p = len(ask.encoding.domain.groups)
        n_ended = situation.n_seen + len(ask.now.failed)
        is_early = is_start_up(learned, n_ended, self.n_startup_trials)
        return situation, np.concatenate([one.optima(p) for one in learned]), is_early
