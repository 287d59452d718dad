"""Tables of regret."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.families import load
from studies.tables.summaries import (
    add_regret,
    ask_times,
    error_table,
    harm_table,
    log_efficiency,
    mean_ranks,
    median_trials,
    quantile_table,
    rank_curves,
    regret_table,
    trials_to_match,
    win_tie_loss,
)

COLUMNS = ["family", "task", "sampler", "seed", "trial", "regret"]
Curves = dict[tuple[str, str, str], list[float]]


def runs(curves: Curves, seed: int = 0) -> pd.DataFrame:
    """The rows of one seed: regret over trials by family, task and sampler."""
    rows = [
        (*key, seed, trial, regret)
        for key, values in curves.items()
        for trial, regret in enumerate(values, start=1)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def make_rows(family: str, values: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "family": family,
            "mode": "normal",
            "task": "task-2",
            "sampler": "random",
            "seed": 0,
            "trial": range(1, len(values) + 1),
            "value": values,
            "seconds": 0.0,
        }
    )


def test_regret_is_that_of_the_best_so_far(toy: str) -> None:
    task = load(toy).task("task-2")
    assert task.best == 0.0
    assert task.median is not None
    rows = make_rows(toy, [-99.0, task.median, task.median / 2, 0.0, -3.0])
    np.testing.assert_allclose(add_regret(rows)["regret"], [1.0, 1.0, 0.5, 0.0, 0.0])


def test_the_early_values_are_those_of_the_trials_themselves(toy: str) -> None:
    rows = add_regret(make_rows(toy, [0.0, -25.0, 0.0, -25.0, -25.0, 0.0]))
    assert rows["regret"].eq(0.0).all()
    assert rows["value_regret"].tolist() == [0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
    assert regret_table(rows)["mean value of trials 2 to 5"].item() == 0.75


def test_a_sampler_that_always_wins_has_rank_one() -> None:
    rows = [
        ("f", task, sampler, 0, 1, regret)
        for task in ("a", "b")
        for sampler, regret in (("metagp", 0.1), ("gp", 0.2), ("tpe", 0.3))
    ]
    ranks = mean_ranks(pd.DataFrame(rows, columns=COLUMNS))
    assert ranks["all"].to_dict() == {"metagp": 1.0, "gp": 2.0, "tpe": 3.0}


def test_ranks_are_means_of_the_families_means() -> None:
    curves: Curves = {("f", task, "gp"): [0.1, 0.3] for task in "abc"}
    curves |= {("f", task, "tpe"): [0.2, 0.2] for task in "abc"}
    curves |= {("g", "a", "gp"): [0.2, 0.2], ("g", "a", "tpe"): [0.1, 0.1]}
    ranks = rank_curves(runs(curves))
    assert ranks["gp"].tolist() == [(1 + 2) / 2, (2 + 2) / 2]
    assert ranks["tpe"].tolist() == [(2 + 1) / 2, (1 + 1) / 2]


def test_regret_its_standard_error_and_its_quantile_are_those_of_numpy() -> None:
    values = {0: [0.4, 0.2], 1: [0.6, 0.0], 2: [0.8, 0.7]}
    rows = pd.concat(
        runs({("f", "a", "gp"): [x], ("f", "b", "gp"): [y]}, seed)
        for seed, (x, y) in values.items()
    ).assign(value_regret=0.0)
    seeds = np.mean(list(values.values()), axis=1)
    assert regret_table(rows).loc["gp", 1] == pytest.approx(seeds.mean())
    assert error_table(rows).loc["gp", 1] == pytest.approx(seeds.std(ddof=1) / np.sqrt(3))
    every = np.ravel(list(values.values()))
    assert quantile_table(rows).loc["gp", 1] == pytest.approx(np.quantile(every, 0.9))


def test_a_task_is_won_or_lost_beyond_the_margin_in_the_mean_over_seeds() -> None:
    ours = {"won": 0.1, "barely": 0.205, "lost": 0.4, "missing": 0.0}
    curves: Curves = {("f", task, "metagp"): [value] for task, value in ours.items()}
    curves |= {("f", task, "gp"): [0.2] for task in ours if task != "missing"}
    rows = pd.concat([runs(curves), runs(curves, 1)])
    assert win_tie_loss(rows, 1).to_dict("index") == {"gp": {"won": 1, "tied": 1, "lost": 1}}
    assert win_tie_loss(rows[rows["sampler"] == "gp"], 1).empty


def test_trials_to_match_are_the_first_as_good_as_gpsamplers_last() -> None:
    curves: Curves = {
        ("f", "a", "gp"): [0.9, 0.5, 0.2, 0.2],
        ("f", "a", "metagp"): [0.2, 0.1, 0.1, 0.1],
        ("f", "a", "random"): [0.9, 0.9, 0.9, 0.3],
        ("f", "b", "gp"): [0.9, 0.5, 0.4, 0.3],
        ("f", "b", "metagp"): [0.4, 0.3, 0.3, 0.3],
        ("g", "c", "metagp"): [0.4, 0.3, 0.3, 0.3],
    }
    needed = trials_to_match(runs(curves))
    assert needed.index.tolist() == [("f", "a"), ("f", "b")]
    assert needed["gp"].tolist() == [3, 4]
    assert needed["metagp"].tolist() == [1, 2]
    assert needed["random"].tolist()[:1] == [5]
    assert np.isnan(needed["random"].tolist()[1])
    efficiency = log_efficiency(needed).loc["f"]
    assert efficiency["gp"] == 0.0
    assert efficiency["metagp"] == pytest.approx(np.mean(np.log2([3 / 1, 4 / 2])))
    assert efficiency["random"] == pytest.approx(np.log2(3 / 5))
    assert median_trials(needed).loc["f"].to_dict() == {"gp": 4, "metagp": 2, "random": 5}


def test_a_goal_is_reached_by_the_mean_over_seeds_and_not_later_than_trial_50() -> None:
    gp, ours = [0.5] * 49 + [0.3, 0.1], [0.4, 0.3] + [0.3] * 49
    first = runs({("f", "a", "gp"): gp, ("f", "a", "metagp"): ours})
    second = runs({("f", "a", "gp"): gp, ("f", "a", "metagp"): [0.4, 0.4, *[0.3] * 49]}, 1)
    needed = trials_to_match(pd.concat([first, second]))
    assert needed.loc[("f", "a")].to_dict() == {"gp": 50, "metagp": 3}


def test_without_gpsampler_nothing_is_matched() -> None:
    assert trials_to_match(runs({("f", "a", "metagp"): [0.1]})).empty


def test_harm_is_counted_by_task() -> None:
    cold = {("f", task, "metagp-cold"): [0.2] * 25 for task in "abc"}
    ours = {
        ("f", task, "metagp"): [v] * 25 for task, v in zip("abc", (0.1, 0.205, 0.3), strict=True)
    }
    (row,) = harm_table(runs({**cold, **ours})).to_dict("records")
    assert row["tasks"] == 3
    assert row["harmed by more than 0.01"] == 1
    assert row["worst harm"] == "0.100"
    assert row["mean regret / cold"] == "1.01"


def test_the_time_of_asking_is_the_median_in_milliseconds() -> None:
    rows = runs({("f", "a", "gp"): [0.0] * 3}).assign(seconds=[0.001, 0.002, 9.0])
    assert ask_times(rows).loc["f", "gp"] == 2.0
