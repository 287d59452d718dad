"""Parameters of past studies that a study may still have."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import RandomSampler
from optuna.trial import TrialState, create_trial

from optuna_metabo import MetaGPSampler
from optuna_metabo.asking import known_space
from optuna_metabo.history import History
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import Sources

UNIT = FloatDistribution(0.0, 1.0)
MODELS = CategoricalDistribution(("svm", "forest", "knn"))
ALL = {"C", "depth", "gamma", "kernel", "model", "n"}


def tree(trial: optuna.Trial) -> float:
    model = trial.suggest_categorical("model", MODELS.choices)
    if model == "knn":
        return 1.0 + trial.suggest_float("n", 0, 1)
    if model == "forest":
        return 0.5 + (trial.suggest_float("depth", 0, 1) - 0.8) ** 2
    value = (trial.suggest_float("C", 0, 1) - 0.3) ** 2
    if trial.suggest_categorical("kernel", ["linear", "rbf"]) == "rbf":
        value += (trial.suggest_float("gamma", 0, 1) - 0.2) ** 2
    return value


@pytest.fixture(scope="module")
def past() -> optuna.Study:
    study = optuna.create_study(study_name="past", sampler=RandomSampler(seed=0))
    study.optimize(tree, n_trials=60)
    return study


def study_of(*trials: dict[str, Any], state: TrialState = TrialState.COMPLETE) -> optuna.Study:
    """With trials of these parameters; those of choices other than MODELS are given with them."""
    study = optuna.create_study(study_name="new")
    for params in trials:
        space: dict[str, BaseDistribution] = dict.fromkeys(params, UNIT)
        space |= {"model": MODELS} if "model" in params else {}
        space |= (
            {"kernel": CategoricalDistribution(("linear", "rbf"))} if "kernel" in params else {}
        )
        value = 1.0 if state == TrialState.COMPLETE else None
        study.add_trial(create_trial(state=state, params=params, distributions=space, value=value))
    return study


def known(study: optuna.Study, past: optuna.Study, here: dict[str, BaseDistribution]) -> set[str]:
    now = Snapshot.of(study)
    return {*known_space(now, Sources.of([past], None).read(now), History(), here)}


def test_branches_that_no_trial_has_taken_are_known_from_past_studies(past: optuna.Study) -> None:
    assert known(study_of(), past, {}) == ALL
    assert known(study_of({"model": "knn", "n": 0.5}), past, {}) == ALL
    both = study_of({"model": "knn", "n": 0.5}, {"model": "svm", "C": 0.5, "kernel": "linear"})
    assert known(both, past, {}) == ALL


def test_what_a_trial_would_have_had_and_lacked_is_none_of_the_study(past: optuna.Study) -> None:
    assert known(study_of({"x": 0.5}), past, {}) == {"x"}
    assert known(study_of({"model": "knn"}), past, {}) == ALL - {"n"}
    # With a parameter that is none of the study's go those that hang on it.
    assert known(study_of({"model": "svm", "C": 0.5}), past, {}) == ALL - {"kernel", "gamma"}
    # Unless the next trial has it for certain.
    assert known(study_of({"model": "knn"}), past, {"n": UNIT, "y": UNIT}) == ALL


def test_a_trial_that_failed_may_not_have_got_to_all_that_it_has(past: optuna.Study) -> None:
    failed = study_of({"model": "knn"}, state=TrialState.FAIL)
    assert known(failed, past, {}) == ALL


@pytest.mark.parametrize(
    ("model", "left"),
    [
        (CategoricalDistribution(("knn", "boosting")), {"model", "n"}),
        (CategoricalDistribution(("boosting",)), {"model"}),
        (FloatDistribution(0.0, 1.0), {"model"}),
    ],
)
def test_a_branch_that_hangs_on_values_the_study_lacks_is_no_branch_of_it(
    past: optuna.Study, model: BaseDistribution, left: set[str]
) -> None:
    assert known(study_of(), past, {"model": model}) == left


@pytest.mark.parametrize(("high", "has_second"), [(2.0, True), (1.4, False)])
def test_a_number_tells_branches_by_its_range(high: float, has_second: bool) -> None:
    def layers(trial: optuna.Trial) -> float:
        n = trial.suggest_float("n", 0.6, 2.4)
        return n + sum(trial.suggest_float(f"units{i}", 0, 1) for i in range(round(n)))

    past = optuna.create_study(sampler=RandomSampler(seed=0))
    past.optimize(layers, n_trials=30)
    space: dict[str, BaseDistribution] = {"n": FloatDistribution(0.6, high), "units0": UNIT}
    study = optuna.create_study()
    study.add_trial(create_trial(params={"n": 1.0, "units0": 0.5}, distributions=space, value=1.0))
    assert ("units1" in known(study, past, {})) == has_second


def test_the_first_trial_of_a_branch_begins_where_past_ones_were_good(past: optuna.Study) -> None:
    sampler = MetaGPSampler([past], seed=0)
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial({"model": "knn", "n": 0.9})
    study.enqueue_trial({"model": "forest"})
    study.optimize(tree, n_trials=1)
    svm = {"model": "svm", "C": 0.3, "kernel": "rbf", "gamma": 0.2}
    good, bad = sampler.score(study, [svm, {"model": "knn", "n": 0.9}])
    assert good > bad
    study.optimize(tree, n_trials=2)
    assert study.trials[1].params["depth"] == pytest.approx(0.8, abs=0.1)
    assert study.trials[2].params["model"] == "svm"
