"""Past studies: who makes them, and which are left when one task is left out."""

from __future__ import annotations

import optuna
import pytest
from optuna.samplers import RandomSampler, TPESampler

from studies.past import others, past_studies, past_study


@pytest.mark.parametrize(("index", "kind"), [(0, RandomSampler), (1, TPESampler)])
def test_even_ones_are_made_by_random_search_and_odd_ones_by_tpe(
    index: int, kind: type[optuna.samplers.BaseSampler]
) -> None:
    study = past_study(
        "past", lambda t: t.suggest_float("x", 0, 1), ["minimize"],
        index=index, seed=0, n_trials=2,
    )  # fmt: skip
    assert isinstance(study.sampler, kind)
    assert len(study.trials) == 2


def test_all_tasks_but_the_one_left_out_are_past(toy: str) -> None:
    assert others(toy, 1) == [0, 2]
    names = [study.study_name for study in past_studies(toy, others(toy, 1), 0, 3)]
    assert names == ["task-1", "task-3"]


def test_seeds_give_other_studies_and_the_same_seed_the_same(toy: str) -> None:
    points = [
        [trial.params for trial in past_studies(toy, [0], seed, 5)[0].trials] for seed in (0, 0, 1)
    ]
    assert points[0] == points[1]
    assert points[0] != points[2]
