"""``optuna-metabo demo``."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import optuna
import pytest

from optuna_metabo.demo import MISLEADING
from optuna_metabo.demo import run as demo_run
from tests.cli.conftest import Run

ROOT = Path(__file__).parent.parent.parent
# What tells the files of the demo from others.
OWN = f"<title>optuna-metabo demo</title> {MISLEADING.name}"
QUICK = ["demo", "--quick", "--seeds", "1", "--trials", "2"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning:sklearn")
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_the_demo_writes_a_report_and_the_studies_and_overwrites_nothing(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_run, "Plan", partial(demo_run.Plan, past_trials=6))
    out = tmp_path / "demo"
    ended = run(*QUICK, "--out", out)
    assert ended.code == 0
    assert "MetaGPSampler" in ended.out
    assert "digits-noisy" in ended.out
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "cdn.plot.ly" not in report.split("<body>")[0]
    assert '<script src="http' not in report
    names = optuna.get_all_study_names(storage=f"sqlite:///{out}/studies.db")
    assert {"digits-noisy", "digits-error-logged"} <= set(names)
    assert '<meta name="viewport"' in report
    assert "optuna-metabo demo --seeds 1 --trials 2" in report
    assert f"optuna {optuna.__version__}" in report
    assert "left: new task, GridSampler, run 1 of 1" in ended.err
    before = (out / "report.html").stat().st_mtime_ns
    ended = run(*QUICK, "--out", out)
    assert (ended.code, ended.out) == (1, "")
    assert "exists: choose another --out, or pass --force" in ended.err
    assert (out / "report.html").stat().st_mtime_ns == before


def test_a_sampler_that_cannot_take_part_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "torch" in demo_run.skipped()["GPSampler"]
    n_samplers = len(demo_run.samplers(())) - 1
    assert demo_run.Plan(2, 3, 4).n_trials == 2 * 6 + n_samplers * 3 * 4


def test_the_study_that_misleads_logs_the_error_of_the_same_task() -> None:
    params = {"scaling": "none", "n_components": 8, "kernel": "rbf", "C": 1.0, "gamma": 1e-3}
    error, accuracy = (
        task.objective()(optuna.trial.FixedTrial(params))
        for task in (MISLEADING, replace(MISLEADING, logs_error=False))
    )
    assert error == 1.0 - accuracy


def test_an_interrupted_demo_leaves_what_was_there(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("report.html", "studies.db"):
        (tmp_path / name).write_text(OWN)
    monkeypatch.setattr(demo_run, "run_demo", interrupted)
    ended = run(*QUICK, "--out", tmp_path, "--force")
    assert ended.code == 130
    assert "interrupted" in ended.err
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "report.html": OWN,
        "studies.db": OWN,
    }


@pytest.mark.parametrize("name", ["report.html", "studies.db"])
def test_what_no_demo_has_made_is_never_replaced(name: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / name).write_text("of someone else")
    ended = run(*QUICK, "--out", tmp_path, "--force")
    assert (ended.code, ended.out) == (1, "")
    assert f"{tmp_path / name} is not of this command's making: choose another --out" in ended.err
    assert (tmp_path / name).read_text() == "of someone else"


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_ctrl_c_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "optuna_metabo", *QUICK, "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        # A shell that runs us in the background lets its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr is not None
    assert process.stderr.readline().endswith("past study digits-noisy\n")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    *_, last = err.splitlines()
    assert last.startswith("optuna-metabo: interrupted")
    assert "Traceback" not in err
    assert not [*(tmp_path / "out").iterdir()]


def test_what_the_demo_needs_is_said_with_how_to_install_it(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ended = run(*QUICK, "--out", tmp_path)
    assert ended.code == 1
    told = "demo needs jinja2 and plotly and sklearn: pip install 'optuna-metabo[demo]'"
    assert told in ended.err


def test_nonsense_is_refused(run: Run) -> None:
    ended = run("demo", "--seeds", 0)
    assert ended.code == 2
    assert "--seeds" in ended.err
