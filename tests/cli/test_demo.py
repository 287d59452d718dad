"""``optuna-metabo demo``."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import optuna
import pytest

from optuna_metabo.demo import run as demo_run
from tests.cli.conftest import Run

QUICK = ["demo", "--quick", "--seeds", "1", "--trials", "2"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning:sklearn")
def test_the_demo_writes_a_report_and_the_studies_and_overwrites_nothing(
    tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "demo"
    ended = run(*QUICK, "--out", out)
    assert ended.code == 0
    assert "MetaGPSampler" in ended.out
    assert "digits-noisy" in ended.out
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "cdn.plot.ly" not in report.split("<body>")[0]
    assert '<script src="http' not in report
    names = optuna.get_all_study_names(storage=f"sqlite:///{out}/studies.db")
    assert "digits-noisy" in names
    before = (out / "report.html").stat().st_mtime_ns
    ended = run(*QUICK, "--out", out)
    assert (ended.code, ended.out) == (1, "")
    assert "exists: choose another --out, or pass --force" in ended.err
    assert (out / "report.html").stat().st_mtime_ns == before


def test_an_interrupted_demo_leaves_what_was_there(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("report.html", "studies.db"):
        (tmp_path / name).write_text("before")
    monkeypatch.setattr(demo_run, "run_demo", interrupted)
    ended = run(*QUICK, "--out", tmp_path, "--force")
    assert ended.code == 130
    assert "interrupted" in ended.err
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "report.html": "before",
        "studies.db": "before",
    }


def test_what_the_demo_needs_is_said_with_how_to_install_it(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ended = run(*QUICK, "--out", tmp_path)
    assert ended.code == 1
    assert "pip install 'optuna-metabo[demo]'" in ended.err


def test_nonsense_is_refused(run: Run) -> None:
    ended = run("demo", "--seeds", 0)
    assert ended.code == 2
    assert "--seeds" in ended.err
