"""What asks cost on tasks of a family."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.samplers import RandomSampler

from studies.families import load
from studies.stress import asks
from studies.stress.asks import main, milliseconds, past, places, table_of


def test_past_studies_are_of_other_tasks_each_as_often_as_it_needs() -> None:
    own = load("hartmann6-near").tasks[0].name
    found = past("hartmann6-near", 0, 11)
    assert len(found) == 11
    assert found[0].study_name == found[8].study_name
    assert found[0].trials[0].params != found[8].trials[0].params
    assert own not in {one.study_name for one in found}


def test_tasks_are_an_even_spread_with_their_places_in_the_family() -> None:
    found = list(places("digits", 2))
    assert [i for i, _ in found] == [0, 2]
    assert all(load("digits").tasks[i] is one for i, one in found)


def test_asks_are_timed_after_trials_of_their_own_with_what_evaluates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = iter([0.0, 5.0, 0.0, 5.0, *(0.0, 0.001), *(0.0, 0.002), *(0.0, 0.009)])
    monkeypatch.setattr(asks.time, "process_time", lambda: next(ticks))
    task = load("hartmann6-near").tasks[0]
    assert milliseconds(task, RandomSampler(seed=0), 2, 3) == pytest.approx(2.0)


def test_a_ratio_tells_how_many_times_as_long_the_other_takes() -> None:
    table = table_of([("a", "x", 10.0, 80.0), ("a", "y", 20.0, 300.0), ("b", "z", 10.0, 90.0)])
    assert table["ratio"].tolist() == ["8.0", "15.0", "9.0", "9.0"]
    assert table.index[-1] == ("all", "median")


def test_the_command_writes_a_page_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asks, "GPSampler", RandomSampler)  # without torch
    out = tmp_path / "asks.md"
    options = ["--families", "hartmann6-near", "--studies", "2", "--tasks", "1"]
    main([*options, "--trials", "3", "--asks", "1", "--out", str(out)])
    optuna.logging.set_verbosity(optuna.logging.INFO)
    text = out.read_text(encoding="utf-8")
    assert "2 past studies" in text
    assert f"python -m studies.stress.asks {' '.join(options)}" in text
