"""The command: runs are appended to a file, resumed, and reported on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from studies.tables.compare import completed, main


def test_a_complete_result_file_is_not_appended_to(toy: str, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", toy, "--samplers", "random", "metagp", "--seeds", "1"]
    command += ["--trials", "3", "--source-trials", "4", "--out", str(out)]
    main(command)
    before = out.read_text()
    assert len(completed(out)) == 6
    main(command)
    assert out.read_text() == before
    report = tmp_path / "report"
    main(["report", str(out), "--out", str(report)])
    page = (report / "normal.md").read_text()
    assert "## toy" in page
    assert "| metagp " in page
    assert (report / "normal-regret.png").stat().st_size > 1000


@pytest.mark.parametrize("lost", ["\n", "7\n", None])
def test_a_run_that_was_cut_off_is_made_again(lost: str | None, toy: str, tmp_path: Path) -> None:
    """In its last line, or after a line."""
    out = tmp_path / "results.csv"
    command = ["run", "--families", toy, "--samplers", "random", "--seeds", "1", "--trials", "3"]
    command += ["--source-trials", "4", "--jobs", "1", "--out", str(out)]
    main(command)
    whole = pd.read_csv(out).drop(columns="seconds")
    text = out.read_bytes()
    out.write_bytes(text[: -len(lost)] if lost else text[: text[:-2].rindex(b"\n") + 1])
    assert len(completed(out)) == 2
    main(command)
    pd.testing.assert_frame_equal(pd.read_csv(out).drop(columns="seconds"), whole)


def test_only_targets_are_tuned(tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", "levy10-far", "--samplers", "random", "--seeds", "1"]
    main([*command, "--trials", "2", "--source-trials", "2", "--out", str(out)])
    assert set(pd.read_csv(out)["task"]) == {"levy10"}


def test_every_second_task_can_be_chosen(toy: str, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", toy, "--samplers", "random", "--seeds", "1", "--every", "2"]
    main([*command, "--trials", "1", "--source-trials", "2", "--out", str(out)])
    assert pd.read_csv(out)["task"].tolist() == ["task-1", "task-3"]


@pytest.mark.parametrize("name", ["nonsense", "../nowhere/lcbench"])
def test_a_missing_family_is_refused_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--families", name, "--out", str(tmp_path / "out.csv")])
    (line,) = capsys.readouterr().err.splitlines()
    assert f"got '{name}'" in line


def test_a_file_of_another_kind_is_not_appended_to(toy: str) -> None:
    before = Path(toy).read_text()
    with pytest.raises(SystemExit):
        main(["run", "--families", toy, "--out", toy])
    assert Path(toy).read_text() == before


def test_a_sampler_that_a_space_does_not_fit_is_left_out(
    toy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", toy, "--samplers", "warm-cmaes", "--seeds", "1"]
    main([*command, "--trials", "2", "--source-trials", "2", "--out", str(out)])
    assert completed(out) == set()
    assert "left out, CMA-ES is run on grids of numbers only" in capsys.readouterr().err
