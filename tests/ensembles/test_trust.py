"""How far past studies are believed, by what they find of each other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.ensembles import trust
from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.trust import mutual_trust
from optuna_metabo.surrogate import Posterior, Task
from tests.ensembles.bowls import DOMAIN, bowl, make_task


def learned(sources: list[Task]) -> AveragingPrior:
    prior = Averaging().learn(sources, DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(prior, AveragingPrior)
    return prior


def bowls(*at: float, n: int = 25) -> list[Task]:
    return [make_task(bowl(one), n, seed) for seed, one in enumerate(at)]


def peak(at: tuple[float, float], X: Array) -> Array:
    away = np.sum((X - np.array(at)) ** 2, axis=1)
    return np.asarray(np.exp(-away / 0.02) - 0.01 * away)


def peaks(k: int, n: int = 40) -> list[Task]:
    """Each is best where the others are as anywhere."""
    at = ((0.15, 0.15), (0.85, 0.2), (0.2, 0.85), (0.8, 0.8), (0.5, 0.5))
    return [make_task(partial(peak, one), n, seed) for seed, one in enumerate(at[:k])]


def test_sources_that_find_each_others_best_are_believed() -> None:
    assert learned(bowls(0.25, 0.3, 0.35, 0.4)).trust == 1.0


def test_sources_that_say_nothing_of_each_other_are_doubted_and_the_rival_is_believed() -> None:
    prior = learned(peaks(5))
    assert prior.trust < 0.3
    assert prior.plain > 0.75 > 0.35 > learned(bowls(0.25, 0.3, 0.35)).plain


def test_of_sources_of_which_each_has_a_like_one_their_first_values_choose() -> None:
    """What all of them expect together is no help."""
    prior = learned(bowls(0.1, 0.12, 0.9, 0.88, n=40))
    choices = [trust._choice(prior.without(i), one) for i, one in prior.some]
    assert np.median(choices) < trust._CHOSEN_WELL
    assert prior.trust == 1.0


def test_a_single_strange_source_casts_no_doubt_on_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Found by the choices alone: nothing need be searched."""
    sources = [*bowls(0.2, 0.25, 0.3, 0.35), make_task(partial(peak, (0.9, 0.9)), 25, 7)]
    monkeypatch.setattr(trust, "_search", lambda others, task: 0.5)
    assert learned(sources).trust == 1.0


def test_opposites_are_no_reason_for_doubt() -> None:
    one, *others = bowls(0.2, 0.25, 0.3, 0.35)
    prior = learned([Task(one.X, -one.y), *others])
    assert prior.trust == 1.0


def test_two_sources_and_a_crowd_are_believed_whatever_they_say_of_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two, five = learned(peaks(2)), learned(peaks(5))
    assert two.trust == 1.0 > five.trust
    monkeypatch.setattr(trust, "_FEWEST", 2)
    assert mutual_trust(two) < 1.0
    monkeypatch.setattr(trust, "_MOST", 4)
    assert mutual_trust(five) == 1.0


def test_a_source_without_a_best_trial_or_with_few_trials_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources = peaks(5)
    prior = learned(sources)
    flat = (0, replace(sources[0], y=np.ones(40)))
    few = (1, sources[1].only(np.arange(trust._N_TRIALS - 1)))
    without = replace(prior, some=(flat, few))
    assert mutual_trust(without) == 1.0
    all_others = prior.some[2:]
    measured: list[Task] = []

    def measure(others: AveragingPrior, task: Task) -> float:
        measured.append(task)
        return 1.0

    monkeypatch.setattr(trust, "_choice", measure)
    for parts in ((flat, *all_others), (few, *all_others)):
        measured.clear()
        mutual_trust(replace(prior, some=parts))
        assert measured == [task for _, task in all_others]


def test_a_source_of_just_enough_trials_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    prior, measured = learned(peaks(5)), list[Task]()

    def measure(others: AveragingPrior, task: Task) -> float:
        measured.append(task)
        return 1.0

    monkeypatch.setattr(trust, "_choice", measure)
    enough = prior.some[1][1].only(np.arange(trust._N_TRIALS))
    mutual_trust(replace(prior, some=((1, enough),)))
    assert measured == [enough]


def test_some_trust_is_always_left() -> None:
    prior = learned(peaks(5))
    wrong = replace(prior, some=prior.some[1:2])
    assert trust._search(prior.without(1), prior.some[1][1]) < trust._FOUND_NOTHING
    assert mutual_trust(replace(prior, some=wrong.some * 20)) == trust._LEAST > 0.0


def choice(others: Sure, y: Array) -> float:
    return trust._choice(cast("Separable", others), Task(np.arange(len(y))[:, None], y))


def test_the_right_order_is_the_best_choice_and_the_reverse_as_far_below_chance_as_any() -> None:
    assert choice(Sure(Y, Y), Y) == pytest.approx(1.0)
    orders = [np.random.default_rng(seed).permutation(Y) for seed in range(300)]
    found = [choice(Sure(one, Y), Y) for one in orders]
    assert np.mean(found) == pytest.approx(0.5, abs=0.02)
    assert choice(Sure(-Y, Y), Y) < min(found)


def test_the_first_in_the_order_of_what_is_expected_count_most() -> None:
    """By the formula: of the ranks 0, 1/4, ... 1 the second best is put first, the best second."""
    y, expected = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([1.0, 2.0, 3.0, 5.0, 4.0])
    discount = 1.0 / np.arange(1, 6)
    gains = [
        np.average(ranks, weights=discount) - 0.5
        for ranks in ([0.75, 1.0, 0.5, 0.25, 0.0], [1.0, 0.75, 0.5, 0.25, 0.0])
    ]
    assert choice(Sure(expected, y), y) == pytest.approx(0.5 + 0.5 * gains[0] / gains[1])


@dataclass
class Sure:
    """Others that are sure of what they expect of a source, whatever it tells.

    Args:
        first: What they expect before any value.
        chooses: What those expect that choose.
        told: What they were told.
    """

    first: Array
    chooses: Array
    told: list[Task] = field(default_factory=list)
    some = ()

    def without(self, source: int) -> Sure:
        return self

    @property
    def functions(self) -> Sure:
        return self

    def opinion(self, X: Array) -> Array:
        return self.first[X[:, 0].astype(int)]

    def weighed(self, target: Task, pending: Array) -> Sure:
        self.told.append(target)
        return self

    @property
    def acting(self) -> Sure:
        return self

    def posterior(self, X: Array) -> Posterior:
        values = self.chooses[X[:, 0].astype(int)]
        return Posterior(np.ones(1), values[None], np.ones((1, len(X))))


def search(others: Sure, y: Array) -> float:
    return trust._search(cast("Separable", others), Task(np.arange(len(y))[:, None], y))


Y = np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0, 5.0, 3.5, 8.0, 7.0])
WORST_FIRST, MIDDLE_FIRST = -Y, -np.abs(Y - np.median(Y))


def test_a_search_is_three_trials_after_the_first_which_does_not_count() -> None:
    others = Sure(first=Y, chooses=MIDDLE_FIRST)
    found = search(others, Y)
    assert [len(one) for one in others.told] == [1, 2, 3]
    assert others.told[0].y == Y.max()
    # The median, 4, and its neighbours 3.5 and 3: five of ten others are below the best of these.
    assert found == pytest.approx(5 / 10)


def test_a_search_that_finds_the_worst_counts_from_there() -> None:
    assert search(Sure(WORST_FIRST, WORST_FIRST), Y) == pytest.approx(1.0 - 3 / 10)
    assert search(Sure(WORST_FIRST, Y), Y) == 1.0


def test_those_choose_who_would_choose_the_trials_of_a_study(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = Sure(Y, WORST_FIRST)
    monkeypatch.setattr(Sure, "acting", Sure(Y, Y))
    assert search(others, Y) == pytest.approx(9 / 10)


def test_where_the_choice_is_good_nothing_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = learned(bowls(0.25, 0.3, 0.35)), learned(peaks(5))
    monkeypatch.setattr(trust, "_search", lambda others, task: 0.5)
    assert mutual_trust(good) == 1.0
    assert mutual_trust(bad) == trust._LEAST


def test_trust_grows_with_what_a_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the formula, the usual search counting as one more source."""
    prior = learned(peaks(5))
    for found in (0.72, 0.78, 0.8, 0.86, 0.95):
        monkeypatch.setattr(trust, "_search", lambda others, task, found=found: found)
        mean = (0.95 + 5 * found) / 6
        expected = min(max((mean - 0.78) / 0.12, 0.1), 1.0)
        assert mutual_trust(prior) == pytest.approx(expected)
