"""The live experiment, on tiny generated data: splits, models, measurements, tuning."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="the experiment's networks need torch")
for package in ("torchvision", "datasets", "tokenizers"):
    pytest.importorskip(package, reason=f"the experiment's data need {package}")

from PIL import Image
from sklearn.metrics import precision_recall_fscore_support

from studies.networks import tasks, tune
from studies.networks.costs import flops_per_example
from studies.networks.data import choose_rows, load_rows, prepare, stratified
from studies.networks.objectives import Objective, run_configuration
from studies.networks.record import record_task
from studies.networks.training import confusion, macro_scores

WORDS = np.array(["good", "bad", "plot", "actor", "film", "scene", "dull", "great", "music"])
IMAGE = dataclasses.replace(
    tasks.TASKS["mnist/low"], classes=(0, 1), n_train=32, n_valid=16, n_test=16, epochs=1
)
TEXT = dataclasses.replace(
    tasks.TASKS["imdb/few"], n_train=32, n_valid=16, n_test=16, epochs=1, tokens=8
)


def image(generator: np.random.Generator, label: int) -> dict[str, object]:
    pixels = generator.integers(0, 128, (28, 28)) + 100 * label
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, format="PNG")
    return {"bytes": file.getvalue(), "path": None}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parquet files in the hub's schema, with some rows of the train part repeated in the test."""
    folder, generator = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for name in ("mnist", "imdb"):
        (folder / name).mkdir()
        labels = np.arange(80) % 2
        values = [
            image(generator, label) if name == "mnist" else " ".join(generator.choice(WORDS, 12))
            for label in labels
        ]
        column = "image" if name == "mnist" else "text"
        frame = pd.DataFrame({column: values, "label": labels})
        frame.iloc[:52].to_parquet(folder / name / "train.parquet")
        frame.iloc[48:].to_parquet(folder / name / "test.parquet")
    return folder


def test_splits_are_disjoint_and_no_row_is_in_two_of_them(data_dir: Path) -> None:
    parts = [load_rows("imdb", part, data_dir) for part in ("train", "test")]
    rows = choose_rows(TEXT, *parts, seed=0)
    train, valid = (set(parts[0].select(rows[name])["text"]) for name in ("train", "valid"))
    test = set(parts[1].select(rows["test"])["text"])
    assert [len(train), len(valid), len(test)] == [32, 16, 16]
    assert not train & valid
    assert not (train | valid) & test


def test_splits_hold_the_classes_in_proportion() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    for rows in stratified(labels, (40, 20), np.random.default_rng(0)):
        shares = np.bincount(labels[rows]) / len(rows)
        np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=0.06)


def test_images_are_standardised_by_the_training_split_alone(
    data_dir: Path, tmp_path: Path
) -> None:
    data = prepare(IMAGE, data_dir=data_dir, cache_dir=tmp_path)
    assert float(data.train.inputs.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(data.train.inputs.std()) == pytest.approx(1.0, abs=1e-2)
    assert float(data.test.inputs.mean()) != pytest.approx(0.0, abs=1e-5)


def test_an_unreachable_data_set_names_both_ways(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"load_dataset.*--data-dir"):
        load_rows("mnist", "train", tmp_path)


def test_scores_agree_with_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(0)
    true, guess = torch.randint(0, 4, (2, 200), generator=generator)
    scores = macro_scores(confusion(guess, true, 5))
    expected = precision_recall_fscore_support(
        true, guess, average="macro", labels=range(5), zero_division=0
    )
    assert dataclasses.astuple(scores)[1:] == pytest.approx(expected[:3])
    assert scores.accuracy == pytest.approx(float((true == guess).float().mean()))


def test_flops_of_a_layer_equal_a_hand_count() -> None:
    with torch.device("meta"):
        layer = torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)
    forward, _ = flops_per_example(layer, torch.Size((3, 10, 10)), torch.float32)
    assert forward == 2 * 3 * 3 * 3 * 8 * 10 * 10


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
    study.optimize(Objective(TEXT, data), n_trials=1)
    names = "accuracy precision recall f1 seconds device_seconds device flops parameters"
    names += " peak_memory epochs"
    assert set(names.split()) <= study.trials[0].user_attrs.keys()
    assert study.best_value == study.trials[0].user_attrs["accuracy"]


def test_a_recording_resumes_after_a_line_cut_short(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tasks.GRID, "lr", (0.01,))
    monkeypatch.setitem(tasks.GRID, "batch_size", (16,))
    monkeypatch.setitem(tasks.GRID, "units", (50,))
    data = prepare(TEXT, data_dir=data_dir, cache_dir=tmp_path)
    table = record_task(TEXT, data, tmp_path / "a")
    lines = table.read_text().splitlines(keepends=True)
    part = tmp_path / "b" / f"{TEXT.name}.csv.part"
    part.parent.mkdir(parents=True)
    part.write_text("".join(lines[:3]) + lines[3][:9])
    columns = ["dropout", "optimizer", "accuracy", "test_f1"]
    again = pd.read_csv(record_task(TEXT, data, tmp_path / "b"))[columns]
    pd.testing.assert_frame_equal(again, pd.read_csv(table)[columns])


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
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


def test_errors_name_the_offender_before_a_study_is_made(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="unknown task 'mnist/lo'"):
        tune.main(["--task", "mnist/lo", "--storage", f"sqlite:///{tmp_path}/studies.db"])
    assert not (tmp_path / "studies.db").exists()
