"""Records in four formats."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import yaml

from optuna_metabo.cli.output import emit, emit_one

RECORDS: list[dict[str, Any]] = [
    {"name": "a study", "weight": np.float64(0.25), "shared": ("x", "y"), "reason": None},
    {"name": "größer\nzwei", "weight": float("nan"), "shared": (), "reason": "no values"},
]
PLAIN = [
    {"name": "a study", "weight": 0.25, "shared": ["x", "y"], "reason": None},
    {"name": "größer\nzwei", "weight": None, "shared": [], "reason": "no values"},
]


def test_json_and_yaml_give_the_records_back(capsys: pytest.CaptureFixture[str]) -> None:
    emit(RECORDS, "json")
    assert json.loads(capsys.readouterr().out) == PLAIN
    emit(RECORDS, "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == PLAIN


def test_values_are_one_line_a_record_between_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    emit(RECORDS, "value")
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["a study\t0.25\tx, y\t", "größer zwei\t\t\tno values"]


def test_a_table_has_a_head_and_one_line_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    emit(RECORDS, "table")
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "weight", "shared", "reason"]
    assert [row.split("  ")[0] for row in rows] == ["a study", "größer zwei"]


@pytest.mark.parametrize("output_format", ["table", "value"])
def test_no_control_character_reaches_a_terminal(
    output_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr("click.echo", written.append)  # which leaves some out, but for terminals
    emit([{"name": "a\x1b[2Jb\x07\tc"}], output_format)
    assert written[0].splitlines()[-1] == r"a\x1b[2Jb\x07 c"


@pytest.mark.parametrize("output_format", ["table", "json", "yaml", "value"])
def test_no_record_is_no_error(output_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    emit([], output_format)
    assert capsys.readouterr().out.strip() in ("", "[]")


def test_one_record_is_a_line_for_each_key(capsys: pytest.CaptureFixture[str]) -> None:
    record = {"studies": 2, "space": {"x": "0 to 1"}}
    emit_one(record, "value")
    assert capsys.readouterr().out == "2\nx=0 to 1\n"
    emit_one(record, "json")
    assert json.loads(capsys.readouterr().out) == record
    emit_one(record, "table")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:-1]] == [*record]
