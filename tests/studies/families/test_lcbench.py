"""LCBench by its surrogate."""

from __future__ import annotations

import sys
from pathlib import Path

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from studies.families import load


def test_without_its_runtime_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "encoding.json").write_text("{}")
    with pytest.raises(ImportError, match="pip install onnxruntime"):
        load(str(tmp_path))


def test_lcbench_has_34_tasks_on_the_space_of_its_authors(benchmarks: Path) -> None:
    pytest.importorskip("onnxruntime")
    family = load(str(benchmarks / "lcbench"))
    assert len(family.tuned) == 34
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0)
    )
    study.optimize(family.tasks[0].objective, n_trials=30)
    found = study.trials[0].distributions
    assert found["batch_size"] == IntDistribution(16, 512, log=True)
    assert found["max_units"] == IntDistribution(64, 1024, log=True)
    assert found["num_layers"] == IntDistribution(1, 5)
    assert found["max_dropout"] == FloatDistribution(0.0, 1.0)
    assert found["weight_decay"] == FloatDistribution(1e-5, 0.1)
    assert isinstance(found["learning_rate"], FloatDistribution)
    assert found["learning_rate"].log
    assert len(found) == 7
    assert family.tasks[0].best is None
    assert family.tasks[0].median is not None
    assert 0.0 < family.tasks[0].median < study.best_value <= 100.0
