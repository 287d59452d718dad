"""Constraints, several objectives, pruned and failed trials: what the sampler makes of them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.trial import TrialState

from optuna_metabo import MetaGPSampler

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


def set_constraint(trial: optuna.Trial, key: str, value: float) -> None:
    if not hasattr(trial, "set_constraint"):
        pytest.skip("this Optuna has no Trial.set_constraint")
    trial.set_constraint(key, value)


def limited(optimum: float, border: float) -> Callable[[optuna.Trial], float]:
    """The nearer to the optimum the better, feasible up to the border."""

    def objective(trial: optuna.Trial) -> float:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        set_constraint(trial, "border", x - border)
        return (x - optimum) ** 2 + (y - 0.5) ** 2

    return objective


def study_of(
    objective: Callable[[optuna.Trial], float | tuple[float, ...]],
    sampler: optuna.samplers.BaseSampler,
    n_trials: int,
    directions: tuple[str, ...] = ("minimize",),
    name: str = "target",
) -> optuna.Study:
    study = optuna.create_study(study_name=name, directions=list(directions), sampler=sampler)
    study.optimize(objective, n_trials=n_trials)
    return study


def test_feasibility_is_learned_from_past_studies() -> None:
    past = [
        study_of(limited(0.8, 0.4), RandomSampler(seed=i), 20, name=f"past-{i}") for i in range(2)
    ]
    study = study_of(limited(0.8, 0.4), MetaGPSampler(past, seed=0), 8)
    first = study.trials[0].params["x"]
    assert first == pytest.approx(0.4, abs=0.2)  # without the constraint it were 0.8
    feasible = [t for t in study.trials if t.params["x"] <= 0.4]
    assert len(feasible) >= 4
    assert max(t.params["x"] for t in feasible) > 0.35


def test_a_feasible_trial_is_found_from_infeasible_ones() -> None:
    study = study_of(limited(0.9, 0.02), MetaGPSampler(seed=1, n_startup_trials=3), 12)
    assert min(t.params["x"] for t in study.trials) <= 0.02


def test_constraints_of_a_function_count() -> None:
    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.set_user_attr("x", x)
        return -x

    sampler = MetaGPSampler(
        seed=0, n_startup_trials=3, constraints_func=lambda t: (t.user_attrs["x"] - 0.5,)
    )
    study = study_of(objective, sampler, 15)
    late = [t.params["x"] for t in study.trials[5:]]
    assert max(x for x in late if x <= 0.5) > 0.45
    assert np.mean([x <= 0.55 for x in late]) > 0.6


def test_keys_that_some_trials_lack_stop_nothing() -> None:
    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        if trial.number % 2:
            set_constraint(
                trial, f"c{trial.number % 3}", [x - 0.5, math.inf, 1e300][trial.number % 3]
            )
        return x

    study = study_of(objective, MetaGPSampler(seed=0, n_startup_trials=2), 12)
    assert len(study.trials) == 12


def two_goals(shift: float) -> Callable[[optuna.Trial], tuple[float, float]]:
    """Distances to two points, one to be minimised, one with its sign turned to be maximised."""

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        a = (x - 0.2 - shift) ** 2 + (y - 0.5) ** 2
        b = (x - 0.7 - shift) ** 2 + (y - 0.5) ** 2
        return a, -b

    return objective


BOTH = ("minimize", "maximize")


def test_a_front_is_covered_from_the_first_trials_on() -> None:
    past = [
        study_of(two_goals(0.1 * i), RandomSampler(seed=i), 25, BOTH, f"past-{i}") for i in (0, 1)
    ]
    study = study_of(two_goals(0.05), MetaGPSampler(past, seed=0), 10, BOTH)
    X = np.array([[t.params["x"], t.params["y"]] for t in study.trials])
    on_front = (np.abs(X[:, 1] - 0.5) < 0.15) & (X[:, 0] > 0.15) & (X[:, 0] < 0.85)
    assert on_front.mean() >= 0.8
    assert np.ptp(X[on_front, 0]) > 0.3


def test_objectives_of_another_study_count_by_their_name() -> None:
    """A past study that has one objective of two, in another place and direction."""
    past = optuna.create_study(
        study_name="past", direction="maximize", sampler=RandomSampler(seed=0)
    )
    past.set_metric_names(["error"])
    past.optimize(lambda t: -two_goals(0.0)(t)[0], n_trials=20)
    other = optuna.create_study(study_name="other")
    other.set_metric_names(["time"])
    other.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)
    sampler = MetaGPSampler([past, other], seed=0)
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
    study.set_metric_names(["error", "gain"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        study.optimize(two_goals(0.0), n_trials=3)
    assert ["'other'" in str(w.message) for w in caught if "left out" in str(w.message)] == [True]
    explanation = sampler.explain(study)
    reasons = {source.name: source.reason for source in explanation.sources}
    assert reasons["past"] is None
    assert reasons["other"] == "none of its 1 objectives is objective 'error' of 2"
    weights = [source.weight for source in explanation.sources]
    assert sum(weights) + explanation.weight_without_sources == pytest.approx(1.0)


def test_three_objectives_with_a_constraint_work() -> None:
    def objective(trial: optuna.Trial) -> tuple[float, float, float]:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_int("y", 0, 3)
        trial.set_user_attr("x", x)
        return x, -y, x * y

    sampler = MetaGPSampler(
        seed=0, n_startup_trials=3, constraints_func=lambda t: [t.user_attrs["x"] - 0.9]
    )
    study = study_of(objective, sampler, 12, ("minimize",) * 3)
    assert len(study.trials) == 12


def test_infinite_values_of_one_objective_stop_nothing() -> None:
    study = study_of(
        lambda t: (t.suggest_float("x", 0, 1), math.inf), MetaGPSampler(seed=0), 8, BOTH
    )
    assert len(study.trials) == 8


def test_pruned_trials_tell_where_not_to_look() -> None:
    """Half of the space is pruned at the first step; what is left is searched better for it."""

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.report(x, 1)
        if trial.number > 3 and x < 0.5:
            raise optuna.TrialPruned
        return x

    study = optuna.create_study(direction="maximize", sampler=MetaGPSampler(seed=0))
    for x in (0.55, 0.6, 0.45, 0.52):
        study.enqueue_trial({"x": x})
    for x in (0.1, 0.2, 0.3):
        study.enqueue_trial({"x": x})
    study.optimize(objective, n_trials=10)
    assert [t.state for t in study.trials[4:7]] == [TrialState.PRUNED] * 3
    assert min(t.params["x"] for t in study.trials[7:]) > 0.6


def test_where_trials_fail_often_is_avoided() -> None:
    """The slope says that the optimum is at 0.9, where every trial fails; 0.3 is the next best."""

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        if x > 0.6:
            raise RuntimeError("out of memory")
        return -x if x > 0.5 else (x - 0.3) ** 2 - 0.7

    study = optuna.create_study(sampler=MetaGPSampler(seed=0, n_startup_trials=4))
    study.optimize(objective, n_trials=25, catch=(RuntimeError,))
    late = [t.state == TrialState.FAIL for t in study.trials[12:]]
    assert np.mean(late) < 0.4
    assert study.best_value < -0.69


def test_a_wrong_constraints_func_raises_at_once() -> None:
    with pytest.raises(TypeError, match="constraints_func must be callable"):
        MetaGPSampler(constraints_func=3)  # type: ignore[arg-type]


def test_constraints_of_a_deleted_study_do_not_count_for_one_of_its_name() -> None:
    signs = iter([1.0] * 3 + [-1.0] * 20)
    sampler = MetaGPSampler(seed=0, n_startup_trials=1, constraints_func=lambda t: [next(signs)])
    for expected in (1.0, -1.0):
        study = study_of(lambda t: t.suggest_float("x", 0, 1), sampler, 3)
        assert [sampler._constraints_of(study.study_name, t) for t in study.trials] == [
            {"0": expected}
        ] * 3


def test_two_past_studies_of_one_name_are_explained_apart() -> None:
    past = [
        study_of(lambda t: t.suggest_float("x", 0, 1), RandomSampler(seed=i), 5 + i, name="past")
        for i in range(2)
    ]
    sampler = MetaGPSampler(past, seed=0)
    study = study_of(lambda t: t.suggest_float("x", 0, 1), sampler, 3)
    explanation = sampler.explain(study)
    assert sorted(source.n_trials for source in explanation.sources) == [5, 6]
