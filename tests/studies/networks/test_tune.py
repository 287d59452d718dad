"""Tuning live."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import optuna
import pytest

pytest.importorskip("torch", reason="the networks are torch's")
for package in ("datasets", "tokenizers"):
    pytest.importorskip(package, reason=f"the experiment's texts need {package}")

from studies.networks import tasks, tune
from studies.networks.training import Scores
from tests.studies.networks.tiny import TEXT


@pytest.mark.parametrize("sampler", tune.SAMPLERS)
def test_tuning_resumes_and_looks_at_the_test_split_at_its_end(
    sampler: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tasks.TASKS, TEXT.name, TEXT)
    storage = f"sqlite:///{tmp_path}/studies.db"
    common = ["--task", TEXT.name, "--sampler", sampler, "--storage", storage]
    common += ["--data-dir", str(data_dir), "--cache-dir", str(tmp_path)]
    tune.main([*common, "--trials", "2"])
    tune.main([*common, "--trials", "3"])
    (summary,) = optuna.get_all_study_summaries(storage)
    assert summary.n_trials == 3
    assert 0.0 <= summary.user_attrs["test_accuracy"] <= 1.0


def test_a_run_says_what_it_does_and_what_came_out(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(tasks.TASKS, TEXT.name, TEXT)
    other = dataclasses.replace(TEXT, name="imdb/other")
    monkeypatch.setitem(tasks.TASKS, other.name, other)
    call = tune.ValidationAccuracy.__call__
    monkeypatch.setattr(
        tune.ValidationAccuracy,
        "__call__",
        lambda self, trial: 0.0 * call(self, trial) + 0.5 + 0.1 * trial.number,
    )
    tune.main(command(data_dir, tmp_path, 2))
    random = capsys.readouterr().out
    assert "sources: none, the sampler uses none" in random
    tune.main(
        [
            *command(data_dir, tmp_path, 2),
            "--task",
            other.name,
            "--sampler",
            "metagp",
            "--seed",
            "1",
        ]
    )
    header, _, ending = capsys.readouterr().out.partition("test_trial")
    lines = header.splitlines()
    assert lines[0].startswith("task:    imdb/other, model")
    assert lines[1].endswith("/metagp-1, 0 trials so far")
    assert lines[3].startswith("sources: imdb/few/")
    assert lines[4] == f"storage: sqlite:///{tmp_path}/studies.db"
    assert "best of 2 trials: trial" in header
    assert "  lr: " in header
    assert "after 2 trials: 1 past study used" in ending
    assert "go on:   python -m studies.tune --task imdb/other --trials 4 --storage" in ending
    assert "--seed 1" in ending
    assert "why:     optuna-metabo explain --storage sqlite:///" in ending


def test_errors_name_the_offender_before_a_study_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--task", "mnist/low", "--data-dir", str(tmp_path)]
    with pytest.raises(SystemExit):
        tune.main([*command, "--storage", f"sqlite:///{tmp_path}/studies.db"])
    assert "pass --data-dir DIR with" in capsys.readouterr().err
    assert not (tmp_path / "studies.db").exists()


def test_a_storage_that_cannot_be_opened_is_an_error_of_one_line(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(tasks.TASKS, TEXT.name, TEXT)
    command = ["--task", TEXT.name, "--data-dir", str(data_dir), "--cache-dir", str(tmp_path)]
    for storage in ("nonsense", "nonsense://x", f"sqlite:///{tmp_path}/missing/studies.db"):
        with pytest.raises(SystemExit) as ended:
            tune.main([*command, "--storage", storage])
        assert ended.value.code == 2
        error = capsys.readouterr().err
        assert storage in error
        assert error.count("\n") == 1


def command(data_dir: Path, tmp_path: Path, n_trials: int, *more: str) -> list[str]:
    """Random configurations of the tiny task."""
    storage = f"sqlite:///{tmp_path}/studies.db"
    places = ["--storage", storage, "--data-dir", str(data_dir), "--cache-dir", str(tmp_path)]
    task = ["--task", TEXT.name, "--sampler", "random", "--trials", str(n_trials)]
    return [*task, *places, *more]


def loaded(tmp_path: Path) -> optuna.Study:
    storage = f"sqlite:///{tmp_path}/studies.db"
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage)


def test_the_best_configuration_is_tested_again_when_it_changes(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tasks.TASKS, TEXT.name, TEXT)
    tested, accuracies = [], iter([0.5, 0.4, 0.6, 0.3])
    monkeypatch.setattr(
        tune.ValidationAccuracy,
        "__call__",
        lambda self, trial: 0.0 * len(trial.suggest_categorical("x", ["a"])) + next(accuracies),
    )

    def final_scores(task: object, data: object, params: dict[str, object], seed: int) -> Scores:
        tested.append(params)
        return Scores(0.1 * len(tested), 0.0, 0.0, 0.0)

    monkeypatch.setattr(tune, "final_scores", final_scores)
    for n_trials, n_tested, best in ((1, 1, 0), (2, 1, 0), (3, 2, 2), (4, 2, 2)):
        tune.main(command(data_dir, tmp_path, n_trials))
        attributes = loaded(tmp_path).user_attrs
        assert len(tested) == n_tested
        assert attributes["test_trial"] == best
        assert attributes["test_accuracy"] == pytest.approx(0.1 * n_tested)


def test_an_interrupted_trial_does_not_count_and_is_the_next_one(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(tasks.TASKS, TEXT.name, TEXT)
    call = tune.ValidationAccuracy.__call__

    def interrupted(self: tune.ValidationAccuracy, trial: optuna.Trial) -> float:
        value = call(self, trial)
        if trial.number == 1:
            raise KeyboardInterrupt
        return value

    monkeypatch.setattr(tune.ValidationAccuracy, "__call__", interrupted)
    with pytest.raises(SystemExit) as ended:
        tune.main(command(data_dir, tmp_path, 3))
    assert ended.value.code == 130
    error = capsys.readouterr().err
    assert error.splitlines()[-1].endswith("interrupted; run the same command to go on")
    assert "Traceback" not in error
    tune.main(command(data_dir, tmp_path, 3))
    trials = loaded(tmp_path).trials
    states = [trial.state.name for trial in trials]
    assert states == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert trials[1].params == trials[2].params
