"""The command line."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from optuna_metabo.cli import main

QUICK = ["demo", "--quick", "--seeds", "1", "--trials", "2"]


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning:sklearn")
def test_the_demo_writes_a_report_and_the_studies_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    assert main([*QUICK, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "MetaGPSampler" in printed
    assert "digits-noisy" in printed
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "cdn.plot.ly" not in report.split("<body>")[0]
    assert '<script src="http' not in report
    names = optuna.get_all_study_names(storage=f"sqlite:///{out}/studies.db")
    assert "digits-noisy" in names
    before = (out / "report.html").stat().st_mtime_ns
    assert main([*QUICK, "--out", str(out)]) == 2
    assert "exists" in capsys.readouterr().err
    assert (out / "report.html").stat().st_mtime_ns == before


def test_nonsense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["demo", "--seeds", "0"])
    assert "positive" in capsys.readouterr().err
