"""What is answered to a trial that asks."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from optuna_metabo import answering
from optuna_metabo.announce import Announcer
from optuna_metabo.answering import Answerer
from optuna_metabo.asking import Ask
from optuna_metabo.ensembles import by_name
from optuna_metabo.history import History
from optuna_metabo.learning import Learner
from optuna_metabo.past import Past
from optuna_metabo.snapshot import Snapshot

UNIT = FloatDistribution(0, 1)
ANSWERER = Answerer(Learner(by_name("auto")), lambda trial: {}, Announcer(), 0, 5)


def ask(study: optuna.Study, name: str, plan: dict[str, Any]) -> Ask:
    """The next trial asks for one parameter; it has a plan."""
    trial = create_trial(state=TrialState.RUNNING)
    trial.number = len(study.trials)
    now = Snapshot.of(study)
    return Ask(now, History(), Past(), trial, {name: UNIT}, {trial.number: plan})


def test_what_was_planned_stays_where_a_parameter_comes_that_nothing_is_known_of() -> None:
    found = ANSWERER.parameters(ask(optuna.create_study(), "new", {"x": 0.25, "new": None}))
    assert found["x"] == 0.25
    assert 0.0 <= found["new"] <= 1.0


@pytest.mark.parametrize(("n_failed", "is_early"), [(2, True), (3, False)])
def test_failed_trials_are_start_up_trials_too(
    n_failed: int, is_early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def proposed(*_: Any, is_start_up: bool, **__: Any) -> dict[str, Any]:
        told.append(is_start_up)
        return {}

    monkeypatch.setattr(answering, "propose", proposed)
    study = optuna.create_study()
    for i in range(2):
        study.add_trial(create_trial(params={"x": i / 2}, distributions={"x": UNIT}, value=i))
    for i in range(n_failed):
        part = {"params": {"x": (i + 1) / 5}, "distributions": {"x": UNIT}}
        study.add_trial(create_trial(state=TrialState.FAIL, **part))  # type: ignore[arg-type]
    ANSWERER.parameters(ask(study, "x", {}))
    assert told == [is_early]
