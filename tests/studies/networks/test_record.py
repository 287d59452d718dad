"""Recording a grid."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("torch", reason="the networks are torch's")
for package in ("datasets", "tokenizers"):
    pytest.importorskip(package, reason=f"the experiment's texts need {package}")

from studies.networks import tasks
from studies.networks.data import prepare
from studies.networks.record import record_task, round_robin
from tests.studies.networks.tiny import TEXT


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


def test_every_data_set_has_its_first_task_before_any_has_its_second() -> None:
    names = [task.dataset for task in round_robin(list(tasks.TASKS.values()))]
    assert set(names[:4]) == {"mnist", "cifar10", "imdb", "ag_news"}
    assert len(names) == len(tasks.TASKS)
