"""What the trials of a study say of objectives, and what pruned ones are worth."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.objectives import Objective, divided, matching, objectives_of
from optuna_metabo.pruned import read_off

MAXIMISE = Objective(0, StudyDirection.MAXIMIZE)
MINIMISE = Objective(0, StudyDirection.MINIMIZE)


def make_trial(
    value: float | None,
    reports: dict[int, float],
    state: TrialState = TrialState.COMPLETE,
    x: float = 0.5,
) -> FrozenTrial:
    return optuna.create_trial(
        params={"x": x},
        distributions={"x": FloatDistribution(0, 1)},
        value=value,
        intermediate_values=reports,
        state=state,
    )


def pruned(reports: dict[int, float], x: float = 0.5) -> FrozenTrial:
    return make_trial(None, reports, TrialState.PRUNED, x)


COMPLETED = [
    make_trial(0.9, {1: 0.5, 2: 0.8}),
    make_trial(0.6, {1: 0.3}),
    make_trial(0.7, {1: 0.4}),
]


def mirrored(trial: FrozenTrial, sign: float) -> FrozenTrial:
    value = None if trial.value is None else sign * trial.value
    reports = {step: sign * report for step, report in trial.intermediate_values.items()}
    return make_trial(value, reports, trial.state, trial.params["x"])


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ({1: 0.4}, 0.7),
        ({1: 0.45}, 0.8),
        ({1: 0.6}, 0.9),  # never taken for better than what was reached
        ({1: math.inf}, 0.9),
        ({1: 0.1}, 0.6 - 0.3 * 0.5),  # as far below the worst as the reports range
        ({1: -math.inf}, 0.3),
        ({1: math.nan}, 0.3),  # a training that diverged
        ({1: 0.1, 2: 0.7}, 0.9 - 0.3 * 0.5),  # one peer alone, and better
        ({1: 0.1, 2: 0.8}, 0.9),
        ({1: 0.1, 2: 0.85}, 0.9),  # one peer alone, and worse
        ({7: 0.1}, -math.inf),
        ({}, -math.inf),
    ],
)
def test_a_pruned_trial_has_the_value_of_its_rank(
    reports: dict[int, float], expected: float
) -> None:
    for objective, sign in ((MAXIMISE, 1.0), (MINIMISE, -1.0)):
        trials = [mirrored(trial, sign) for trial in [*COMPLETED, pruned(reports, x=0.2)]]
        np.testing.assert_allclose(objective.values(trials), [0.9, 0.6, 0.7, expected])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_trial_as_bad_as_can_be_failed(sign: float) -> None:
    objective = MAXIMISE if sign > 0.0 else MINIMISE
    good, bad, best, reported, silent, failed = (
        make_trial(0.3, {1: 0.3}),
        make_trial(-sign * math.inf, {}),
        make_trial(sign * math.inf, {}),
        pruned({1: 0.2}, 0.1),
        pruned({}, 0.2),
        make_trial(None, {}, TrialState.FAIL),
    )
    trials = [good, bad, best, reported, silent, failed]
    for number, one in enumerate(trials):
        one.number = number
    running = make_trial(None, {}, TrialState.RUNNING)
    told, without = divided([*trials, running], [objective])
    assert told == [good, best, reported, silent]
    assert without == [bad, failed]
    assert divided([bad, silent, failed], [objective]) == ([], [bad, silent, failed])
    assert divided([bad, silent, reported], [objective]) == ([silent, reported], [bad])


def test_what_was_pruned_before_there_was_anything_to_compare_with_failed_for_good() -> None:
    """So did all that are pruned without a report: such configurations are not allowed."""
    study = optuna.create_study()

    def divide() -> tuple[list[int], list[int]]:
        told, failed = divided(study.trials, objectives_of(study))
        return [one.number for one in told], [one.number for one in failed]

    study.add_trial(make_trial(math.inf, {}))
    study.add_trial(pruned({}))
    assert divide() == ([], [0, 1])
    for trial in (make_trial(0.3, {1: 0.3}), pruned({}, 0.2), pruned({1: 0.2}, 0.1)):
        study.add_trial(trial)
    assert divide() == ([2, 4], [0, 1, 3])


@pytest.mark.parametrize("first", [make_trial(0.3, {}), pruned({1: 0.2}, 0.1)])
def test_what_was_pruned_beside_another_that_had_ended_was_worse(first: FrozenTrial) -> None:
    """It ended earlier whatever its number is, as one of parallel workers."""
    last = pruned({}, 0.2)
    first.number, last.number = 1, 0
    assert divided([last, first], [MINIMISE]) == ([last, first], [])
    first.datetime_complete, last.datetime_complete = last.datetime_complete, datetime.min
    assert divided([last, first], [MINIMISE]) == ([first], [last])


def test_of_several_objectives_a_single_one_may_be_as_bad_as_can_be() -> None:
    study = optuna.create_study(directions=["minimize", "maximize"])
    for values in ((0.0, 1.0), (math.inf, 1.0), (0.0, -math.inf), (-math.inf, math.inf)):
        study.add_trial(optuna.create_trial(values=values))
    told, failed = divided(study.trials, objectives_of(study))
    assert [one.number for one in told] == [0, 3]
    assert [one.number for one in failed] == [1, 2]


def test_a_copy_that_is_pruned_without_a_report_says_nothing_against_the_first() -> None:
    trials = [make_trial(0.9, {}), pruned({}), pruned({}, x=0.2), pruned({}, x=0.2)]
    found = MAXIMISE.values(trials)
    np.testing.assert_array_equal(found, [0.9, math.nan, -math.inf, -math.inf])


def curves(n: int, *, offset: float = 0.0, scale: float = 1.0) -> list[FrozenTrial]:
    """Completed trials of which the better ones report better at each step."""
    quality = np.random.default_rng(0).uniform(size=n)
    return [
        make_trial(offset + scale * q, {step: q * step for step in range(1, 4)}) for q in quality
    ]


@given(
    st.lists(st.integers(-2000, 2000), min_size=2, max_size=8, unique=True),
    st.integers(2, 5),
    st.integers(1, 3),
)
def test_pruned_trials_keep_the_order_of_their_reports(
    thousandths: list[int], n: int, step: int
) -> None:
    reports = [one / 1000 for one in sorted(thousandths)]
    found = MAXIMISE.values([*curves(n), *[pruned({step: report}) for report in reports]])
    guesses, reached = found[n:], found[:n]
    assert (np.diff(guesses) >= 0.0).all()
    below = np.array(reports) < step * reached.min()
    assert (np.diff(guesses[below]) > 0.0).all()
    assert guesses.max() <= reached.max()
    assert guesses.min() >= reached.min() - np.ptp(reached)


def test_pruned_trials_worse_than_all_others_differ() -> None:
    reports = np.linspace(0.74, 0.01, 20)
    completed = [make_trial(0.9 + 0.01 * i, {1: 0.75 + 0.05 * i}) for i in range(4)]
    found = MAXIMISE.values([*completed, *[pruned({1: report}) for report in reports]])
    assert (np.diff(found[3:]) < 0.0).sum() == 20


def test_a_report_that_many_share_is_worth_what_they_reached_on_average() -> None:
    completed = [make_trial(value, {1: 0.1}) for value in (0.3, 0.5, 0.7)]
    reports = [0.1, 0.2, 0.05, 0.0]
    found = MAXIMISE.values([*completed, *[pruned({1: report}) for report in reports]])
    assert found[3] == pytest.approx(0.5)
    assert found[4] == pytest.approx(0.7)
    assert 0.3 > found[5] > found[6]


def test_equal_values_still_leave_an_order_below_them() -> None:
    found = MAXIMISE.values(
        [*[make_trial(1.0, {1: r}) for r in (0.5, 0.7)], pruned({1: 0.4}), pruned({1: 0.1})]
    )
    assert 1.0 > found[2] > found[3]


def test_below_all_others_the_scale_is_that_of_those_that_reported_at_that_step() -> None:
    """Not of all values: one that diverged, say, may have reported at no step."""
    reports, finals = np.array([1.0, 2.0]), np.array([0.4, 0.5])
    found = read_off(np.array([0.0]), reports, finals, span=10.0)
    np.testing.assert_allclose(found, [0.4 - 0.1 / 2])


def test_a_report_that_is_no_number_silences_only_itself() -> None:
    completed = [make_trial(value, {1: value / 2}) for value in (0.6, 0.8)]
    others = [make_trial(0.1, {1: math.nan}), make_trial(-math.inf, {}), pruned({1: 0.35})]
    assert MAXIMISE.values([*completed, *others])[-1] == pytest.approx(0.7)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308, -1e308, 1e-320])
def test_extreme_values_and_reports_stay_in_order(value: float) -> None:
    completed = [make_trial(1.0, {1: 1.0}), make_trial(2.0, {1: 2.0}), make_trial(value, {1: 3.0})]
    reports = [-math.inf, -1e308, -1.0, 0.0, 1e-320, 2.5, value, 1e308]
    found = MAXIMISE.values([*completed, *[pruned({1: report}) for report in sorted(reports)]])
    assert np.isfinite(found[3:]).all()
    assert (np.diff(found[3:]) >= 0.0).all()


def test_without_a_finite_value_pruned_trials_are_bad() -> None:
    trials = [make_trial(math.inf, {1: 1.0}), make_trial(-math.inf, {1: 2.0})]
    found = MAXIMISE.values([*trials, pruned({1: 1.5}, x=0.2)])
    np.testing.assert_array_equal(found, [math.inf, -math.inf, -math.inf])
    assert len(MAXIMISE.values([])) == 0


def test_before_a_trial_is_completed_those_that_came_further_are_better() -> None:
    reports = [{1: 0.9}, {1: 0.2, 3: 0.1}, {1: math.nan}, {}, {1: 0.4}, {1: 0.4}]
    for objective, sign in ((MAXIMISE, 1.0), (MINIMISE, -1.0)):
        trials = [mirrored(pruned(one, x=i / 8), sign) for i, one in enumerate(reports)]
        np.testing.assert_array_equal(objective.values(trials), [2, 3, 0, -math.inf, 1, 1])


class Counted(dict[int, float]):
    """Reports that count how often a single one is read."""

    reads = 0

    def __getitem__(self, step: int) -> float:
        Counted.reads += 1
        return super().__getitem__(step)


def test_the_reports_of_completed_trials_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    completed = [make_trial(float(i), {}) for i in range(400)]
    for i, trial in enumerate(completed):
        trial.intermediate_values = Counted({step: float(i) for step in range(50)})
    stopped = [pruned({step: 3.5}) for step in range(50)]
    monkeypatch.setattr(Counted, "reads", 0)
    found = MAXIMISE.values([*completed, *stopped])
    assert np.isfinite(found).all()
    assert Counted.reads <= 2 * 300 * 50


def two(names: list[str] | None = None) -> tuple[Objective, ...]:
    study = optuna.create_study(directions=["minimize", "maximize"])
    if names:
        study.set_metric_names(names)
    return objectives_of(study)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_objectives_match_by_name_then_by_position() -> None:
    named, swapped, plain = two(["loss", "acc"]), two(["acc", "loss"]), two()
    assert matching(named[0], swapped, 2) is swapped[1]
    assert matching(named[1], plain, 2) is plain[1]
    assert matching(plain[0], swapped, 2) is swapped[0]
    assert matching(named[0], two(["time", "acc"]), 2) is None
    assert matching(MAXIMISE, two(), 1) is None
    assert matching(named[0], (), 2) is None
    assert matching(MAXIMISE, (MINIMISE,), 1) is MINIMISE
    alone = Objective(0, StudyDirection.MAXIMIZE, "acc")
    assert matching(alone, named, 1) is named[1]
    assert matching(named[1], (alone,), 2) is alone


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_an_objective_that_was_renamed_matches_only_alone() -> None:
    renamed = two(["loss", "error"])
    assert matching(renamed[0], two(["loss", "acc"]), 2) is not None
    assert matching(renamed[1], two(["loss", "acc"]), 2) is None
    alone = Objective(0, StudyDirection.MAXIMIZE, "acc")
    assert matching(alone, (Objective(0, StudyDirection.MINIMIZE, "error"),), 1) is not None
