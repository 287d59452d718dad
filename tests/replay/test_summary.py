from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from datetime import timedelta

import numpy as np
import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import create_trial

from optuna_metabo.replay import Archive, Failed, Plan, Replay, Run, Target, execute
from optuna_metabo.replay.tables import area_table, summary_table, trials_table
from tests.replay.making import SPACE, bowls

# Of five trials the first is the worst and the last the best.
VALUES = (5.0, 4.0, 3.0, 2.0, 1.0)


def _targets(hours: float = 0.0) -> list[Target]:
    storage = InMemoryStorage()
    for name in ("a", "b"):
        study = optuna.create_study(study_name=name, storage=storage)
        for i, value in enumerate(VALUES):
            params = {"x": i / 5, "n": 1}
            trial = create_trial(params=params, distributions=SPACE, value=value)
            trial.datetime_complete = trial.datetime_start + timedelta(hours=hours)  # type: ignore[operator]
            study.add_trial(trial)
    return Archive.read(storage).targets()[0]


def _replay(warm: list[int], cold: list[int], hours: float = 0.0, trials: int = 5) -> Replay:
    plan = Plan(("metagp-cold", "metagp"), seeds=1, trials=trials)
    orders = {
        Run(i, name, 0): rows
        for i in (0, 1)
        for name, rows in (("metagp", warm), ("metagp-cold", cold))
    }
    return Replay.of(_targets(hours), plan, orders)


def test_medians_regret_and_studies_helped_are_counted() -> None:
    replay = _replay(warm=[4], cold=[0, 4])
    assert replay.samplers == ("owner", "random", "metagp-cold", "metagp")
    assert replay.median_trials("owner", "best") == 5.0
    assert replay.median_trials("metagp", "close") == 1.0
    np.testing.assert_allclose(replay.mean_regret("metagp-cold"), [1.0, 0.0, 0.0, 0.0, 0.0])
    assert replay.against_cold("metagp") == (2, 0, 0)
    assert replay.against_cold("metagp-cold") is None
    assert replay.against_cold("owner") is None


@pytest.mark.parametrize(
    ("warm", "cold", "counts"),
    [([4], [4], (0, 2, 0)), ([0, 4], [4], (0, 0, 2))],
)
def test_level_and_harmed(warm: list[int], cold: list[int], counts: tuple[int, int, int]) -> None:
    assert _replay(warm, cold).against_cold("metagp") == counts


@pytest.mark.parametrize(
    ("more", "counts"),
    [(0.009, (0, 2, 0)), (-0.009, (0, 2, 0)), (0.02, (2, 0, 0)), (-0.02, (0, 0, 2))],
)
def test_mean_regrets_that_hardly_differ_are_level(
    more: float, counts: tuple[int, int, int]
) -> None:
    replay = _replay(warm=[4], cold=[4])
    measured = [
        {**one, "metagp-cold": replace(one["metagp-cold"], regret=one["metagp"].regret + more)}
        for one in replay.measured
    ]
    assert replace(replay, measured=tuple(measured)).against_cold("metagp") == counts


def test_of_two_runs_the_one_that_got_there_is_the_median() -> None:
    plan = Plan(("metagp",), seeds=1, trials=5)
    orders = {Run(0, "metagp", 0): [4], Run(1, "metagp", 0): [0, 1]}
    replay = Replay.of(_targets(), plan, orders)
    assert replay.median_trials("metagp", "best") == 1.0
    assert [one["metagp"].median_to("best") for one in replay.measured] == [1.0, math.inf]


def test_regret_is_that_of_the_trials_that_every_order_may_have() -> None:
    # Of five values the median is the third: regrets are 1, 1, 1, .5, 0 in the owner's order.
    replay = _replay(warm=[3, 0], cold=[0, 3], trials=2)
    found = replay.as_json()
    assert (replay.area_trials, found["area_trials"]) == (2, 2)
    areas = [found["summary"][name]["area"] for name in ("owner", "metagp-cold", "metagp")]
    assert areas == [1.0, 0.75, 0.5]
    assert [one["owner"].area for one in replay.measured] == [1.0, 1.0]
    assert replay.gains("metagp") == [0.25, 0.25]
    for name in replay.samplers:
        at = found["summary"][name]["regret_at"]
        assert [n for n in at if at[n] is None] == ["3", "5", "10", "20"]
        assert len(found["studies"][0]["samplers"][name]["regret"]) == 2
    head, *rows = summary_table(replay)
    assert head[4:10] == [*[f"regret {n}" for n in (1, 3, 5, 10, 20)], "area 2"]
    assert {tuple(row[5:9]) for row in rows} == {("", "", "", "")}
    assert [row[9] for row in rows if row[0] == "owner"] == ["1.000"]


def test_the_owners_trials_to_a_goal_are_counted_beyond_those_of_a_run() -> None:
    replay = _replay(warm=[0, 1], cold=[0, 1], trials=2)
    assert replay.median_trials("owner", "best") == 5.0
    assert replay.median_trials("metagp", "best") == math.inf
    cells = {row[0]: row[3] for row in summary_table(replay)}
    assert (cells["owner"], cells["metagp"]) == ("5", "> 2")


def test_regret_of_long_runs_is_averaged_over_twenty_trials() -> None:
    replay = _replay(warm=[4], cold=[0, 4], trials=30)
    assert replay.area_trials == 20
    assert replay.gains("metagp") == [0.05, 0.05]
    assert "area 20" in summary_table(replay)[0]


def test_time_is_that_of_the_owners_trials() -> None:
    replay = _replay(warm=[4], cold=[0, 1, 4], hours=2.0)
    assert [replay.hours(name) for name in ("owner", "metagp-cold", "metagp")] == [20.0, 12.0, 4.0]
    assert replay.as_json()["timed_studies"] == 2
    assert _replay(warm=[4], cold=[4]).hours("owner") is None


def test_time_is_the_sum_over_the_studies_in_which_every_sampler_came_there() -> None:
    plan = Plan(("tpe",), seeds=1, trials=5)
    orders = {Run(0, "tpe", 0): [0, 1], Run(1, "tpe", 0): [4]}
    replay = Replay.of(_targets(hours=2.0), plan, orders)
    assert [replay.hours(name) for name in ("owner", "tpe")] == [10.0, 2.0]
    head, *rows = summary_table(replay)
    assert (head[-1], rows[0][-1], rows[-1][-1]) == ("hours of 1 study", "10.0", "2.0")
    assert replay.as_json()["timed_studies"] == 1


@pytest.mark.parametrize(
    ("hours", "head", "cells"),
    [
        (1.0, "hours of 2 studies", ("10.0", "2.0")),
        (0.01, "minutes of 2 studies", ("6.0", "1.2")),
        (0.001, "seconds of 2 studies", ("36.0", "7.2")),
    ],
)
def test_time_has_the_unit_in_which_it_can_be_read(
    hours: float, head: str, cells: tuple[str, str]
) -> None:
    names, *rows = summary_table(_replay(warm=[4], cold=[4], hours=hours))
    assert names[-1] == head
    assert (rows[0][-1], rows[-1][-1]) == cells


def _with_failures(missing: set[Run], seeds: int) -> Replay:
    """A replay in which some runs failed."""
    plan = Plan(("metagp-cold", "metagp"), seeds=seeds, trials=5)
    runs = [Run(i, name, k) for i in (0, 1) for name in plan.samplers for k in range(seeds)]
    orders = {run: [run.seed, 4] for run in runs if run not in missing}
    failed = [
        Failed("ab"[x.target], x.sampler, x.seed, "ValueError: no") for x in runs if x in missing
    ]
    return Replay.of(_targets(), plan, orders, {"c": "has no completed trial"}, failed)


def test_a_run_that_failed_is_listed_and_the_other_seeds_count() -> None:
    replay = _with_failures({Run(1, "metagp", 0)}, seeds=2)
    assert [target.pool.name for target in replay.targets] == ["a", "b"]
    assert replay.measured[1]["metagp"].orders == [[1, 4]]
    assert json.loads(json.dumps(replay.as_json()))["failed"] == [
        {"study": "b", "sampler": "metagp", "seed": 0, "reason": "ValueError: no"}
    ]


def test_a_study_on_which_a_sampler_always_failed_is_left_out_for_all() -> None:
    replay = _with_failures({Run(0, "metagp", 0), Run(0, "metagp", 1)}, seeds=2)
    assert [target.pool.name for target in replay.targets] == ["b"]
    assert replay.left_out == {
        "c": "has no completed trial",
        "a": "has no run of metagp that did not fail",
    }
    assert replay.against_cold("metagp") == (0, 1, 0)


def test_where_a_sampler_failed_on_every_study_there_is_nothing_to_compare() -> None:
    missing = {Run(i, "metagp", 0) for i in (0, 1)}
    with pytest.raises(RuntimeError, match=r"^on no study .*'a', metagp, seed 0: ValueError: no"):
        _with_failures(missing, seeds=1)


def test_where_there_is_no_study_or_no_run_there_is_nothing_to_compare() -> None:
    plan = Plan(("metagp",), seeds=1, trials=5)
    with pytest.raises(ValueError, match="targets expects one study at least, got none"):
        Replay.of([], plan, {})
    with pytest.raises(RuntimeError, match=r"every sampler a run that did not fail$"):
        Replay.of(_targets(), plan, {})


def test_what_was_not_reached_is_infinite_and_null_in_json() -> None:
    replay = _replay(warm=[0, 1], cold=[4], hours=1.0)
    assert replay.median_trials("metagp", "best") == math.inf
    found = json.loads(json.dumps(replay.as_json(), allow_nan=False))
    summary = found["summary"]["metagp"]
    assert summary["median_trials_to"]["best"] is None
    assert summary["hours"] is None
    study = found["studies"][0]
    assert study["sources"] == ["b"]
    assert study["samplers"]["metagp"]["orders"] == [[0, 1]]
    cells = dict(zip(*[summary_table(replay)[i] for i in (0, -1)], strict=True))
    assert cells["to best"] == "> 5"
    assert not any(name.startswith("hours") for name in cells)
    assert cells["regret 5"] == "1.000"
    assert cells["regret 10"] == ""  # no run had so many trials


def test_json_and_tables_know_no_nan_however_large_values_are() -> None:
    storage, largest = InMemoryStorage(), sys.float_info.max
    for name in ("a", "b"):
        study = optuna.create_study(study_name=name, storage=storage)
        for i, value in enumerate([largest, largest, largest, -largest, 1.0, math.inf]):
            params = {"x": i / 6, "n": 1}
            study.add_trial(create_trial(params=params, distributions=SPACE, value=value))
    targets, _ = Archive.read(storage).targets()
    plan = Plan(("metagp-cold",), seeds=1, trials=4)
    replay = Replay.of(targets, plan, execute(targets, plan))
    json.dumps(replay.as_json(), allow_nan=False)
    assert np.isfinite(replay.mean_regret("owner")).all()
    assert "nan" not in str([summary_table(replay), area_table(replay)])


def test_a_number_that_is_none_is_null_in_json() -> None:
    replay = _replay(warm=[4], cold=[4])
    measured = [
        {name: replace(one, regret=one.regret + math.nan) for name, one in of_study.items()}
        for of_study in replay.measured
    ]
    found = replace(replay, measured=tuple(measured)).as_json()
    json.dumps(found, allow_nan=False)
    assert found["summary"]["metagp"]["area"] is None
    assert found["studies"][0]["samplers"]["metagp"]["regret"][0] is None


def test_tables_have_a_row_for_each_sampler_or_study_and_no_column_without_content() -> None:
    replay = _replay(warm=[4], cold=[0, 4])
    rows = summary_table(replay)
    assert [row[0] for row in rows] == ["sampler", *replay.samplers]
    assert rows[0][-1] == "helped/level/harmed"
    assert {len(row) for row in rows} == {len(rows[0])}
    trials = trials_table(replay)
    assert trials[1][:4] == ["a", "5", "5", "5"]
    assert [row[0] for row in area_table(replay)] == ["study", "a", "b"]


def test_alike_studies_are_helped_in_a_run_from_end_to_end() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    targets, left_out = Archive.read(bowls(3, n_trials=30)).targets()
    plan = Plan(("metagp-cold", "metagp"), seeds=1, trials=15)
    replay = Replay.of(targets, plan, execute(targets, plan), left_out)
    assert replay.median_trials("metagp", "best") < replay.median_trials("random", "best")
    against = replay.against_cold("metagp")
    assert against is not None
    assert against[0] > against[2]
