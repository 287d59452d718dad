"""What a run needed, and whose sources it had."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from studies.families.recorded import recorded_table
from studies.networks.efforts import chosen_scores, effort_table, efforts, replay

TASK = "mnist/rotated"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """One run that finds the optimum at its third trial, and one that never does."""
    table = recorded_table(TASK)
    order = table["accuracy"].argsort().tolist()
    visits = {("mnist", "random"): [order[0], order[5], order[-1]]}
    visits["images", "metagp"] = order[:3]
    rows = [
        (family, TASK, sampler, 0, trial, table["accuracy"][row], 0.1, row)
        for (family, sampler), found in visits.items()
        for trial, row in enumerate(found, start=1)
    ]
    names = ["family", "task", "sampler", "seed", "trial", "value", "seconds", "row"]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "results.csv", index=False)
    return tmp_path / "results.csv"


def test_effort_counts_all_trials_until_the_optimum(results: Path) -> None:
    table = recorded_table(TASK)
    runs = efforts(replay([results])).reset_index().set_index("sampler")
    assert runs["trial"].to_dict() == {"random": 3, "metagp (same modality)": 3}
    assert runs["reached"].to_dict() == {"random": True, "metagp (same modality)": False}
    visited = [table["accuracy"].argsort().iloc[i] for i in (0, 5, -1)]
    assert runs["seconds"]["random"] == pytest.approx(table["seconds"][visited].sum())
    assert runs["flops"]["random"] == pytest.approx(table["flops"][visited].sum())


def test_the_tested_configuration_is_the_best_on_validation(results: Path) -> None:
    table = recorded_table(TASK)
    scores = chosen_scores(replay([results]))
    best = table.loc[table["accuracy"].argsort().iloc[-1]]
    assert scores["accuracy"][5, "random"] == pytest.approx(best["test_accuracy"], abs=1e-3)


def test_efforts_have_a_row_for_each_sampler_and_data_set(results: Path) -> None:
    table = effort_table(efforts(replay([results])).reset_index())
    assert set(table.index) == {
        (dataset, sampler)
        for dataset in ("all", "mnist")
        for sampler in ("random", "metagp (same modality)")
    }


def test_a_file_without_recorded_tasks_raises(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("family,task,sampler,seed,trial,value,seconds,row\nnb201,a,tpe,0,1,0,0,0\n")
    with pytest.raises(ValueError, match="no runs of"):
        replay([path])
