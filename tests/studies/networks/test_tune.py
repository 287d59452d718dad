"""Tuning live."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

pytest.importorskip("torch", reason="the networks are torch's")
for package in ("datasets", "tokenizers"):
    pytest.importorskip(package, reason=f"the experiment's texts need {package}")

from studies.networks import tasks, tune
from tests.studies.networks.tiny import TEXT


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
