"""What is said at a study's first ask."""

from __future__ import annotations

from dataclasses import replace

import optuna
import pytest

from optuna_metabo import MetaGPSampler
from optuna_metabo.announce import Announcer
from optuna_metabo.snapshot import Snapshot


def line(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0, 1)


def past(name: str, n_trials: int) -> optuna.Study:
    study = optuna.create_study(study_name=name, sampler=optuna.samplers.RandomSampler(seed=0))
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


def test_without_past_studies_nothing_is_said(log: list[tuple[str, str]]) -> None:
    run(MetaGPSampler(seed=0))
    assert log == []
