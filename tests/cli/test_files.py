"""Outputs that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from optuna_metabo.cli import files
from optuna_metabo.cli.files import check_free, check_own, replacing


def test_the_folder_of_an_output_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.html"
    with replacing(path) as unfinished:
        unfinished.write_text("whole")
    assert path.read_text() == "whole"


def test_where_nothing_can_be_written_it_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(click.ClickException, match=r"cannot be written.*choose another --out"):
        check_free(tmp_path / "file" / "a.html", force=True)
    with pytest.raises(click.ClickException, match=r"/file is a file, not a directory"):
        check_free(tmp_path / "file" / "a.html", force=True)
    with pytest.raises(click.ClickException, match="is a directory"):
        check_free(tmp_path, force=True)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(click.ClickException, match="Permission denied"):
        check_free(tmp_path / "a.html", force=False)


def test_what_a_killed_command_left_long_ago_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / ".a.html-12345678"
    left.mkdir()
    os.utime(left, (0.0, 0.0))
    check_free(tmp_path / "a.html", force=False)
    assert not left.exists()


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    check_free(tmp_path / "a.html", force=False)
    assert not [*tmp_path.iterdir()]
    (tmp_path / "a.html").write_text("before")
    with pytest.raises(click.ClickException, match="exists"):
        check_free(tmp_path / "a.html", force=False)
    check_free(tmp_path / "a.html", force=True)
    assert (tmp_path / "a.html").read_text() == "before"


def test_a_file_that_needs_no_sign_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.html").write_text("before")
    read: list[str] = []
    monkeypatch.setattr(Path, "open", lambda *args, **options: read.append("opened"))
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append("read") or b"")
    check_own(tmp_path / "a.html", b"")
    assert read == []


@pytest.mark.parametrize("place", range(12))
def test_a_sign_is_found_wherever_it_stands(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PIECE", 4)
    path = tmp_path / "a.html"
    path.write_bytes(b"-" * place + b"sign" + b"-" * (12 - place))
    check_own(path, b"sign")
    path.write_bytes(path.read_bytes().replace(b"g", b""))
    with pytest.raises(click.ClickException, match="not of this command's making"):
        check_own(path, b"sign")


def test_an_empty_file_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.html").touch()
    check_own(tmp_path / "a.html", b"sign")
