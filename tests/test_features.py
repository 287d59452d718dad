"""Numbers that are known of each study, and what they change before its first value."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from optuna_metabo import MetaGPSampler, TransferPrior

K = 12
# The optimum moves with the size of the data set.
ROWS = {f"past-{i}": 100 * 2**i for i in range(K)}
Features = Any


def optimum(n_rows: float) -> float:
    return 0.1 + 0.07 * float(np.log2(n_rows / 100))


def tuned(n_rows: float) -> Callable[[optuna.Trial], float]:
    return lambda trial: float(abs(trial.suggest_float("x", 0, 1) - optimum(n_rows)))


def past(
    attributes: Callable[[int], Mapping[str, Any]], storage: Any = None
) -> list[optuna.Study]:
    studies = []
    for i, (name, n_rows) in enumerate(ROWS.items()):
        sampler = optuna.samplers.RandomSampler(seed=i)
        study = optuna.create_study(study_name=name, sampler=sampler, storage=storage)
        for key, value in attributes(i).items():
            study.set_user_attr(key, value)
        study.optimize(tuned(n_rows), n_trials=15)
        studies.append(study)
    return studies


@pytest.fixture(scope="module")
def studies() -> list[optuna.Study]:
    orders = [np.random.default_rng(seed).permutation(K).tolist() for seed in range(2)]
    return past(
        lambda i: {
            "n_rows": 100 * 2**i,
            "permuted": orders[0][i],
            "shuffled": orders[1][i],
            "constant": 3,
            "text": "many",
            "nan": float("nan"),
        }
    )


def first(
    sampler: MetaGPSampler, attributes: Mapping[str, Any], n_trials: int = 1
) -> list[dict[str, Any]]:
    study = optuna.create_study(study_name="new", sampler=sampler)
    for key, value in attributes.items():
        study.set_user_attr(key, value)
    study.optimize(tuned(100), n_trials=n_trials)
    return [trial.params for trial in study.trials]


def as_mapping(own: float) -> dict[str, dict[str, float]]:
    return {name: {"rows": n} for name, n in {**ROWS, "new": own}.items()}


@pytest.mark.parametrize("own", [100, 1600, 100_000])
def test_the_first_trial_is_where_studies_with_alike_features_were_good(
    studies: list[optuna.Study], own: int
) -> None:
    for features in (["n_rows"], ["n_rows", "permuted", "constant"]):
        sampler = MetaGPSampler(studies, features=features, seed=0)
        (found,) = first(sampler, {"n_rows": own, "permuted": 4, "constant": 3})
        assert abs(found["x"] - optimum(own)) < 0.12


def test_attributes_a_mapping_and_a_file_tell_the_same(
    studies: list[optuna.Study], tmp_path: Path
) -> None:
    TransferPrior.fit(studies).save(tmp_path / "team.prior")
    found = [
        first(MetaGPSampler(studies, features=["n_rows"], seed=0), {"n_rows": 200}, 3),
        first(MetaGPSampler(studies, features=as_mapping(200), seed=0), {}, 3),
        first(
            MetaGPSampler(prior=tmp_path / "team.prior", features=["n_rows"], seed=0),
            {"n_rows": 200},
            3,
        ),
    ]
    assert found[0] == found[1] == found[2]
    assert found[0] != first(MetaGPSampler(studies, seed=0), {}, 3)


@pytest.mark.parametrize("name", ["permuted", "shuffled", "constant"])
def test_features_that_say_nothing_leave_proposals_as_they_are(
    studies: list[optuna.Study], name: str
) -> None:
    plain = first(MetaGPSampler(studies, seed=0), {}, 4)
    assert first(MetaGPSampler(studies, features=[name], seed=0), {name: 3}, 4) == plain


@pytest.mark.parametrize("name", ["text", "nan", "missing"])
def test_what_is_no_number_is_one_warning_and_changes_nothing(
    studies: list[optuna.Study], name: str
) -> None:
    plain = first(MetaGPSampler(studies, seed=0), {}, 3)
    sampler = MetaGPSampler(studies, features=[name, "constant"], seed=0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert first(sampler, {"text": "few", "nan": float("nan"), "constant": 3}, 3) == plain
    assert [str(one.message) for one in told if name in str(one.message)] == [
        f"features left out: {name!r} is no finite number in any past study, nor in 'new'."
    ]


def test_a_misspelled_feature_is_told_of_where_the_study_has_it_and_where_it_has_not(
    studies: list[optuna.Study],
) -> None:
    sampler = MetaGPSampler(studies, features=["n_row"], seed=0)
    with pytest.warns(UserWarning, match="n_row") as told:
        first(sampler, {"n_rows": 100}, 2)
    assert [str(one.message) for one in told if "n_row" in str(one.message)] == [
        "features left out: 'n_row' is no finite number in any past study, nor in 'new'."
    ]
    sampler = MetaGPSampler(studies, features=["n_row"], seed=0)
    with pytest.warns(UserWarning, match="'n_row' is no finite number in any past study.$"):
        first(sampler, {"n_row": 100})


def test_another_study_without_a_feature_is_told_of_without_the_past_ones(
    studies: list[optuna.Study],
) -> None:
    sampler = MetaGPSampler(studies, features=["n_row"], seed=0)
    with pytest.warns(UserWarning, match="'n_row' is no finite number in any past study, nor"):
        first(sampler, {})
    study = optuna.create_study(study_name="next", sampler=sampler)
    with pytest.warns(UserWarning, match="out: 'n_row' is no finite number in 'next'.$"):
        study.optimize(tuned(100), n_trials=1)


def test_a_study_that_lacks_a_feature_does_not_keep_others_from_counting(
    studies: list[optuna.Study],
) -> None:
    given = as_mapping(100)
    del given["past-7"]
    sampler = MetaGPSampler(studies, features=given, seed=0)
    expected = "'rows' is no finite number in 'past-7'; the mapping has no entry for 'past-7'.$"
    with pytest.warns(UserWarning, match=expected):
        (found,) = first(sampler, {})
    assert abs(found["x"] - optimum(100)) < 0.12


def test_attributes_may_be_set_until_the_study_asks(studies: list[optuna.Study]) -> None:
    sampler = MetaGPSampler(studies, features=["n_rows"], seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.set_user_attr("n_rows", 200)
    study.optimize(tuned(200), n_trials=1)
    early = first(MetaGPSampler(studies, features=["n_rows"], seed=0), {"n_rows": 200})
    assert study.trials[0].params == early[0]
    study.set_user_attr("n_rows", 100_000)
    heaviest = {one.name: one.likeness or 0.0 for one in sampler.explain(study).sources}
    assert max(heaviest, key=lambda name: heaviest[name]) in ("past-10", "past-11")


def test_the_explanation_tells_what_features_said(studies: list[optuna.Study]) -> None:
    sampler = MetaGPSampler(studies, features=["n_rows", "permuted"], seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.set_user_attr("n_rows", 100)
    study.set_user_attr("permuted", 5)
    explanation = sampler.explain(study)
    (told,) = explanation.features
    assert told.is_used
    assert told.importance["n_rows"] > 0.8
    assert told.gain > 2 * told.error > 0
    assert str(told).startswith("features n_rows (")
    assert str(told) in str(explanation)
    assert "likeness" in str(explanation)
    weights = [one.likeness for one in explanation.sources]
    assert np.mean([one for one in weights if one is not None]) == pytest.approx(1.0)
    assert explanation.sources[0].name in ("past-0", "past-1")


def test_the_explanation_tells_what_is_ignored(studies: list[optuna.Study]) -> None:
    sampler = MetaGPSampler(studies, features=["permuted"], seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.set_user_attr("permuted", 5)
    explanation = sampler.explain(study)
    assert not explanation.features[0].is_used
    assert "features permuted are ignored" in str(explanation)
    assert MetaGPSampler(studies, seed=0).explain(study).features == ()


def test_a_study_without_any_feature_is_told_of_once_and_served_as_without(
    studies: list[optuna.Study],
) -> None:
    sampler = MetaGPSampler(studies, features=["n_rows"], seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    with pytest.warns(UserWarning, match="'n_rows' is no finite number in 'new'") as told:
        study.optimize(tuned(100), n_trials=2)
    assert len(told) == 1
    explanation = sampler.explain(study)
    assert explanation.features == ()
    assert {one.likeness for one in explanation.sources} == {None}
    plain = first(MetaGPSampler(studies, seed=0), {}, 2)
    assert [trial.params for trial in study.trials] == plain


def test_few_sources_and_none_are_served_as_without_features(studies: list[optuna.Study]) -> None:
    for few in (studies[:4], []):
        plain = first(MetaGPSampler(few, seed=0), {})
        assert first(MetaGPSampler(few, features=["n_rows"], seed=0), {"n_rows": 100}) == plain


def test_only_the_default_listens(studies: list[optuna.Study]) -> None:
    plain = first(MetaGPSampler(studies, surrogate="tst", seed=0), {})
    sampler = MetaGPSampler(studies, surrogate="tst", features=["n_rows"], seed=0)
    assert first(sampler, {"n_rows": 100}) == plain


def test_the_weights_of_features_give_way_to_values(studies: list[optuna.Study]) -> None:
    sampler = MetaGPSampler(studies, features=["n_rows"], seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.set_user_attr("n_rows", 100)  # it is like the first ones, and behaves like the last ones
    study.optimize(tuned(100_000), n_trials=12)
    assert study.best_value < 0.05


def test_a_bracket_of_hyperband_knows_the_features_of_a_mapping(
    studies: list[optuna.Study],
) -> None:
    expected = first(MetaGPSampler(studies, features=["n_rows"], seed=0), {"n_rows": 200})
    sampler = MetaGPSampler(studies, features=as_mapping(200), seed=0)
    pruner = optuna.pruners.HyperbandPruner()
    study = optuna.create_study(study_name="new", sampler=sampler, pruner=pruner)
    study.optimize(tuned(200), n_trials=1)
    assert study.trials[0].params == expected[0]


def test_a_sampler_with_features_is_pickled_and_shown(studies: list[optuna.Study]) -> None:
    sampler = MetaGPSampler(studies[:1], features=["n_rows"], seed=0)
    assert "features=['n_rows']" in repr(sampler)
    again = pickle.loads(pickle.dumps(sampler))
    assert first(again, {"n_rows": 1}) == first(sampler, {"n_rows": 1})


@pytest.mark.parametrize(
    ("features", "error"),
    [
        ("n_rows", TypeError),
        (3, TypeError),
        ([1], TypeError),
        ({"past-0": 3}, TypeError),
        ({"past-0": {3: 1.0}}, TypeError),
        ({1: {"rows": 1.0}}, TypeError),
        ([], ValueError),
        ({}, ValueError),
        (["n_rows", "n_rows"], ValueError),
    ],
)
def test_what_is_no_request_is_refused(features: Features, error: type[Exception]) -> None:
    with pytest.raises(error, match="features expects names of user attributes"):
        MetaGPSampler(features=features)
