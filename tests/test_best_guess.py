"""The trial that is best in expectation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from optuna_metabo import MetaGPSampler, Posterior, TransferModel

SPACE: dict[str, BaseDistribution] = {"x": FloatDistribution(0.0, 1.0)}


def trial(x: float, value: float) -> FrozenTrial:
    return create_trial(params={"x": x}, distributions=SPACE, value=value)


def study_of(*trials: FrozenTrial, direction: str = "minimize") -> optuna.Study:
    study = optuna.create_study(direction=direction)
    study.add_trials(trials)
    return study


def bowl(x: float) -> float:
    return (x - 0.6) ** 2


def noisy(seed: int) -> optuna.Study:
    generator = np.random.default_rng(seed)
    return study_of(*[trial(x, bowl(x) + 0.05 * generator.normal()) for x in generator.random(30)])


def test_it_is_nearer_to_the_optimum_than_the_luckiest_trial_past_studies_help() -> None:
    past = study_of(*[trial(x, bowl(x)) for x in np.linspace(0, 1, 15)])
    cold, warm = MetaGPSampler(seed=0), MetaGPSampler([past], seed=0)
    studies = [noisy(seed) for seed in range(20)]
    lucky, alone, helped = (
        np.mean([bowl(choose(study).params["x"]) for study in studies])
        for choose in (lambda study: study.best_trial, cold.best_guess, warm.best_guess)
    )
    assert alone < 0.7 * lucky
    assert helped < 0.3 * lucky


@pytest.mark.parametrize("diverged", [1e3, 1e6])
@pytest.mark.parametrize("n", [8, 20])
def test_a_value_that_diverged_hides_no_other(n: int, diverged: float) -> None:
    def value(asked: optuna.Trial) -> float:
        x, y = asked.suggest_float("x", 0.0, 1.0), asked.suggest_float("y", 0.0, 1.0)
        return diverged if asked.number == 3 else bowl(x) + bowl(y)

    lost = []
    for seed in range(4):
        sampler = MetaGPSampler(seed=seed)
        study = optuna.create_study(sampler=sampler)
        study.optimize(value, n_trials=n)
        usual = np.median([one.value for one in study.trials])
        lost.append((sampler.best_guess(study).value - study.best_value) / usual)
    assert max(lost) < 0.03


def test_losses_over_decades_are_told_by_their_logarithm() -> None:
    """On a linear scale all good ones are the same, and the luckiest is the best."""

    def guess(seed: int) -> float:
        generator = np.random.default_rng(seed)
        losses = [
            trial(x, 10.0 ** (8.0 * abs(x - 0.6) + 0.3 * generator.normal()))
            for x in generator.random(30)
        ]
        return float(MetaGPSampler(seed=0).best_guess(study_of(*losses)).params["x"])

    assert np.mean([abs(guess(seed) - 0.6) for seed in range(8)]) < 0.04


def twins(n: int) -> optuna.Study:
    """Two valleys that mirror one another, with noise: one has a lucky value, one n values."""
    at = np.linspace(0.0, 1.0, 21)
    far = np.minimum(abs(at - 0.25), abs(at - 0.75))
    values = 0.2 + 2.0 * far + 0.1 * (-1.0) ** np.round(20 * far)
    around = [
        trial(x, value) for x, value in zip(at, values, strict=True) if x not in (0.25, 0.75)
    ]
    several = [trial(0.25, 0.02 + 0.15 * z) for z in np.linspace(-1.0, 1.0, n)]
    return study_of(*around, trial(0.75, 0.0), *several)


@pytest.mark.parametrize("n_past", [0, 2])
def test_a_point_of_ten_values_is_trusted_more_than_a_lucky_one(n_past: int) -> None:
    past = [study_of(*[trial(x, bowl(x)) for x in np.linspace(c, 1, 9)]) for c in (0.0, 0.1)]
    sampler = MetaGPSampler(past[:n_past], seed=0)
    assert sampler.best_guess(twins(10)).params["x"] == 0.25
    [expected] = sampler.predict(twins(10), [{"x": 0.25}, {"x": 0.75}])
    often, once = expected.high - expected.low
    assert often < 0.6 * once


@pytest.mark.parametrize("surrogate", ["auto", "rgpe", "tst", "stacking", "none"])
def test_a_study_may_repeat_a_noisy_configuration(surrogate: str) -> None:
    past = [study_of(*[trial(x, bowl(x)) for x in np.linspace(c, 1, 9)]) for c in (0.0, 0.1)]
    noisy_past = study_of(*[trial(x, bowl(x) + e) for x in (0.1, 0.5, 0.9) for e in (-0.1, 0.1)])
    sampler = MetaGPSampler([*past, noisy_past], seed=0, surrogate=surrogate)
    study = optuna.create_study(sampler=sampler)
    generator = np.random.default_rng(0)
    for i in range(16):
        if i % 2:
            study.enqueue_trial({"x": 0.6})
        asked = study.ask(SPACE)
        study.tell(asked, bowl(asked.params["x"]) + 0.02 * generator.normal())
    assert abs(sampler.best_guess(study).params["x"] - 0.6) < 0.1


def test_without_noise_it_is_the_best_trial() -> None:
    study = study_of(*[trial(x, -bowl(x)) for x in np.linspace(0, 1, 11)], direction="maximize")
    assert MetaGPSampler(seed=0).best_guess(study).number == study.best_trial.number


def test_a_trial_that_breaks_a_constraint_is_never_the_best() -> None:
    study = study_of(*[trial(x, bowl(x)) for x in np.linspace(0, 1, 11)])
    sampler = MetaGPSampler(seed=0, constraints_func=lambda t: [t.params["x"] - 0.35])
    assert sampler.best_guess(study).params["x"] == pytest.approx(0.3)


def test_constraints_that_trials_hold_themselves_count_too() -> None:
    study = optuna.create_study()
    for x in np.linspace(0, 1, 11):
        study.enqueue_trial({"x": x})
        asked = study.ask(SPACE)
        if not hasattr(asked, "set_constraint"):
            pytest.skip("this Optuna has no Trial.set_constraint")
        asked.set_constraint("border", x - 0.35)
        study.tell(asked, bowl(x))
    assert MetaGPSampler(seed=0).best_guess(study).params["x"] == pytest.approx(0.3)


@dataclass(frozen=True)
class Slope(TransferModel):
    """A surrogate that expects large values where x is large; chooses and reports otherwise."""

    slope: float

    def learn(self, sources: object, domain: object, *, generator: object) -> Slope:
        return self

    def condition(self, target: object, pending: object) -> Slope:
        return self

    @property
    def weights(self) -> np.ndarray:
        return np.ones(1)

    @property
    def acting(self) -> Slope:
        return Slope(-self.slope)

    @property
    def reported(self) -> Slope:
        return Slope(-self.slope)

    def posterior(self, X: np.ndarray) -> Posterior:
        return Posterior(np.ones(1), self.slope * X[:, :1].T, np.ones((1, len(X))))


def test_the_best_guess_is_what_is_believed_not_what_chooses_next_or_is_reported() -> None:
    past = study_of(*[trial(x, x) for x in (0.1, 0.5, 0.9)])
    sampler = MetaGPSampler([past], surrogate=Slope(-1.0))
    assert sampler.best_guess(study_of(*[trial(x, x) for x in (0.2, 0.8)])).params["x"] == 0.2


def test_what_has_no_single_best_trial_is_an_error_that_says_so() -> None:
    for state in (TrialState.FAIL, TrialState.PRUNED):
        ended = create_trial(params={"x": 0.5}, distributions=SPACE, state=state)
        with pytest.raises(ValueError, match=r"has no completed trial$"):
            MetaGPSampler(seed=0).best_guess(study_of(ended))
    infeasible = MetaGPSampler(seed=0, constraints_func=lambda t: [1.0])
    with pytest.raises(ValueError, match=r"has no completed trial that breaks no constraint$"):
        infeasible.best_guess(study_of(trial(0.5, 1.0)))
    several = optuna.create_study(directions=["minimize", "maximize"])
    with pytest.raises(ValueError, match="2 objectives"):
        MetaGPSampler(seed=0).best_guess(several)


def test_trials_without_parameters_are_all_the_same() -> None:
    study = study_of(create_trial(value=1.0), create_trial(value=2.0))
    assert MetaGPSampler(seed=0).best_guess(study).number == 0


def test_many_trials_are_all_candidates() -> None:
    X = np.linspace(0, 1, 400)
    study = study_of(*[trial(x, bowl(x)) for x in X])
    assert abs(MetaGPSampler(seed=0).best_guess(study).params["x"] - 0.6) < 0.05


def test_a_trial_as_bad_as_can_be_is_no_guess() -> None:
    study = study_of(trial(0.2, np.inf), trial(0.3, np.inf))
    with pytest.raises(ValueError, match="no completed trial with a finite value"):
        MetaGPSampler(seed=0).best_guess(study)
    study.add_trials([trial(0.5, 1.0), trial(0.6, 0.5)])
    assert MetaGPSampler(seed=0).best_guess(study).number == 3
