"""What is said at a study's first ask."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from optuna_metabo import MetaGPSampler
from optuna_metabo.announce import Announcer
from optuna_metabo.snapshot import Snapshot


def line(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0, 1)


def past(name: str, n_trials: int, storage: str | None = None) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(study_name=name, storage=storage, sampler=sampler)
    study.optimize(line, n_trials=n_trials)
    return study


def run(sampler: MetaGPSampler) -> None:
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.optimize(line, n_trials=2)


@pytest.mark.filterwarnings("ignore:source studies left out")
def test_one_line_says_what_is_used_and_what_is_left_out(log: list[tuple[str, str]]) -> None:
    run(MetaGPSampler([past("good", 5), past("empty", 0)], seed=0))
    said = [text for level, text in log if level == "INFO"]
    assert said == ["'new' learns from 1 past study: 'good'; 1 past study left out: 'empty'."]


def test_a_sampler_that_does_not_listen_does_not_say_it_learns(
    log: list[tuple[str, str]],
) -> None:
    run(MetaGPSampler([past("good", 5)], seed=0, surrogate="none"))
    assert log == [("INFO", "'new' learns from no past study.")]


def test_of_past_studies_that_tell_nothing_of_each_other_it_is_said_that_they_are_doubted(
    log: list[tuple[str, str]],
) -> None:
    sources = [past(f"past-{i}", 12) for i in range(4)]
    sampler, study = MetaGPSampler(sources, seed=0), optuna.create_study(study_name="new")
    now, read = Snapshot.of(study), sampler._sources.read(Snapshot.of(study))
    learner = sampler._learner
    learned = learner.objectives(now.objectives, read, read.search_space)
    for trust, said in ((0.2, True), (0.5, False)):
        log.clear()
        part = replace(learned[0], prior=replace(learned[0].prior, trust=trust))  # type: ignore[type-var]
        Announcer().tell(now, read, [part], transfers=True)
        ((_, text),) = log
        assert text.endswith("and are doubted at first.") is said


@pytest.mark.parametrize("names", [["p", "q"], ["q"]])
def test_of_a_study_deleted_before_the_first_trial_is_warned_once(
    names: list[str], tmp_path: Path, log: list[tuple[str, str]]
) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    for name in names:
        past(name, 5, url)
    sampler = MetaGPSampler(names, storage=url, seed=0, n_startup_trials=1)
    optuna.delete_study(study_name="q", storage=url)
    with pytest.warns(UserWarning, match="left out: 'q': is not in the storage any more") as told:
        run(sampler)
    assert len(told) == 1
    greeting = next(text for level, text in log if level == "INFO")
    assert greeting.endswith("1 past study left out: 'q'.")
    explanation = sampler.explain(optuna.create_study(study_name="other"))
    assert "left out: q (is not in the storage any more)" in str(explanation)


def test_a_study_of_one_objective_is_left_out_of_two_for_the_reason_that_explain_tells() -> None:
    def two(trial: optuna.Trial) -> tuple[float, float]:
        return line(trial), trial.suggest_float("y", 0, 1)

    sampler = MetaGPSampler([past("single", 5)], seed=0)
    study = optuna.create_study(directions=["minimize"] * 2, sampler=sampler)
    reason = "none of its 1 objectives is objective 1 of 2"
    with pytest.warns(UserWarning, match=f"left out: 'single': {reason}$"):
        study.optimize(two, n_trials=2)
    (source,) = sampler.explain(study).sources
    assert source.reason == reason


def test_without_past_studies_nothing_is_said(log: list[tuple[str, str]]) -> None:
    run(MetaGPSampler(seed=0))
    assert log == []


def plane(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1)


def other(trial: optuna.Trial) -> float:
    return trial.suggest_float("q", 0, 1)


def fixed(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0.5, 0.5) + other(trial)


def named(trial: optuna.Trial) -> float:
    return other(trial) + (trial.suggest_categorical("x", ["low", "high"]) == "low")


def lines(log: list[tuple[str, str]], *objectives: Callable[[optuna.Trial], float]) -> list[str]:
    """What a study of two parameters is told in its first four trials, by such past studies."""
    sources = []
    for objective in objectives:
        sampler = optuna.samplers.RandomSampler(seed=0)
        sources.append(optuna.create_study(study_name=objective.__name__, sampler=sampler))
        sources[-1].optimize(objective, n_trials=12)
    study = optuna.create_study(study_name="new", sampler=MetaGPSampler(sources, seed=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.optimize(plane, n_trials=4)
    return [text for _, text in log]


def test_nothing_that_is_said_to_be_used_is_left_out_later(log: list[tuple[str, str]]) -> None:
    assert lines(log, plane, other, fixed, named) == [
        "'new' may learn from 4 past studies, where trials have their parameters: "
        "'plane', 'other', 'fixed', 'named'.",
        "'new' learns from 1 past study: 'plane'; it may learn from 3 more, where trials have "
        "their parameters: 'other', 'fixed', 'named'.",
        "source studies left out: 'other': shares no parameter; 'fixed': varied no parameter that "
        "is shared; 'named': 'x' has no number for the new study's range",
    ]


@pytest.mark.parametrize(
    ("objective", "reason"),
    [(fixed, "varied no parameter that is shared"), (other, "shares no parameter")],
)
def test_a_study_that_nothing_can_be_learned_from_is_never_said_to_be_used(
    objective: Callable[[optuna.Trial], float], reason: str, log: list[tuple[str, str]]
) -> None:
    name = repr(objective.__name__)
    assert lines(log, objective) == [
        f"'new' may learn from 1 past study, where trials have its parameters: {name}.",
        f"source studies left out: {name}: {reason}",
    ]


def test_once_parameters_are_known_it_is_said_what_is_used_of_unlike_past_studies(
    log: list[tuple[str, str]],
) -> None:
    assert lines(log, plane, line) == [
        "'new' learns from 1 past study: 'plane'; it may learn from 1 more, where trials have its "
        "parameters: 'line'.",
        "'new' learns from 2 past studies: 'plane', 'line'.",
    ]


def branch(trial: optuna.Trial) -> float:
    """Of two branches, which are taken in turn."""
    name = "ab"[trial.number % 2]
    return trial.suggest_float(name, 0, 1) * trial.suggest_int(f"{name}2", 1, 3)


def flat(trial: optuna.Trial) -> float:
    return trial.suggest_float("a", 0, 1) * trial.suggest_int("a2", 1, 3)


def warned_after(
    objective: Callable[[optuna.Trial], float], n_trials: int, source: str
) -> dict[int, str]:
    """After how many trials of a study which has a past of one parameter what is said."""
    learned = optuna.create_study(study_name="past", sampler=optuna.samplers.RandomSampler(seed=0))
    learned.optimize(lambda trial: trial.suggest_float(source, 0, 1), n_trials=5)
    study = optuna.create_study(sampler=MetaGPSampler([learned], seed=0))
    said: dict[int, str] = {}
    for n in range(n_trials):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            study.optimize(objective, n_trials=1, catch=ValueError)
        told = [str(one.message) for one in caught if "left out" in str(one.message)]
        said |= dict.fromkeys([n] * len(told), "; ".join(told))
    return said


def test_a_name_that_no_trial_has_is_told_when_three_have_the_same_parameters() -> None:
    assert warned_after(flat, 12, "model.a") == {
        3: "source studies left out: 'past': shares no parameter"
    }


def test_a_past_study_of_another_branch_is_not_told_to_be_left_out(
    log: list[tuple[str, str]],
) -> None:
    """Nor that the study learns from none."""
    assert warned_after(branch, 12, "b") == {}
    [said] = [text for _, text in log if "learns from" in text]
    assert said.endswith("learns from 1 past study: 'past'.")


def test_in_a_tree_what_no_trial_has_is_told_after_ten() -> None:
    assert warned_after(branch, 12, "model.a") == {
        10: "source studies left out: 'past': shares no parameter so far"
    }


def test_a_trial_that_failed_midway_makes_no_tree() -> None:
    def failing(trial: optuna.Trial) -> float:
        if trial.suggest_float("a", 0, 1) and trial.number == 1:
            raise ValueError
        return trial.suggest_float("c", 0, 1)

    assert [*warned_after(failing, 6, "z")] == [4]
