"""Optuna's own contract for samplers, without and with source studies."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)

from optuna_metabo import MetaGPSampler


@cache
def past_studies(n_studies: int = 2, n_trials: int = 8) -> list[optuna.Study]:
    """Finished studies whose parameters have the names that the kit uses."""
    studies = []
    for i in range(n_studies):
        sampler = optuna.samplers.RandomSampler(seed=i)
        study = optuna.create_study(study_name=f"past-{i}", sampler=sampler)
        study.optimize(
            lambda t: (
                t.suggest_float("x", -1, 1) ** 2
                + t.suggest_float("y", -1, 1)
                + t.suggest_int("a", 0, 10)
                + {"u": 0, "v": 1}[t.suggest_categorical("b", ["u", "v"])]
            ),
            n_trials=n_trials,
        )
        studies.append(study)
    return studies


@pytest.mark.filterwarnings("ignore:source studies left out")
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
class TestCold(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: MetaGPSampler(seed=0, n_startup_trials=2)


class TestWarm(TestCold):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: MetaGPSampler(past_studies(), seed=0)
