"""How far past studies are believed, by what they find of each other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.ensembles import trust
from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.trust import mutual_trust
from optuna_metabo.surrogate import Task
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
    assert trust._mean(0.8, [trust._choice(prior.without(i), one) for i, one in prior.some]) < 0.6
    assert prior.trust == 1.0


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


def test_a_source_without_a_best_trial_or_with_few_trials_tells_nothing() -> None:
    sources = peaks(5)
    prior = learned(sources)
    flat = (0, replace(sources[0], y=np.ones(40)))
    few = (1, sources[1].only(np.arange(trust._N_TRIALS - 1)))
    without = replace(prior, some=(flat, few))
    assert mutual_trust(without) == 1.0
    rest = replace(prior, some=prior.some[2:])
    assert mutual_trust(replace(prior, some=(flat, few, *prior.some[2:]))) == mutual_trust(rest)


def test_some_trust_is_always_left() -> None:
    prior = learned(peaks(5))
    wrong = replace(prior, some=prior.some[1:2])
    assert trust._search(prior.without(1), prior.some[1][1]) < trust._FOUND_NOTHING
    assert mutual_trust(replace(prior, some=wrong.some * 20)) == trust._LEAST > 0.0


def test_the_choice_is_the_mean_part_of_the_trials_that_the_most_promising_ones_beat() -> None:
    prior = learned(bowls(0.25, 0.3, 0.35))
    others, (_, task) = prior.without(1), prior.some[1]
    opinion = others.functions.opinion(task.X)
    best_three = sorted(range(len(task)), key=lambda i: -opinion[i])[:3]
    beaten = [np.mean([task.y[i] > y for y in np.delete(task.y, i)]) for i in best_three]
    assert trust._choice(others, task) == pytest.approx(np.mean(beaten))


def test_a_search_counts_from_the_nearer_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found of a source turned round is as far from its worst as it was from its best."""
    prior = learned(peaks(4))
    others, (_, task) = prior.without(0), prior.some[0]
    told: list[Task] = []
    weighed = AveragingPrior.weighed

    def spied(self: AveragingPrior, target: Task, pending: Array) -> object:
        told.append(target)
        return weighed(self, target, pending)

    monkeypatch.setattr(AveragingPrior, "weighed", spied)
    found = trust._search(others, task)
    assert [len(one) for one in told] == [1, 2, 3]
    first = others.functions.opinion(task.X).argmax()
    np.testing.assert_array_equal(told[0].X[0], task.X[first])
    ranks = [np.mean(task.y < y) * len(task) / (len(task) - 1) for y in told[-1].y[1:]]
    assert found >= max(*ranks, 0.5) - 1e-12
