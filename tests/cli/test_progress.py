"""How far a command is."""

from __future__ import annotations

import io
import re
import sys

import click
import pytest

from optuna_metabo.cli import options
from optuna_metabo.cli.progress import progress


def _steps(*arguments: str) -> None:
    @click.command()
    @options.verbosity
    def command() -> None:
        with progress(4, "trials") as step:
            for stage in "aabb":
                step(stage)

    command.main(list(arguments), standalone_mode=False)


def test_without_a_terminal_each_stage_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    _steps()
    first, second = capsys.readouterr().err.splitlines()
    assert first == "0/4 trials: a"
    assert re.fullmatch(r"2/4 trials, \d+:\d\d left: b", second)


def test_on_a_terminal_there_is_a_bar_with_total_and_remaining_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", screen)
    _steps()
    assert "4/4" in screen.getvalue()
    assert "\n" not in screen.getvalue().rstrip("\n")


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    _steps("-q")
    assert capsys.readouterr() == ("", "")
