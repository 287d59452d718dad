"""What asking costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.samplers import RandomSampler

from studies.progress import Progress
from studies.stress import speed
from studies.stress.speed import Problem, ask_times, asks, fit, imports, main, past, runs
from studies.stress.speed_page import ask_table, ratios, run_ratios


def test_studies_hold_their_trials_and_differ() -> None:
    first, second = past(3, 2, 5)
    assert len(first.trials) == 5
    assert first.trials[0].values != second.trials[0].values
    assert set(first.trials[0].params) == {"x00", "x01", "x02"}
    x = np.array(list(first.trials[0].params.values()))
    assert first.trials[0].value == Problem(3, 1).value(x)


def test_as_many_asks_are_timed_as_wanted_after_those_that_warm_up() -> None:
    times = ask_times(RandomSampler(seed=0), 2, 4, 3)
    assert times.shape == (3,)
    assert (times > 0.0).all()


def test_a_sampler_is_tried_up_to_its_most_trials() -> None:
    some = iter([("a", 3, lambda: RandomSampler(0)), ("b", 9, lambda: RandomSampler(0))])
    with Progress(4, hidden=True) as progress:
        found = asks(some, 2, [0, 5], 2, progress)
    assert list(zip(found["sampler"], found["trials"], strict=True)) == [
        ("a", 0),
        ("b", 0),
        ("b", 5),
    ]
    assert (found["median"] <= found["95 %"]).all()


def test_a_sampler_is_timed_after_trials_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "RUN", 3)
    some = iter([("a", 2, lambda: RandomSampler(0)), ("b", 9, lambda: RandomSampler(0))])
    with Progress(2, hidden=True) as progress:
        found = runs(some, 2, progress)
    assert list(found.index) == ["b"]
    assert (found["clock, median"] <= found["clock, 95 %"]).all()
    assert run_ratios(found) == []


def test_learning_takes_time_and_its_memory_is_told() -> None:
    found = fit(2, 2, 8)
    assert found["fit, s"] > 0.0
    assert found["more memory, MB"] >= 0.0
    assert found["first ask after, s"] > 0.0
    optuna.logging.set_verbosity(optuna.logging.INFO)


def test_importing_is_told_beside_optunas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "IMPORTS", {"import optuna": "pass", "other": "pass"})
    with Progress(2, hidden=True) as progress:
        table = imports(2, progress)
    assert table.loc["import optuna", "ratio"] == 1.0
    assert list(table.index) == ["import optuna", "other"]


MEASURED = pd.DataFrame(
    [
        ("MetaGPSampler, 10 studies", 5, 50, 20.0, 30.0),
        ("MetaGPSampler, 10 studies", 5, 1000, 50.0, 60.0),
        ("MetaGPSampler, 1000 studies", 5, 50, 25.0, 40.0),
        ("GPSampler", 5, 50, 100.0, 120.0),
    ],
    columns=["sampler", "parameters", "trials", "median", "95 %"],
)


def test_what_was_not_measured_is_an_empty_cell_and_no_ratio() -> None:
    table = ask_table(MEASURED)
    assert list(table.columns) == ["50 trials", "1000 trials"]
    assert table.loc["MetaGPSampler, 10 studies"].tolist() == ["20 / 30", "50 / 60"]
    assert table.loc["GPSampler"].tolist() == ["100 / 120", ""]
    assert ratios(MEASURED) == [
        "- 5 parameters, 1000 past studies to 10, at 50 trials: 1.25",
        "- 5 parameters, 1000 trials to 50, 10 past studies: 2.50",
    ]


def test_the_clock_and_the_processor_have_ratios_of_their_own() -> None:
    columns = ["clock, median", "clock, 95 %", "processor"]
    rows = {"MetaGPSampler, 100 studies": [20.0, 30.0, 25.0], "GPSampler": [300.0, 400.0, 500.0]}
    (line,) = run_ratios(pd.DataFrame.from_dict(rows, orient="index", columns=columns))
    assert "15.0 by the clock, 20.0 by the processor" in line


def test_the_command_writes_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "GP_MOST", -1)  # without torch
    monkeypatch.setattr(speed, "IMPORTS", {"import optuna": "pass"})
    monkeypatch.setattr(speed, "RUN", 3)
    out = tmp_path / "performance.md"
    grid = ["--studies", "0", "--trials", "4", "--parameters", "2", "--past-trials", "6"]
    main([*grid, "--asks", "1", "--imports", "1", "--out", str(out)])
    optuna.logging.set_verbosity(optuna.logging.INFO)
    text = out.read_text(encoding="utf-8")
    assert "MetaGPSampler, 0 studies" in text
    assert "## Importing" in text
