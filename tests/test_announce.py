"""What is said at a study's first ask."""

from __future__ import annotations

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


def test_without_past_studies_nothing_is_said(log: list[tuple[str, str]]) -> None:
    run(MetaGPSampler(seed=0))
    assert log == []
