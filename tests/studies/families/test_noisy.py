"""Noisy copies of families."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from studies.families import load
from studies.families.noisy import noisy
from studies.past import past_studies
from tests.studies.families.asking import ask


def test_noise_is_decided_by_task_seed_parameters_and_number(toy: str) -> None:
    first, second, *_ = load(f"noisy30-{toy}").tasks
    point, other = {"x": 4, "kind": "a"}, {"x": 3, "kind": "a"}
    told = [ask(first, point)[1] for _ in range(2)]
    assert told[0] == told[1]
    others = ask(first, other)[1], ask(first, point, number=1)[1], ask(second, point)[1]
    noise = [one - true for one, true in zip(others, (-4.0, -9.0, -4.0), strict=True)]
    assert len({told[0] + 9.0, *noise}) == 4


def test_noise_has_the_deviation_asked_for(toy: str) -> None:
    task = load(f"noisy30-{toy}").tasks[0]
    trial = optuna.create_study().ask()
    noise = []
    for seed in range(2000):
        trial.study.set_user_attr("seed", seed)
        noise.append(task.told(trial, 1.0) - 1.0)
    best, median = task.scale()
    expected = 0.3 * (best - median)
    assert np.std(noise) == pytest.approx(expected, rel=0.05)
    assert abs(np.mean(noise)) < 0.1 * expected


def test_past_studies_hold_what_samplers_were_told(toy: str) -> None:
    (noisy_past,) = past_studies(f"noisy10-{toy}", [0], 0, 6)
    points = [trial.params for trial in noisy_past.trials]
    true = [-float((one["x"] - 1) ** 2) - (one["kind"] == "b") for one in points]
    told = [trial.value for trial in noisy_past.trials]
    assert all(one != other for one, other in zip(told, true, strict=True))
    np.testing.assert_allclose(told, true, atol=3.0)


def test_noise_of_an_unknown_scale_raises() -> None:
    with pytest.raises(ValueError, match="optimum of task 'hartmann6-1' is not known"):
        noisy(load("hartmann6-opposed"), 10)
