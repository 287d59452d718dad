"""Progress: plain lines where there is no terminal, a bar where there is one."""

from __future__ import annotations

import sys

import pytest

from studies.progress import Progress, say


def test_without_a_terminal_each_step_is_a_line_with_total_and_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress(3, done=1) as progress:
        progress.step("first")
        progress.reach(4, "last")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["2/3", "3/3"]
    assert [line.split()[-1] for line in lines] == ["first", "last"]
    assert "<" in lines[0]


def test_on_a_terminal_a_bar_ends_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress(2) as progress:
        progress.step("first")
        progress.step("last")
    last = capsys.readouterr().err.split("\r")[-1]
    assert "100%" in last
    assert "2/2" in last


def test_what_is_hidden_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(2, hidden=True) as progress:
        progress.step("first")
    assert capsys.readouterr().err == ""


def test_a_line_that_stays_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    say("done")
    assert capsys.readouterr().out == "done\n"
