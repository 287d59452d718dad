"""Tables of regret."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studies.families import load
from studies.tables.summaries import add_regret, mean_ranks, regret_table


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
    assert regret_table(rows)["mean value of trials 2 to 5"].item() == "0.750"


def test_a_sampler_that_always_wins_has_rank_one() -> None:
    rows = [
        ("f", task, sampler, 0, 1, regret)
        for task in ("a", "b")
        for sampler, regret in (("metagp", 0.1), ("gp", 0.2), ("tpe", 0.3))
    ]
    columns = ["family", "task", "sampler", "seed", "trial", "regret"]
    ranks = mean_ranks(pd.DataFrame(rows, columns=columns))
    assert ranks["all"].to_dict() == {"metagp": 1.0, "gp": 2.0, "tpe": 3.0}
