"""A task's rows as tensors."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the tensors are torch's")
for package in ("torchvision", "datasets"):
    pytest.importorskip(package, reason=f"images are prepared with {package}")

from studies.networks.data import prepare
from tests.studies.networks.tiny import IMAGE


def test_images_are_standardised_by_the_training_split_alone(
    data_dir: Path, tmp_path: Path
) -> None:
    data = prepare(IMAGE, data_dir=data_dir, cache_dir=tmp_path)
    assert float(data.train.inputs.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(data.train.inputs.std()) == pytest.approx(1.0, abs=1e-2)
    assert float(data.test.inputs.mean()) != pytest.approx(0.0, abs=1e-5)


def test_tensors_are_read_from_the_cache_the_second_time(data_dir: Path, tmp_path: Path) -> None:
    first, second = (prepare(IMAGE, data_dir=data_dir, cache_dir=tmp_path) for _ in range(2))
    assert torch.equal(first.train.inputs, second.train.inputs)
    assert len(list(tmp_path.iterdir())) == 1
