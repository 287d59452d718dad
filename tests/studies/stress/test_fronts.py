"""Several objectives and constraints."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from studies.stress.fronts import CHECKPOINTS, feasible, hypervolume, objective, run, table_of
from studies.stress.problems import PROBLEMS


def test_the_volume_of_one_or_two_boxes_equals_a_hand_count() -> None:
    assert hypervolume([(1.0,), (2.0,), (4.0,)], (3.0,)) == 2.0
    assert hypervolume([(1.0, 2.0), (2.0, 1.0), (5.0, 0.0), (2.5, 2.5)], (3.0, 3.0)) == 3.0
    assert hypervolume([], (3.0, 3.0)) == 0.0


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_no_point_is_above_the_known_front(name: str) -> None:
    problem = PROBLEMS[name]
    study = optuna.create_study(
        directions=["minimize"] * len(problem.reference),
        sampler=optuna.samplers.RandomSampler(seed=0),
    )
    study.optimize(objective(problem, 0.0), n_trials=300)
    whole = hypervolume(problem.front, problem.reference)
    found = feasible(study.trials)
    assert 0.0 < hypervolume(found, problem.reference) < whole
    together = hypervolume([*map(tuple, found), *problem.front], problem.reference)
    assert together == pytest.approx(whole, rel=1e-3)


def test_shares_grow_and_the_table_has_their_means() -> None:
    jobs = [("fonseca", "random", seed) for seed in (0, 1)]
    shares = [run(job) for job in jobs]
    assert np.all(np.diff(shares, axis=1) >= 0.0)
    table = table_of(jobs, shares)
    assert table.index.tolist() == [("fonseca", "random")]
    assert table["40"].iloc[0].startswith(f"{np.mean(shares, axis=0)[-1].round(3)} (")


def test_one_seed_has_no_error() -> None:
    table = table_of([("fonseca", "random", 0)], [[0.1, 0.25, 0.5, 1.0][: len(CHECKPOINTS)]])
    assert table.iloc[0, 0] == "0.1"
