"""End to end: every surrogate beats a Sobol' sequence on a bowl, with a wide margin."""

from __future__ import annotations

import sys

import numpy as np
import optuna
import pytest
from scipy.stats import qmc

from optuna_metabo import MetaGPSampler

N_TRIALS = 14
AT = np.array([0.31, 0.62, 0.45])


def bowl(X: np.ndarray, at: np.ndarray) -> np.ndarray:
    return ((X - at) ** 2).sum(axis=-1)


def study_of(
    sampler: optuna.samplers.BaseSampler, at: np.ndarray, n: int, name: str, sign: int
) -> optuna.Study:
    """Minimises the bowl, or maximises what is opposite to it."""

    def objective(trial: optuna.Trial) -> float:
        return sign * float(bowl(np.array([trial.suggest_float(x, 0, 1) for x in "abc"]), at))

    study = optuna.create_study(
        study_name=name, sampler=sampler, direction="minimize" if sign > 0 else "maximize"
    )
    study.optimize(objective, n_trials=n)
    return study


@pytest.fixture(scope="module")
def past() -> list[optuna.Study]:
    """Bowls around other places, of which one is to be maximised."""
    random = optuna.samplers.RandomSampler
    return [
        study_of(random(seed=i), AT + shift, 30, f"past-{i}", -1 if i == 1 else 1)
        for i, shift in enumerate((-0.15, 0.1, 0.2))
    ]


@pytest.fixture(scope="module")
def of_sobol() -> float:
    """How good the best of so many points is, usually."""
    best = []
    for seed in range(50):
        X = qmc.Sobol(3, rng=np.random.default_rng(seed)).random(16)[:N_TRIALS]
        best.append(bowl(X, AT).min())
    return float(np.median(best))


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("surrogate", ["auto", "rgpe", "stacking", "tst", "none"])
def test_it_is_many_times_nearer_to_the_optimum_than_a_sobol_sequence(
    past: list[optuna.Study], of_sobol: float, surrogate: str, seed: int
) -> None:
    sampler = MetaGPSampler(past, surrogate=surrogate, seed=seed)
    study = study_of(sampler, AT, N_TRIALS, "new", 1)
    assert study.best_value < of_sobol / 5.0


@pytest.mark.parametrize("surrogate", ["auto", "rgpe", "stacking", "tst"])
def test_the_first_trial_is_as_good_as_a_whole_sobol_sequence(
    past: list[optuna.Study], of_sobol: float, surrogate: str
) -> None:
    study = study_of(MetaGPSampler(past, surrogate=surrogate, seed=0), AT, 1, "new", 1)
    assert study.best_value < of_sobol


@pytest.mark.parametrize("seed", [0, 1])
def test_losses_over_decades_are_followed_to_the_last_one(seed: int) -> None:
    def loss(trial: optuna.Trial) -> float:
        x = np.array([trial.suggest_float(name, 0, 1) for name in "abc"])
        return float(10.0 ** (6.0 * np.sqrt(bowl(x, AT)) - 3.0))

    study = optuna.create_study(sampler=MetaGPSampler(seed=seed))
    study.optimize(loss, n_trials=30)
    assert study.best_value < 10**-2.8
    # Told is the function without noise, which for a process the sharp tip of this one is.
    (told,) = study.sampler.predict(study, [study.best_params])
    assert 0.8 * told.low[0] < study.best_value < told.high[0] < 2.0 * study.best_value


@pytest.mark.parametrize("surrogate", ["auto", "none"])
@pytest.mark.parametrize("penalty", [1e160, 1e200, sys.float_info.max, -1e308])
def test_a_number_that_stands_for_a_training_that_diverged_ends_no_study(
    penalty: float, surrogate: str
) -> None:
    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        return penalty if x > 0.6 else (x - 0.3) ** 2

    past = [optuna.create_study(study_name=name) for name in "abcd"]
    for seed, one in enumerate(past):
        one.sampler = optuna.samplers.RandomSampler(seed)
        one.optimize(objective, n_trials=15)
    study = optuna.create_study(sampler=MetaGPSampler(past, seed=0, surrogate=surrogate))
    for x in np.linspace(0.0, 1.0, 9):
        study.enqueue_trial({"x": x})
    study.optimize(objective, n_trials=14)
    assert study.sampler.explain(study).trials
    [expected] = study.sampler.predict(study, [{"x": 0.3}, {"x": 0.9}])
    assert np.isfinite(expected.mean).all()
    assert (expected.mean[0] < expected.mean[1]) == (penalty > 0.0)
