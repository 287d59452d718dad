"""The commands of docs/command-line.md, as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PAGE = (Path(__file__).parent.parent.parent / "docs" / "command-line.md").read_text("utf-8")
# What follows a pipe or && is another program's.
COMMANDS = [
    shlex.split(re.split(r" \| | && ", line)[0])[1:]
    for line in PAGE.splitlines()
    if line.startswith("optuna-metabo ")
]


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_each_runs_as_it_stands(
    arguments: list[str], url: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("plotly", "optuna_dashboard"):
        pytest.importorskip(package, reason="figures and dashboard are extras")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPTUNA_STORAGE", url)
    assert run(*arguments).code == 0
