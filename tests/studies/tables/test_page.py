"""The page of a comparison."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from studies.tables.compare import main
from studies.tables.page import commands, selected
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
