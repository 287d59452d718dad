"""A study at the moment when a trial asks for parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.samplers import RandomSampler

from optuna_metabo import MetaGPSampler, encoding
from optuna_metabo.asking import Ask, known_space
from optuna_metabo.history import History
from optuna_metabo.learning import Question
from optuna_metabo.past import Past
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import Sources

Objective = Callable[[optuna.Trial], float]
UNIT = FloatDistribution(0, 1)


def plain(trial: optuna.Trial) -> float:
    lo, hi = trial.suggest_float("lo", 0, 1), trial.suggest_float("hi", 0, 1)
    return (lo - 0.3) ** 2 + (hi - 0.6) ** 2


def dependent(trial: optuna.Trial) -> float:
    lo = trial.suggest_float("lo", 0, 1)
    return (lo - 0.3) ** 2 + (trial.suggest_float("hi", lo, 1) - 0.6) ** 2


def more(trial: optuna.Trial) -> float:
    return plain(trial) + sum(trial.suggest_float(f"u{i}", 0, 1) for i in range(6))


def narrower(trial: optuna.Trial) -> float:
    return (trial.suggest_float("lo", 0.2, 0.4) - 0.3) ** 2 + trial.suggest_float("hi", 0.5, 1)


def past(objective: Objective, name: str = "past", n_trials: int = 15) -> optuna.Study:
    study = optuna.create_study(study_name=name, sampler=RandomSampler(seed=0))
    study.optimize(objective, n_trials=n_trials)
    return study


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was learned from sources, and not remembered."""
    found, learn = [], Question.learned

    def counted(self: Question, surrogate: Any) -> Any:
        if self.studies:
            found.append(self.studies[0].name)
        return learn(self, surrogate)

    monkeypatch.setattr(Question, "learned", counted)
    return found


@pytest.mark.parametrize("objective", [plain, more, narrower, dependent])
def test_sources_are_learned_once_in_a_first_trial(
    objective: Objective, learned: list[str]
) -> None:
    study = optuna.create_study(sampler=MetaGPSampler([past(plain)], seed=0))
    study.optimize(objective, n_trials=1)
    assert learned == ["past"]
    study.optimize(objective, n_trials=3)
    assert len(learned) <= 3


def test_a_range_that_depends_on_another_parameter_is_not_learned_anew_in_every_trial(
    learned: list[str],
) -> None:
    study = optuna.create_study(sampler=MetaGPSampler([past(dependent)], seed=0))
    study.optimize(dependent, n_trials=20)
    assert len(learned) <= 5
    assert study.best_value < 0.01
    assert all(trial.params["lo"] <= trial.params["hi"] for trial in study.trials)


def test_a_range_that_moves_of_a_parameter_that_no_source_has_is_not_learned_anew(
    learned: list[str],
) -> None:
    def objective(trial: optuna.Trial) -> float:
        own = trial.suggest_float("own", -trial.number, 1 + trial.number)
        return plain(trial) + 0.01 * own**2

    study = optuna.create_study(sampler=MetaGPSampler([past(plain)], seed=0))
    study.optimize(objective, n_trials=8)
    assert len(learned) == 2  # without it, and with it


def test_an_ask_reads_the_study_and_its_sources_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, read, of = [], Sources.read, Snapshot.of
    monkeypatch.setattr(Sources, "read", lambda *a: calls.append("sources") or read(*a))

    def snapshot(*a: Any, **settings: bool) -> Snapshot:
        calls.append("study")
        return of(*a, **settings)

    monkeypatch.setattr(Snapshot, "of", snapshot)
    study = optuna.create_study(sampler=MetaGPSampler([past(plain)], seed=0))
    study.optimize(plain, n_trials=3)
    calls.clear()
    study.optimize(plain, n_trials=1)
    assert sorted(calls) == ["sources", "study"]


def space(study: optuna.Study, here: dict[str, Any], *sources: optuna.Study) -> dict[str, Any]:
    now = Snapshot.of(study)
    past_studies = Sources.of(sources or None, None).read(now)
    return known_space(now, past_studies, History(), here)


def test_before_a_trial_is_completed_the_sources_say_what_there_is() -> None:
    study, source = optuna.create_study(), past(plain)
    assert list(space(study, {}, source)) == ["hi", "lo"]
    assert space(study, {"lo": FloatDistribution(0.2, 0.4)}, source)["lo"] == UNIT
    assert space(study, {"lo": FloatDistribution(0, 2)}, source)["lo"] == FloatDistribution(0, 2)
    assert "other" not in space(study, {"other": UNIT}, source)
    study.add_trial(optuna.create_trial(params={"x": 0.5}, distributions={"x": UNIT}, value=1.0))
    assert list(space(study, {}, source)) == ["x"]


def test_trials_that_only_failed_say_what_they_had() -> None:
    study = optuna.create_study()
    study.add_trial(
        optuna.create_trial(
            state=optuna.trial.TrialState.FAIL, params={"x": 0.5}, distributions={"x": UNIT}
        )
    )
    assert space(study, {}) == {"x": UNIT}
    assert list(space(study, {}, past(plain))) == ["hi", "lo", "x"]


def test_unknown_parameters_of_parallel_first_trials_are_spread() -> None:
    study = optuna.create_study(sampler=MetaGPSampler([past(plain)], seed=0))
    trials = [study.ask() for _ in range(8)]
    values = sorted(trial.suggest_float("new", 0, 1) for trial in trials)
    gaps = [b - a for a, b in zip([0.0, *values], [*values, 1.0], strict=True)]
    assert max(gaps) < 0.3


@pytest.mark.parametrize(("place", "n_imagined"), [(0, 0), (3, 3), (11, 8)])
def test_of_trials_without_a_parameter_those_that_began_before_are_imagined(
    place: int, n_imagined: int
) -> None:
    study = past(plain, n_trials=3)
    numbers = [study.ask().number for _ in range(12)]
    now = Snapshot.of(study)
    whole, unfinished = Ask(now, History(), Past(), now.running[place], {}, {})._running()
    assert len(whole) == 0
    assert list(unfinished) == numbers[place - n_imagined : place]


def test_a_later_trial_that_has_a_parameter_already_is_known_to_one_that_asks_after_it() -> None:
    study = past(plain, n_trials=3)
    first, second, third = (study.ask() for _ in range(3))
    second.suggest_float("lo", 0, 1)
    for name in ("lo", "hi"):
        third.suggest_float(name, 0, 1)
    now = Snapshot.of(study)
    asking = next(one for one in now.running if one.number == first.number)
    whole, unfinished = Ask(now, History(), Past(), asking, {}, {})._running()
    assert len(whole) == 1
    assert list(unfinished) == [second.number]


def test_past_trials_tell_what_exists_when_so_that_none_that_failed_is_asked_again() -> None:
    """Four trials tell by accident that a parameter depends on another than it does."""

    def layers(trial: optuna.Trial) -> float:
        n, batch = trial.suggest_int("n", 1, 3), trial.suggest_categorical("batch", [8, 16, 32])
        rate = trial.suggest_float("rate", 0.0, 3.0)
        units = [trial.suggest_int(f"units_{i}", 1, 64) for i in range(n)]
        return abs(rate - 1.0) + 0.1 * abs(sum(units) - 40) + 0.0 * batch

    def failing(trial: optuna.Trial) -> float:
        layers(trial)
        return (0.5, 0.1, 0.7, 0.9)[trial.number] if trial.number < 4 else math.nan

    sources = [past(layers, f"{i}", 40) for i in range(2)]
    for seed in range(3):
        study = optuna.create_study(sampler=MetaGPSampler(sources, seed=seed))
        for n, batch, rate in ((1, 8, 1.0), (1, 32, 0.6), (2, 16, 1.0), (1, 8, 1.5)):
            units = {f"units_{i}": 20 for i in range(n)}
            study.enqueue_trial({"n": n, "batch": batch, "rate": rate, **units})
        study.optimize(failing, n_trials=20)
        asked = {tuple(sorted(trial.params.items())) for trial in study.trials}
        assert len(asked) == 20


def test_which_parameters_exist_when_is_learned_once_for_all_running_trials_that_hold_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls, learn = [], encoding.learn_conditions

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return learn(*arguments)

    monkeypatch.setattr(encoding, "learn_conditions", counted)
    study = optuna.create_study(sampler=MetaGPSampler([past(plain)], seed=0))
    *_, last = [study.ask() for _ in range(9)]
    last.suggest_float("lo", 0, 1)
    # For the past studies, for the trial that asks, and for the eight that hold nothing.
    assert len(calls) == 3
