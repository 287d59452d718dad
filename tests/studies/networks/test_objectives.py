"""One configuration, trained and measured."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import optuna
import pytest

pytest.importorskip("torch", reason="the networks are torch's")
for package in ("torchvision", "datasets", "tokenizers"):
    pytest.importorskip(package, reason=f"the experiment's data need {package}")

from studies.networks import tasks
from studies.networks.data import prepare
from studies.networks.objectives import ValidationAccuracy, run_configuration
from tests.studies.networks.tiny import IMAGE, TEXT


@pytest.mark.parametrize("model", ["cnn", "resnet", "mlp", "lstm", "gru", "bag"])
def test_every_model_trains_and_repeats_itself(model: str, data_dir: Path, tmp_path: Path) -> None:
    task = (IMAGE if model in tasks.IMAGE_MODELS else TEXT).with_model(model)
    data = prepare(task, data_dir=data_dir, cache_dir=tmp_path)
    params = tasks.grid_points(task)[0]
    runs = [run_configuration(task, data, params, seed=1)[1].valid for _ in range(2)]
    assert runs[0] == runs[1]
    assert all(0.0 <= score <= 1.0 for score in dataclasses.astuple(runs[0]))


def test_a_diverging_run_is_marked_and_does_not_raise(data_dir: Path, tmp_path: Path) -> None:
    task = dataclasses.replace(IMAGE.with_model("mlp"), epochs=8)
    data = prepare(task, data_dir=data_dir, cache_dir=tmp_path)
    params = {"lr": 1e30, "batch_size": 16, "layers": 2, "dropout": 0.2, "optimizer": "SGD"}
    _, run = run_configuration(task, data, params, seed=0)
    assert run.diverged
    assert 0.0 <= run.valid.accuracy <= 1.0


def test_a_trial_carries_scores_and_costs(data_dir: Path, tmp_path: Path) -> None:
    data = prepare(TEXT, data_dir=data_dir, cache_dir=tmp_path)
    study = optuna.create_study(direction="maximize")
    study.optimize(ValidationAccuracy(TEXT, data), n_trials=1)
    names = "accuracy precision recall f1 seconds device_seconds device flops parameters"
    names += " peak_memory epochs"
    assert set(names.split()) <= study.trials[0].user_attrs.keys()
    assert study.best_value == study.trials[0].user_attrs["accuracy"]
