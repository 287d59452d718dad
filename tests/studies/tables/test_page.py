"""The page of a comparison."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from studies.tables.compare import main
from studies.tables.page import commands, selected, write_report
from studies.tables.runs import HEADER


@pytest.fixture
def four(tmp_path: Path) -> str:
    """A family's file: four tasks of two points."""
    rows = [(f"task-{i}", x, float(x)) for i in range(4) for x in (0, 1)]
    path = tmp_path / "four.csv"
    pd.DataFrame(rows, columns=["task", "x", "value"]).to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("chosen", ["--tasks 2", "--every 2"])
def test_a_page_names_the_commands_that_make_it(chosen: str, four: str, tmp_path: Path) -> None:
    options = f"--families {four} --samplers random tpe --mode opposed --seeds 1 --trials 2"
    options += f" {chosen} --sources 1 --source-trials 3 --out results.csv"
    out = str(tmp_path / "results.csv")
    main(["run", *options.replace("results.csv", out).split()])
    assert commands(pd.read_csv(out)) == [f"python -m studies.compare run {options}"]


def test_samplers_that_did_not_run_raise(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text(",".join(HEADER) + "\nf,normal,0,50,a,tpe,0,1,1,0.5,0.1,3\n")
    assert len(selected([path], ["tpe"])) == len(selected([path], [])) == 1
    with pytest.raises(ValueError, match=r"no runs of \['gp'\]"):
        selected([path], ["gp", "tpe"])


def test_the_first_page_leads_to_the_others(toy: str, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", toy, "--samplers", "random", "tpe", "metagp", "metagp-cold"]
    main([*command, "--seeds", "1", "--trials", "3", "--source-trials", "4", "--out", str(out)])
    write_report(selected([out], []), tmp_path, "toys")
    further = {path.stem for path in tmp_path.glob("toys-*.md")}
    assert further == {"toys-tasks", "toys-ranks", "toys-effort", "toys-spread"}
    first = (tmp_path / "toys.md").read_text().splitlines()
    assert further <= set(first)
    for path in tmp_path.glob("toys*.md"):
        for name in re.findall(r"!\[.*]\((.*)\)", path.read_text()):
            assert (tmp_path / name).exists()


def test_each_column_of_regret_has_its_best_in_bold(toy: str, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", toy, "--samplers", "random", "tpe", "metagp", "--seeds", "1"]
    main([*command, "--trials", "3", "--source-trials", "4", "--out", str(out)])
    write_report(selected([out], []), tmp_path)
    lines = (tmp_path / "normal.md").read_text().splitlines()
    start = lines.index("## toy") + 4
    cells = [[cell.strip() for cell in line.split("|")[2:-1]] for line in lines[start : start + 3]]
    for column in zip(*cells, strict=True):
        numbers = [float(cell.strip("*")) for cell in column]
        assert {n for n, cell in zip(numbers, column, strict=True) if "**" in cell} == {
            min(numbers)
        }
