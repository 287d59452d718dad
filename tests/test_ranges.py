"""One range for a parameter whose range differs from trial to trial."""

from __future__ import annotations

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from optuna_metabo.ranges import Ranges, agreed, holds, joint


def joined(*distributions: BaseDistribution) -> BaseDistribution:
    return joint({"x": one} for one in distributions)["x"]


ends = st.floats(-1e6, 1e6)
ranges = st.tuples(ends, ends).map(lambda pair: FloatDistribution(min(pair), max(pair)))
logs = st.tuples(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9)).map(
    lambda pair: FloatDistribution(min(pair), max(pair), log=True)
)
steps = st.tuples(st.integers(-50, 50), st.integers(0, 50)).map(
    lambda pair: IntDistribution(3 * pair[0], 3 * (pair[0] + pair[1]), step=3)
)
log_ints = st.tuples(st.integers(1, 99), st.integers(0, 99)).map(
    lambda pair: IntDistribution(pair[0], pair[0] + pair[1], log=True)
)


@pytest.mark.parametrize("kind", [ranges, logs, steps, log_ints])
@given(data=st.data())
def test_a_joint_range_holds_every_range_and_is_of_their_kind(
    kind: st.SearchStrategy[BaseDistribution], data: st.DataObject
) -> None:
    several = data.draw(st.lists(kind, min_size=1, max_size=4))
    found = joined(*several)
    assert all(holds(found, one) for one in several)
    assert isinstance(found, type(several[0]))
    assert getattr(found, "step", None) == getattr(several[0], "step", None)


@pytest.mark.parametrize("kind", [ranges, logs, steps, log_ints])
@given(data=st.data())
def test_the_joint_ranges_of_parts_are_those_of_the_whole(
    kind: st.SearchStrategy[BaseDistribution], data: st.DataObject
) -> None:
    spaces = [{"x": one} for one in data.draw(st.lists(kind, max_size=5))]
    for cut in range(len(spaces) + 1):
        parts = [Ranges.of(spaces[:cut]), Ranges.of(spaces[cut:])]
        assert Ranges.over(parts).space == Ranges.of(spaces).space
        assert Ranges.over(parts).rounded == Ranges.of(spaces).rounded


def test_a_range_that_does_not_grow_stays_as_it_is() -> None:
    whole = FloatDistribution(0.137, 0.951)
    assert joined(whole, FloatDistribution(0.2, 0.951), whole) is whole


def test_a_range_that_grows_by_a_little_each_time_changes_seldom() -> None:
    seen = [FloatDistribution(1.0 / (i + 1), 1.0) for i in range(200)]
    found = [joined(*seen[: i + 1]) for i in range(200)]
    lows = {one.low for one in found if isinstance(one, FloatDistribution)}
    assert len(lows) <= 10
    assert min(lows) == pytest.approx(0.0, abs=0.07)


def test_different_numbers_of_one_scale_have_a_range_and_another_kind_takes_its_place() -> None:
    floats, ints = FloatDistribution(0.5, 2.0), IntDistribution(1, 4)
    assert isinstance(joined(ints, floats), FloatDistribution)
    assert holds(joined(ints, floats), ints)
    choices = CategoricalDistribution(("a", "b"))
    assert joined(floats, choices) == choices
    assert joined(choices, CategoricalDistribution(("b", "a"))).choices == ("b", "a")  # type: ignore[attr-defined]
    logarithmic = FloatDistribution(0.5, 2.0, log=True)
    assert joined(floats, logarithmic) == logarithmic


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution should be")
def test_choices_that_a_database_made_lists_of_are_the_same() -> None:
    stored, asked = CategoricalDistribution(([1, 2], [3])), CategoricalDistribution(((1, 2), (3,)))
    assert joined(stored, asked) is stored


@pytest.mark.parametrize(
    "one",
    [
        FloatDistribution(-1.7e308, 1.7e308),
        FloatDistribution(1e-300, 1.7e308, log=True),
        IntDistribution(-(2**62), 2**62),
        IntDistribution(5, 5),
    ],
)
def test_a_joint_range_stays_within_the_floats(one: BaseDistribution) -> None:
    other = (
        IntDistribution(0, 2**62 + 2)
        if isinstance(one, IntDistribution)
        else FloatDistribution(one.low, 1.79e308, log=one.log)  # type: ignore[attr-defined]
    )
    assert holds(joined(one, other), one)
    assert holds(joined(one, other), other)


def trials(*spaces: dict[str, BaseDistribution]) -> list[optuna.trial.FrozenTrial]:
    return [
        optuna.create_trial(
            value=0.0, params={n: d.low for n, d in space.items()}, distributions=space
        )
        for space in spaces
    ]


def test_a_joint_range_of_integers_by_their_logarithm_begins_at_one_at_least() -> None:
    """Also where 1 below the lowest is no other float than this."""
    found = joined(*(IntDistribution(2**54 + i, 10 ** (299 + i), log=True) for i in (0, 1)))
    assert isinstance(found, IntDistribution)
    assert (found.low, found.high >= 10**300) == (1, True)


def test_a_study_has_settled_on_a_range_when_the_last_three_trials_agree() -> None:
    wide, narrow = FloatDistribution(0.0, 1.0), FloatDistribution(0.5, 0.6)
    changed = trials({"x": wide}, *[{"x": narrow}] * 3)
    assert agreed(changed, ["x"]) == {"x": narrow}
    assert agreed(changed[:3], ["x"]) == agreed(changed[-2:], ["x"]) == {}
    assert agreed(changed, ["y"]) == {}


@pytest.mark.parametrize(("n", "is_settled"), [(29, True), (30, False)])
def test_a_parameter_that_the_last_trials_lack_is_settled_no_more(
    n: int, is_settled: bool
) -> None:
    x, y = FloatDistribution(0.0, 1.0), IntDistribution(1, 9)
    several = trials(*[{"x": x}] * 3, *[{"y": y}] * n)
    assert agreed(several, ["x"]) == ({"x": x} if is_settled else {})


def test_of_a_parameter_that_not_every_trial_has_the_last_ones_with_it_count() -> None:
    x, y = FloatDistribution(0.0, 1.0), IntDistribution(1, 9)
    several = trials({"x": x, "y": y}, {"x": x, "y": y}, {"x": x}, {"x": x, "y": y}, {"x": x})
    assert agreed(several, ["x", "y"]) == {"x": x, "y": y}
    # Ranges that depend on another parameter are settled by none.
    depends = trials(*[{"x": FloatDistribution(0.1 * i, 1.0)} for i in range(6)])
    assert agreed(depends, ["x"]) == {}
