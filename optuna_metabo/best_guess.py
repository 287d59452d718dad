"""Which of a study's trials is the best, where their values are noisy."""

from __future__ import annotations

from collections.abc import Callable

from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.asking import known_space
from optuna_metabo.belief import Belief
from optuna_metabo.constraints import feasible
from optuna_metabo.encoding import Encoding
from optuna_metabo.history import History
from optuna_metabo.learning import Learner
from optuna_metabo.past import Past
from optuna_metabo.scaling import searched
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.tasks import Task


def best_guess(
    now: Snapshot,
    past: Past,
    history: History,
    learner: Learner,
    constraints_of: Callable[[FrozenTrial], dict[str, float]],
) -> FrozenTrial:
    """The completed trial with the best posterior mean of those that break no constraint.

    Values are those that a search looks at, with very low ones drawn up however few there are: one
    that diverged hides no other.

    Args:
        now: A study with one objective.
        past: Its sources.
        history: Of its trials.
        learner: Learns from the sources.
        constraints_of: Those of a trial that holds none itself.

    Raises:
        ValueError: If there are several objectives, or no such trial.
    """
    trials = _candidates(now, history, constraints_of)
    space = known_space(now, past, history, {})
    if not space:  # trials without a parameter are all the same
        return trials[0]
    (learned,) = learner.objectives(now.objectives, past, space)
    encoding, telling = Encoding.of(space), now.telling
    X = history.encoded(now, encoding)
    told = Task.observed(X[now.places(telling)], now.values(telling)[0])
    (seen,) = searched([Belief(told, learned.prior)], encoding.domain.groups, least=1)
    expected = seen.condition(X[:0]).posterior(X[now.places(trials)]).mean
    return trials[int(expected.argmax())]


def _candidates(
    now: Snapshot, history: History, constraints_of: Callable[[FrozenTrial], dict[str, float]]
) -> list[FrozenTrial]:
    if len(now.objectives) != 1:
        raise ValueError(
            f"{now.name!r} has {len(now.objectives)} objectives and no single best trial: "
            "look at study.best_trials"
        )
    if not now.completed:
        raise ValueError(f"{now.name!r} has no completed trial")
    completed = [trial for trial in now.telling if trial.state == TrialState.COMPLETE]
    if not completed:
        raise ValueError(f"{now.name!r} has no completed trial with a finite value")
    allowed = feasible(history.constraints(now, completed, constraints_of))
    found = [trial for trial, fine in zip(completed, allowed, strict=True) if fine]
    if not found:
        raise ValueError(f"{now.name!r} has no completed trial that breaks no constraint")
    return found
