"""The table of live studies."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from studies.networks.live import live_table


def storage_with(name: str, values: list[float], folder: Path) -> str:
    url = f"sqlite:///{folder}/studies.db"
    study = optuna.create_study(study_name=name, storage=url, direction="maximize")
    for value in values:
        trial = study.ask()
        trial.set_user_attr("seconds", 1800.0)
        trial.set_user_attr("device_seconds", 900.0)
        study.tell(trial, value)
    study.set_user_attr("test_accuracy", 0.75)
    study.set_user_attr("test_trial", study.best_trial.number)
    return url


def test_best_values_and_hours_are_those_of_the_trials(tmp_path: Path) -> None:
    url = storage_with("mnist/low/cnn/grid/metagp-0", [0.5, 0.4, 0.9], tmp_path)
    table = live_table([url])
    assert table.index.tolist() == [("grid", "mnist/low", "metagp")]
    assert table.iloc[0].to_dict() == {
        "best at 1": 0.5, "best at 3": 0.9, "test accuracy": 0.75, "hours": 1.5,
        "device hours": 0.75, "runs": 1,
    }  # fmt: skip


def test_the_test_score_of_another_configuration_than_the_best_is_not_shown(
    tmp_path: Path,
) -> None:
    name = "mnist/low/cnn/grid/metagp-0"
    url = storage_with(name, [0.5, 0.4], tmp_path)
    study = optuna.load_study(study_name=name, storage=url)
    trial = study.ask()
    for attribute in ("seconds", "device_seconds"):
        trial.set_user_attr(attribute, 1.0)
    study.tell(trial, 0.9)
    assert "test accuracy" not in live_table([url])


def test_a_storage_without_such_studies_raises(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no studies of studies\.tune"):
        live_table([storage_with("mine", [1.0], tmp_path)])
