"""Distributions and trials to arrays and back."""

from __future__ import annotations

import math
import sys
import warnings
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.study import StudyDirection

from optuna_metabo.columns import Columns
from optuna_metabo.domain import ABSENT, ONE_HOT
from optuna_metabo.encoding import Encoding, fits, from_unit, is_kept_by_databases, places_of
from optuna_metabo.objectives import Objective
from optuna_metabo.tasks import Task

finite = st.floats(-1e6, 1e6)


@st.composite
def distributions(draw: st.DrawFn) -> BaseDistribution:
    kinds = ["float", "step", "log", "int", "int-log", "choice", "huge"]
    kind = draw(st.sampled_from(kinds))
    if kind == "choice":
        choice = st.one_of(
            st.none(), st.booleans(), st.integers(-5, 5), finite, st.text(max_size=3)
        )
        return CategoricalDistribution(
            draw(st.lists(choice, min_size=1, max_size=6, unique_by=repr))
        )
    if kind == "huge":
        return FloatDistribution(-1e308, 1e308)
    if kind == "int-log":
        low = draw(st.integers(1, 1000))
        return IntDistribution(low, low + draw(st.integers(0, 10**6)), log=True)
    if kind == "int":
        low, step = draw(st.integers(-(10**9), 10**9)), draw(st.integers(1, 1000))
        return IntDistribution(low, low + step * draw(st.integers(0, 10**6)), step=step)
    if kind == "log":
        low = draw(st.floats(1e-12, 1e6))
        return FloatDistribution(low, low * draw(st.floats(1.0, 1e9)), log=True)
    low = draw(finite)
    if kind == "step":
        step = draw(st.sampled_from([0.1, 0.25, 0.3, 1.5]))
        low = float(draw(st.integers(-1000, 1000)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a high that is no multiple is rounded down
            return FloatDistribution(low, low + step * draw(st.integers(1, 1000)), step=step)
    return FloatDistribution(low, low + draw(st.floats(0.0, 1e6)))


def is_legal(value: Any, distribution: BaseDistribution) -> bool:
    return distribution._contains(distribution.to_internal_repr(value))


@given(distributions(), st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6))
def test_every_point_decodes_to_a_legal_value_and_encodes_back(
    distribution: BaseDistribution, u: list[float]
) -> None:
    encoding = Encoding.of({"x": distribution})
    domain = encoding.domain
    x = domain.snap(np.array(u[: len(domain.groups)] + u)[None, : len(domain.groups)])[0]
    value = encoding.decode(x)["x"]
    assert type(value) in (int, float, str, bool, type(None))
    assert is_legal(value, distribution)
    assert fits(value, distribution)
    again = encoding.decode(encoding.encode({"x": value}))["x"]
    assert again == value or math.isclose(again, value, rel_tol=1e-6, abs_tol=1e-9)


@pytest.mark.parametrize("low", np.geomspace(1e-300, 1e300, 61).tolist())
def test_the_upper_end_of_a_range_that_reaches_to_the_largest_float_is_one(low: float) -> None:
    most = sys.float_info.max
    found = from_unit(1.0, FloatDistribution(low, most, log=True))
    assert found == pytest.approx(most, rel=1e-12)


def test_the_middle_of_a_range_longer_than_the_floats_is_in_its_middle() -> None:
    assert from_unit(0.5, FloatDistribution(-1.7e308, 1.7e308)) == 0.0


@pytest.mark.parametrize(
    ("distribution", "value"),
    [
        (FloatDistribution(0, 1), 1),
        (FloatDistribution(0, 1), 1.5),
        (FloatDistribution(0, 1, step=0.25), 0.3),
        (IntDistribution(0, 4, step=2), 3),
        (IntDistribution(0, 4), 2.0),
        (IntDistribution(0, 1), True),
        (CategoricalDistribution((1, 2)), True),
        (CategoricalDistribution(("a", "b")), "c"),
    ],
)
def test_a_value_of_another_kind_or_off_the_grid_does_not_fit(
    distribution: BaseDistribution, value: Any
) -> None:
    assert not fits(value, distribution)


TARGET = {
    "lr": FloatDistribution(1e-3, 1e-1, log=True),
    "units": CategoricalDistribution((16, 32, 64)),
    "layers": IntDistribution(1, 4),
    "flag": CategoricalDistribution((True, False)),
}


def encoded(**params: Any) -> dict[str, Any]:
    encoding = Encoding.of(TARGET)
    x = encoding.encode(params)
    return dict(zip(encoding.names, (x[part] for part in encoding.domain.slices), strict=True))


def test_foreign_values_are_read_by_the_targets_distributions() -> None:
    assert encoded(lr=1e-5)["lr"] == pytest.approx(-1.0)  # outside, no further than a range away
    assert encoded(lr=1.0)["lr"] == pytest.approx(1.5)
    assert encoded(lr=0.0)["lr"] == ABSENT  # has no logarithm
    assert encoded(lr="fast")["lr"] == ABSENT
    assert encoded(layers=2.5)["layers"] == pytest.approx(0.5)
    np.testing.assert_allclose(encoded(units=32.0)["units"], [0, ONE_HOT, 0])
    np.testing.assert_allclose(encoded(units=128)["units"], 0.0)  # no such choice
    np.testing.assert_allclose(encoded(flag=1)["flag"], 0.0)  # a number is no bool
    np.testing.assert_allclose(encoded()["units"], 0.0)


def test_a_choice_is_matched_by_its_type_first() -> None:
    encoding = Encoding.of({"c": CategoricalDistribution((1, True, 1.0))})
    for i, choice in enumerate((1, True, 1.0)):
        x = encoding.encode({"c": choice})
        assert x.argmax() == i
        assert type(encoding.decode(x)["c"]) is type(choice)


@pytest.mark.parametrize(
    ("values", "target", "expected"),
    [
        ([1.3], IntDistribution(5, 9, log=True), True),
        ([-1.5, -1.0], FloatDistribution(1, 2, log=True), False),
        ([7, 32], CategoricalDistribution((32, 64)), True),
        ([7, 33], CategoricalDistribution((32, 64)), False),
        ([1, 2], FloatDistribution(0, 1), True),
        ([True, False], FloatDistribution(0, 1), False),
        (["a", "b"], FloatDistribution(0, 1), False),
        (["a", 0.5], FloatDistribution(0, 1), True),  # its distribution changed
        (["a", "b"], CategoricalDistribution(("b", "c")), True),
        (["a", "b"], CategoricalDistribution(("c",)), False),
        ([], FloatDistribution(0, 1), False),
    ],
)
def test_what_the_values_of_a_source_say(
    values: list[Any], target: BaseDistribution, expected: bool
) -> None:
    assert np.isfinite(places_of(values, target)).any() == expected


@pytest.mark.parametrize(
    "target",
    [FloatDistribution(-0.3, 0.7), FloatDistribution(1e-4, 3, log=True), IntDistribution(3, 71)],
)
def test_a_number_has_its_place_to_the_last_digit_however_many_are_read(
    target: FloatDistribution | IntDistribution,
) -> None:
    def scale(number: float) -> float:
        return math.log(number) if target.log else number

    low, high = scale(target.low), scale(target.high)
    values = np.random.default_rng(0).uniform(target.low, target.high, 50).tolist()
    expected = [(scale(value) - low) / (high - low) for value in values]
    np.testing.assert_array_equal(places_of(values, target), expected)
    np.testing.assert_array_equal([places_of([x], target)[0] for x in values], expected)


TUPLES = (None, (64, 32), (64, (32, 16)), {"a": (1, 2), "b": None}, "relu")


def stored(distribution: BaseDistribution) -> BaseDistribution:
    """What a database makes of it."""
    return json_to_distribution(distribution_to_json(distribution))


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution should be")
@pytest.mark.parametrize("is_target_stored", [False, True])
def test_choices_that_are_tuples_are_the_lists_that_a_database_gives_back(
    is_target_stored: bool,
) -> None:
    distribution = CategoricalDistribution(TUPLES)
    ours = stored(distribution) if is_target_stored else distribution
    theirs = distribution if is_target_stored else stored(distribution)
    assert isinstance(ours, CategoricalDistribution)
    assert isinstance(theirs, CategoricalDistribution)
    encoding = Encoding.of({"c": ours})
    for i, choice in enumerate(theirs.choices):
        assert encoding.encode({"c": choice}).argmax() == i
        assert encoding.encode({"c": choice}).any()
        assert not np.isnan(places_of([choice], ours)).any()
    assert not encoding.encode({"c": [64]}).any()
    assert not encoding.encode({"c": [64, 33]}).any()
    assert not encoding.encode({"c": {"a": [1, 2]}}).any()


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution should be")
def test_only_what_optuna_takes_for_the_choice_fits() -> None:
    distribution = CategoricalDistribution(TUPLES)
    for value in TUPLES:
        assert fits(value, distribution)
        assert is_legal(value, distribution)
    for value in ([64, 32], (64, [32, 16]), {"a": [1, 2], "b": None}, (64.0, 32), (True,)):
        assert not fits(value, distribution)
    assert not fits((True, 2), CategoricalDistribution(((1, 2),)))


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution should be")
def test_which_distributions_a_database_keeps() -> None:
    plain = CategoricalDistribution((None, True, 1, 2.5, math.nan, "a"))
    assert is_kept_by_databases(plain)
    assert is_kept_by_databases(FloatDistribution(0, 1))
    for choice in ((1, 2), [1, 2], {"a": 1}):
        assert not is_kept_by_databases(CategoricalDistribution(("a", choice)))


def make_trials(values: list[float], xs: list[float]) -> list[optuna.trial.FrozenTrial]:
    space = {"x": FloatDistribution(0, 1)}
    return [
        optuna.create_trial(params={"x": x}, distributions=space, value=value)
        for x, value in zip(xs, values, strict=True)
    ]


def task(values: list[float], xs: list[float], direction: str = "MAXIMIZE") -> Task:
    encoding = Encoding.of({"x": FloatDistribution(0, 1)})
    trials = make_trials(values, xs)
    y = Objective(0, StudyDirection[direction]).values(trials)
    return Task.observed(encoding.encode_many([trial.params for trial in trials]), y)


def test_minimising_flips_the_sign() -> None:
    np.testing.assert_array_equal(task([1.0, 2.0], [0.1, 0.2], "MINIMIZE").y, [-1.0, -2.0])


def test_infinite_values_are_drawn_to_the_finite_ones() -> None:
    np.testing.assert_array_equal(
        task([math.inf, 1.0, 3.0, -math.inf], [0.1, 0.2, 0.3, 0.4]).y, [3.0, 1.0, 3.0, 1.0]
    )
    np.testing.assert_array_equal(task([math.inf, -math.inf], [0.1, 0.2]).y, [1.0, -1.0])


def test_duplicates_are_averaged() -> None:
    got = task([1.0, 2.0, 5.0], [0.5, 0.5, 0.7])
    np.testing.assert_array_equal(got.X[:, 0], [0.5, 0.7])
    np.testing.assert_array_equal(got.y, [1.5, 5.0])


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_magnitudes_keep_their_order(scale: float) -> None:
    y = task([1.0 * scale, 2.0 * scale, -1.0 * scale], [0.1, 0.2, 0.3]).y
    assert np.isfinite(y**2).all()
    np.testing.assert_array_equal(np.argsort(y), [2, 0, 1])


def tree_trials() -> tuple[dict[str, BaseDistribution], list[optuna.trial.FrozenTrial]]:
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(sampler=sampler)

    def objective(trial: optuna.Trial) -> float:
        kernel = trial.suggest_categorical("kernel", ["rbf", "poly", "linear"])
        if kernel == "rbf":
            trial.suggest_float("gamma", 0, 1)
            trial.suggest_float("coef", 0, 1)
        elif kernel == "poly":
            degree = trial.suggest_int("degree", 2, 5)
            if degree >= 4:
                trial.suggest_float("ridge", 0, 1)
        return 0.0

    study.optimize(objective, n_trials=40)
    space: dict[str, BaseDistribution] = {}
    for trial in study.trials:
        space.update(trial.distributions)
    return space, study.trials


def test_the_conditions_of_a_tree_are_learned() -> None:
    space, trials = tree_trials()
    encoding = Encoding.of(space, [Columns.of(trials)])
    assert len(encoding.conditions) == 4
    for x in encoding.domain.sample(200, generator=np.random.default_rng(1)):
        params = encoding.decode(x)
        assert ("gamma" in params) == ("coef" in params) == (params["kernel"] == "rbf")
        assert ("degree" in params) == (params["kernel"] == "poly")
        assert ("ridge" in params) == (params.get("degree", 0) >= 4)


def test_a_parameter_that_is_asked_for_exists() -> None:
    space, trials = tree_trials()
    encoding = Encoding.of(space, [Columns.of(trials)], exists={"gamma"})
    assert "gamma" in encoding.decode(encoding.encode({"kernel": "linear"}))


def test_a_value_that_cannot_be_read_explains_nothing() -> None:
    space = {"size": FloatDistribution(0, 1), "child": FloatDistribution(0, 1)}
    sizes = {0.1: False, 0.2: False, 0.45: True, 0.9: True}
    readable = [
        optuna.create_trial(
            params={name: size for name in space if name == "size" or has_child},
            distributions={name: space[name] for name in space if name == "size" or has_child},
            value=1.0,
        )
        for size, has_child in sizes.items()
    ]
    words = optuna.create_trial(
        params={"size": "small"},
        distributions={"size": CategoricalDistribution(("small", "large"))},
        value=1.0,
    )
    expected = Encoding.of(space, [Columns.of(readable)]).conditions
    assert len(expected) == 1
    assert Encoding.of(space, [Columns.of([*readable, words])]).conditions == expected
