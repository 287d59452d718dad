"""One proposal: the question that is asked, and where its answer is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy import ndarray as Array
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from scipy.stats import norm, qmc

from optuna_metabo import proposal
from optuna_metabo.belief import Belief
from optuna_metabo.encoding import Encoding
from optuna_metabo.exploration import looks_elsewhere, quasi_random
from optuna_metabo.frame import Frame
from optuna_metabo.proposal import Search, propose
from optuna_metabo.situation import Situation
from optuna_metabo.surrogate import Posterior, Task, TransferModel

ENCODING = Encoding.of({"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)})
FRAME = Frame.of(ENCODING, ENCODING, {})
NONE = np.zeros((0, 2))
Z = np.random.default_rng(5).random((9, 2))


@dataclass(frozen=True)
class Known(TransferModel):
    """A prior and a model whose mean is a function, whatever has been seen."""

    mean: Callable[[Array], Array]
    deviation: float = 0.1
    conditioned: list[tuple[Task, Array]] = field(default_factory=list)
    shares: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def weights(self) -> Array:
        return self.shares

    def condition(self, target: Task, pending: Array) -> Known:
        self.conditioned.append((target, pending))
        return self

    def posterior(self, X: Array) -> Posterior:
        return Posterior(np.ones(1), self.mean(X)[None], np.full((1, len(X)), self.deviation**2))


def first(X: Array) -> Array:
    return X[:, 0]


def second(X: Array) -> Array:
    return X[:, 1]


def seen(y: list[float]) -> Task:
    return Task(np.random.default_rng(0).random((len(y), 2)), np.array(y, dtype=float))


def situation(*objectives: Belief, **changes: Any) -> Situation:
    n = len(objectives[0].seen)
    found = Situation(FRAME, objectives, (), None, np.ones(n, dtype=bool), NONE, NONE, {}, 0, 0)
    return replace(found, **changes)


def acquisition(situation: Situation, optima: Array = NONE) -> Array:
    return Search.of(situation, optima)._acquisition()(Z)


def log_ei(mean: Array, incumbent: float, deviation: float = 0.1) -> Array:
    z = (mean - incumbent) / deviation
    return np.log(deviation * (norm.pdf(z) + z * norm.cdf(z)))


def test_what_is_asked_for_is_the_improvement_on_the_best_that_is_expected_of_what_was_seen() -> (
    None
):
    task = seen([0.1, 0.6, 0.3])
    found = acquisition(situation(Belief(task, Known(first))))
    np.testing.assert_allclose(found, log_ei(Z[:, 0], task.X[:, 0].max()), rtol=1e-6)


def test_each_expert_improves_upon_what_it_expects_itself() -> None:
    @dataclass(frozen=True)
    class Both(Known):
        def condition(self, target: Task, pending: Array) -> Both:
            return self

        def posterior(self, X: Array) -> Posterior:
            return Posterior(
                np.array([0.3, 0.7]), np.stack([X[:, 0], X[:, 1]]), np.full((2, len(X)), 0.01)
            )

    task = seen([0.1, 0.6, 0.3])
    found = acquisition(situation(Belief(task, Both(first))))
    each = [log_ei(Z[:, j], task.X[:, j].max()) for j in (0, 1)]
    np.testing.assert_allclose(
        found, np.log(0.3 * np.exp(each[0]) + 0.7 * np.exp(each[1])), rtol=1e-6
    )


def test_only_feasible_values_are_improved_upon() -> None:
    task, feasible = seen([0.1, 0.6, 0.3]), np.array([True, True, False])
    assert task.X[:, 0].argmax() == 2
    asked = situation(Belief(task, Known(first)), feasible=feasible)
    best = task.X[feasible, 0].max()
    np.testing.assert_allclose(acquisition(asked), log_ei(Z[:, 0], best), rtol=1e-6)


def test_what_is_under_way_counts_as_what_is_expected_of_it() -> None:
    belief = Belief(seen([0.2, 0.5]), Known(first))
    best = belief.seen.X[:, 0].max()
    for x in (best - 0.1, best + 0.1):
        asked = situation(belief, pending=np.array([[x, 0.1]]))
        expected = log_ei(Z[:, 0], max(best, x))
        np.testing.assert_allclose(acquisition(asked), expected, rtol=1e-6)


def test_a_constraint_multiplies_by_its_chance_and_success_by_the_cube_of_its() -> None:
    belief = Belief(seen([0.5, 0.2, 0.2]), Known(first))
    slack, success = Known(lambda X: second(X) - 0.5), Known(lambda X: 0.5 - second(X))
    limited = situation(belief, limits=(Belief(seen([0.1]), slack),))
    ei = log_ei(Z[:, 0], belief.seen.X[:, 0].max())
    expected = ei + norm.logcdf((Z[:, 1] - 0.5) / 0.1)
    np.testing.assert_allclose(acquisition(limited), expected, rtol=1e-6)
    failing = situation(belief, success=Belief(seen([0.1]), success))
    # A success is worth a hundredth of what it is expected to be better than the median value.
    worth = np.logaddexp(ei, np.log(1e-2) + log_ei(Z[:, 0], 0.2))
    expected = worth + 3.0 * norm.logcdf((0.5 - Z[:, 1]) / 0.1)
    np.testing.assert_allclose(acquisition(failing), expected, rtol=1e-6)


def test_as_long_as_nothing_is_feasible_the_chance_is_all_that_counts() -> None:
    slack = Known(lambda X: second(X) - 0.5)
    asked = situation(
        Belief(seen([0.5, 0.2]), Known(first)),
        limits=(Belief(seen([0.1]), slack),),
        feasible=np.zeros(2, dtype=bool),
    )
    expected = norm.logcdf((Z[:, 1] - 0.5) / 0.1)
    np.testing.assert_allclose(acquisition(asked), expected, rtol=1e-6)


def test_before_the_first_value_it_is_the_expected_one_and_then_a_complement() -> None:
    """With a chance to be weighed by, it is the improvement on an average point."""
    belief, optima = Belief(seen([]), Known(first)), np.full((1, 2), 0.5)
    np.testing.assert_allclose(acquisition(situation(belief), optima), Z[:, 0])
    pending = situation(belief, pending=np.array([[0.4, 0.1], [0.7, 0.1]]))
    np.testing.assert_allclose(acquisition(pending, optima), log_ei(Z[:, 0], 0.7), rtol=1e-6)
    sure = Known(lambda X: np.full(len(X), 9.0))
    for changes in (
        {"limits": (Belief(seen([0.1]), sure),)},
        {"success": Belief(seen([1.0]), sure)},
    ):
        found = acquisition(situation(belief, **changes), optima)
        np.testing.assert_allclose(found, log_ei(Z[:, 0], 0.0), rtol=1e-6)


def test_without_sources_and_values_only_the_chance_is_known() -> None:
    belief, slack = Belief(seen([]), Known(first)), Known(lambda X: second(X) - 0.5)
    found = acquisition(situation(belief, success=Belief(seen([-1.0]), slack)))
    np.testing.assert_allclose(found, 3.0 * norm.logcdf((Z[:, 1] - 0.5) / 0.1), rtol=1e-6)


def test_of_several_objectives_the_hypervolume_above_the_front_counts() -> None:
    values = [[0.2, 0.8], [0.8, 0.2]]
    beliefs = [Belief(seen(y), Known(f)) for y, f in zip(values, (first, second), strict=True)]
    point = np.array([[0.9, 0.9], [0.1, 0.1], [0.95, 0.1]])
    gain = Search.of(situation(*beliefs), NONE)._acquisition()(point)
    assert gain[0] > gain[2] > gain[1]


def test_the_model_that_acts_is_asked() -> None:
    @dataclass(frozen=True)
    class Two(Known):
        @property
        def acting(self) -> Known:
            return Known(second)

    task = seen([0.1, 0.6])
    found = acquisition(situation(Belief(task, Two(first))))
    np.testing.assert_allclose(found, log_ei(Z[:, 1], task.X[:, 1].max()), rtol=1e-6)


def test_diverged_values_are_drawn_in() -> None:
    prior = Known(first)
    y = [-1e9, *np.linspace(0.0, 1.0, 9)]
    Search.of(situation(Belief(seen(y), prior)), NONE)._acquisition()
    ((target, _),) = prior.conditioned
    assert target.y.min() > -10.0


def test_the_search_starts_at_the_best_points_the_best_feasible_ones_and_the_optima() -> None:
    task, optima = seen(list(range(20))), np.full((2, 2), 0.5)
    starts = Search.of(situation(Belief(task, Known(first))), optima)._starts()
    best = np.argsort(-task.y)[:5]
    np.testing.assert_array_equal(starts, np.concatenate([task.X[best], optima]))
    limited = situation(
        Belief(task, Known(first)),
        limits=(Belief(task, Known(second)),),
        feasible=np.arange(20) < 8,
    )
    rows = {row.tobytes() for row in Search.of(limited, optima)._starts()}
    assert {task.X[i].tobytes() for i in [15, 16, 17, 18, 19, 3, 4, 5, 6, 7]} <= rows


@pytest.mark.parametrize("pending", [NONE, np.array([[0.2, 0.3]])])
def test_the_first_point_alone_stands_where_past_best_ones_did_along_what_makes_no_difference(
    pending: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of workers that start together the others spread along it."""
    settled = []

    def settled_as(promise: Any, subspace: Any, x: Array, given: Array, **rules: Any) -> Array:
        settled.append(given)
        return x

    monkeypatch.setattr(proposal, "settled_as", settled_as)
    belief, optima = Belief(seen([]), Known(first)), np.array([[0.6, 0.125]])
    propose(situation(belief, pending=pending, taken=pending), optima, seed=0, number=0)
    assert [given.tolist() for given in settled] == [optima.tolist()] * (not len(pending))


def test_points_under_way_are_pending_and_taken() -> None:
    prior, X = Known(first), np.array([[0.3, 0.4]])
    search = Search.of(situation(Belief(seen([0.1]), prior)), NONE).after(X)
    np.testing.assert_array_equal(search.now.taken, X)
    search._acquisition()
    np.testing.assert_array_equal(prior.conditioned[0][1], X)


def test_the_proposal_is_where_the_improvement_is_largest() -> None:
    at = np.array([0.3, 0.8])
    belief = Belief(seen([-0.5, -0.2]), Known(lambda X: -((X - at) ** 2).sum(axis=1)))
    found = propose(situation(belief), NONE, seed=0, number=7)
    assert [found["x"], found["y"]] == pytest.approx([0.3, 0.8], abs=0.01)
    assert found == propose(situation(belief), NONE, seed=0, number=7)


def test_what_others_have_still_to_ask_for_is_imagined_first() -> None:
    prior = Known(lambda X: -((X - 0.5) ** 2).sum(axis=1))
    others = {3: FRAME, 4: Frame.of(ENCODING, ENCODING, {"x": 0.25})}
    asked = situation(Belief(seen([-0.5, -0.2]), prior), unfinished=others)
    propose(asked, NONE, seed=0, number=7)
    pending = [one for _, one in prior.conditioned]
    assert [len(one) for one in pending] == [0, 1, 2]
    assert pending[-1][1, 0] == 0.25


def test_start_up_points_are_those_of_a_sobol_sequence() -> None:
    found = [quasi_random(FRAME, NONE, seed=3, number=i) for i in range(8)]
    sobol = qmc.Sobol(2, rng=np.random.default_rng(3)).random(8)
    np.testing.assert_allclose(found, sobol)


@pytest.mark.parametrize("bound", [0.8, 1.0])
def test_a_quasi_random_point_is_the_next_one_that_is_worth_most(bound: float) -> None:
    sobol = qmc.Sobol(2, rng=np.random.default_rng(3)).random(16)[2:]
    found = quasi_random(FRAME, NONE, seed=3, number=2, worth=lambda X: 1.0 * (X[:, 0] > bound))
    first = np.flatnonzero(sobol[:, 0] > bound)[0] if bound < 1.0 else 0
    np.testing.assert_allclose(found, sobol[first])


def test_a_quasi_random_point_is_another_one_if_it_is_taken() -> None:
    encoding = Encoding.of({"a": CategoricalDistribution((0, 1)), "b": IntDistribution(0, 2)})
    frame, found = Frame.of(encoding, encoding, {}), np.zeros((0, 3))
    for number in range(6):
        x = quasi_random(frame, found, seed=0, number=number)
        found = np.vstack([found, x])
    assert len(np.unique(found, axis=0)) == 6


@dataclass(frozen=True)
class Misled(Known):
    """One whose sources have misled, so that a point on the right is wanted."""

    @property
    def begins_anew(self) -> bool:
        return True

    def would_tell(self, X: Array) -> Array:
        return X[:, 0] > 0.9


def test_workers_that_begin_anew_differ_whatever_they_know_of_one_another() -> None:
    """A worker cannot know what those that it sees choosing see."""
    belief = Belief(seen([0.0] * 4), Misled(first))
    found = [
        propose(situation(belief, unfinished=others), NONE, seed=0, number=number)
        for number, others in ((4, {}), (5, {4: FRAME}), (6, {5: FRAME}), (7, {6: FRAME}))
    ]
    assert len({tuple(x.values()) for x in found}) == 4
    assert all(x["x"] > 0.9 for x in found)


def test_of_points_that_tell_those_come_first_that_are_less_likely_to_fail() -> None:
    """Though any that tells comes before all others."""
    told = Belief(seen([0.0] * 4), Misled(first))
    above = Belief(seen([0.0] * 4), Known(lambda X: 4.0 * X[:, 1] - 2.0, 1.0))
    assert propose(situation(told), NONE, seed=0, number=4)["y"] < 0.6
    found = propose(situation(told, limits=(above,)), NONE, seed=0, number=4)
    assert found["x"] > 0.9
    assert found["y"] > 0.7


@pytest.mark.parametrize("is_start_up", [True, False])
def test_quasi_random_trials_of_workers_that_start_together_differ(is_start_up: bool) -> None:
    """Each imagines what the others' processes answer, that is the next points of the sequence."""
    others = {number: FRAME for number in (4, 5, 6)}
    told = situation(Belief(seen([0.0] * 4), Misled(first)), unfinished=others)
    found = [
        propose(
            replace(told, unfinished={i: FRAME for i in others if i < number}),
            NONE,
            seed=0,
            number=number,
            is_start_up=is_start_up,
        )
        for number in (4, 5, 6, 7)
    ]
    assert len({(one["x"], one["y"]) for one in found}) == 4
    assert all(one["x"] > 0.9 for one in found) or is_start_up


def test_what_is_imagined_of_another_trial_is_what_it_answers_itself() -> None:
    """So that it takes nobody's own quasi-random point."""
    told = replace(situation(Belief(seen([]), Known(first))), unfinished={4: FRAME})
    found = propose(told, NONE, seed=0, number=5, is_start_up=True)
    own = quasi_random(FRAME, NONE, seed=0, number=5)
    assert ENCODING.encode(found) == pytest.approx(own)


def test_where_the_study_begins_anew_points_that_tell_promise_more_and_all_the_same() -> None:
    told = situation(Belief(seen([0.0] * 4), Misled(first)))
    X = np.array([[0.95, 0.1], [0.2, 0.9], [0.99, 0.5], [0.89, 0.3]])
    scores = Search.of(told, NONE).scores(X)
    assert scores[0] == scores[2] > scores[1] == scores[3]


def failing(n_failed: int, n_succeeded: int, prior: Known) -> Situation:
    """After so many trials, with past studies that promise more to the right, and a chance that is
    larger further up.
    """
    labels = Belief(seen([-1.0] * n_failed + [1.0] * n_succeeded), Known(second, 1.0))
    values = seen([float(i) for i in range(n_succeeded)])
    counts = {"n_failed": n_failed, "n_succeeded": n_succeeded}
    return situation(Belief(values, prior), success=labels, **counts)


@pytest.mark.parametrize(
    ("n_failed", "n_succeeded", "begins_anew"),
    [
        (1, 0, False),
        (2, 0, True),
        (2, 1, True),
        (2, 2, False),
        (4, 2, True),
        (5, 2, False),
        (8, 0, True),
        (20, 0, True),
    ],
)
def test_where_most_of_the_first_trials_fail_the_next_is_one_likely_not_to(
    n_failed: int, n_succeeded: int, begins_anew: bool
) -> None:
    """Of the quasi-random points, not the corner that is farthest from all failures."""
    told = failing(n_failed, n_succeeded, Known(first, shares=np.ones(1)))
    found = ENCODING.encode(propose(told, NONE, seed=0, number=9))
    likely = quasi_random(FRAME, NONE, seed=0, number=9, worth=second)
    assert np.array_equal(found, likely) == begins_anew
    scores, chance = Search.of(told, Z).scores(Z), Search.of(told, Z)._chance()(Z)
    assert np.array_equal(scores, chance) == begins_anew


def test_without_past_studies_trials_that_fail_are_no_reason_to_begin_anew() -> None:
    told = failing(3, 1, Known(first))
    found = ENCODING.encode(propose(told, NONE, seed=0, number=9))
    assert not np.array_equal(found, quasi_random(FRAME, NONE, seed=0, number=9, worth=second))


def at(gain: float, n: int, numbers: Iterable[int], n_objectives: int = 1) -> list[bool]:
    """Which trials look elsewhere where so much of the range is promised, and by the deviation
    alone: with deviation s, it is s / sqrt(2 pi).
    """
    level = Known(lambda X: np.ones(len(X)), gain * np.sqrt(2 * np.pi))
    task = seen([float(i % 2) for i in range(n)])
    parts = [level] * n_objectives, [task] * n_objectives, Z[:1]
    return [looks_elsewhere(*parts, number, with_past=True) for number in numbers]


def test_one_trial_in_three_looks_elsewhere_for_a_thousandth_two_for_a_tenth_of_that() -> None:
    assert at(1.01e-3, 12, range(12, 18)) == [False] * 6
    assert at(0.99e-3, 12, range(12, 18)) == [True, False, False] * 2
    assert at(1.01e-4, 12, range(12, 18)) == [True, False, False] * 2
    assert at(0.99e-4, 12, range(12, 18)) == [True, True, False] * 2
    assert at(0.99e-4, 9, range(9, 12)) == [False] * 3  # too few values to tell
    assert at(0.99e-4, 12, range(12, 15), n_objectives=2) == [False] * 3


def test_the_range_of_a_search_is_that_without_values_far_below_the_others() -> None:
    level = Known(lambda X: np.ones(len(X)), 0.01)
    task = seen([1.0, 0.0] * 6)
    diverged = Task(task.X, np.r_[-1e9, task.y[1:]])
    elsewhere = quasi_random(FRAME, NONE, seed=0, number=12)
    for one in (task, diverged):
        found = propose(situation(Belief(one, level)), NONE, seed=0, number=12)
        assert ENCODING.encode(found) != pytest.approx(elsewhere)


@pytest.mark.parametrize(
    ("with_past", "n", "elsewhere"),
    [(False, 1, True), (False, 11, True), (True, 1, False), (True, 4, False), (True, 5, True)],
)
def test_where_all_values_are_equal_space_is_filled_sooner_without_a_past(
    with_past: bool, n: int, elsewhere: bool
) -> None:
    def found(number: int, *values: float, times: int = 1) -> bool:
        parts = [Known(first)] * times, [seen(list(values))] * times, Z[:1]
        return looks_elsewhere(*parts, number, with_past=with_past)

    assert [found(number, *[1.0] * n) for number in (12, 13, 14)] == [elsewhere] * 3
    assert not found(12)
    assert not found(12, *[1.0] * 12, times=2)


def test_a_search_that_may_fail_does_not_look_elsewhere() -> None:
    level = Known(lambda X: np.ones(len(X)), 1e-6)
    task = seen([float(i % 2) for i in range(12)])
    one = Belief(task, level)
    found = [
        propose(situation(one, **limits), NONE, seed=0, number=12)
        for limits in ({}, {"limits": (Belief(task, Known(lambda X: np.ones(len(X)))),)})
    ]
    elsewhere = quasi_random(FRAME, NONE, seed=0, number=12)
    assert [ENCODING.encode(x) == pytest.approx(elsewhere) for x in found] == [True, False]
