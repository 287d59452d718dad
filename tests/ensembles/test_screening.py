"""Which of very many sources take part in an ask."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.screening import Anchors, nearest, screened
from optuna_metabo.tasks import Task, observed_together

DOMAIN = Domain((Dimension(), Dimension()))
NONE = np.zeros((0, 2))


def waves(X: Array) -> Array:
    return np.stack([np.sin(4.0 * X[:, 0]), np.cos(3.0 * X[:, 1]), X[:, 0] * X[:, 1] - 0.25])


def test_what_is_guessed_is_what_functions_say_at_anchors_and_between() -> None:
    A, X = (DOMAIN.sample(256, generator=np.random.default_rng(seed)) for seed in (0, 1))
    anchors = Anchors.of(A, waves(A), np.full(2, 0.6))
    np.testing.assert_allclose(anchors.guess(A), waves(A), atol=0.01)
    np.testing.assert_allclose(anchors.guess(X), waves(X), atol=0.02)


def kept(k: int, evidence: Array, belief: Array | None = None) -> tuple[list[int], Array]:
    """Of k sources in descending order, the evidence of each by its number."""
    found = screened(
        np.arange(k)[::-1],
        lambda: np.arange(k)[:, None],
        lambda f: evidence[f[:, 0].astype(int)],
        np.ones(k) if belief is None else belief,
        lambda: np.arange(k)[:, None],
    )
    return found.sources.tolist(), found.shares


def test_few_sources_all_take_part_alike() -> None:
    sources, shares = kept(24, np.zeros(24))
    assert sources == list(range(24))[::-1]
    np.testing.assert_allclose(shares, 1 / 24)


def test_of_many_those_of_the_most_evidence_take_part_in_their_order() -> None:
    evidence = np.random.default_rng(0).permutation(40).astype(float)
    sources, shares = kept(40, evidence)
    assert sources == [i for i in range(40)[::-1] if evidence[i] >= 16.0]
    np.testing.assert_allclose(shares, 1 / 24)


def test_what_was_believed_and_the_evidence_count_together() -> None:
    evidence, belief = np.random.default_rng(0).random((2, 100)) + 0.1
    likely = belief * np.exp(evidence)
    sources, _ = kept(40, evidence, belief)
    assert sorted(sources) == np.sort(np.argsort(-likely[:40])[:24]).tolist()
    sources, shares = kept(100, evidence, belief)
    assert sorted(sources) == np.sort(np.argsort(-likely)[:12]).tolist()
    np.testing.assert_allclose(shares, likely[sources] / likely[sources].sum())


def test_as_long_as_nothing_tells_the_first_of_the_order_take_part() -> None:
    """Those that serve all others best, not those that are surest to be no noise."""
    belief = np.linspace(1.0, 0.9, 40)
    sources, shares = kept(40, np.zeros(40), belief)
    assert sources == list(range(16, 40))[::-1]
    np.testing.assert_allclose(shares, belief[sources] / belief[sources].sum())


def test_of_a_crowd_the_likelier_have_larger_shares() -> None:
    evidence = np.random.default_rng(0).permutation(100) / 10
    sources, shares = kept(100, evidence)
    assert sorted(sources) == sorted(np.argsort(-evidence)[:12].tolist())
    np.testing.assert_allclose(
        np.log(shares / shares[0]), evidence[sources] - evidence[sources[0]]
    )
    assert shares.sum() == pytest.approx(1.0)


def test_as_long_as_no_value_tells_the_first_take_part() -> None:
    sources, shares = kept(100, np.zeros(100))
    assert sources == list(range(100))[::-1][:12]
    np.testing.assert_allclose(shares, 1 / 12)


def test_the_nearest_functions_are_those_that_go_with_one_most() -> None:
    generator = np.random.default_rng(0)
    kinds = generator.standard_normal((100, 256))
    phi = np.repeat(kinds, 8, axis=0) + 0.1 * generator.standard_normal((800, 256))
    found = nearest(3.0 * phi + 7.0)
    assert found.shape == (800, 8)
    assert (found // 8 == np.arange(800)[:, None] // 8).all()
    assert nearest(phi[:3]).shape == (3, 3)


def test_of_a_crowd_those_that_are_alike_vouch_for_each_other() -> None:
    """A source whose few trials hide what it is like has part in what others like it explain."""
    own, of_all = np.zeros(100), np.zeros(100)
    own[[3, 50]], of_all[40:48] = (4.0, 4.0), 9.0
    seen: list[Array] = []

    def evidence(phi: Array) -> Array:
        seen.append(phi)
        return own if len(seen) == 1 else of_all

    groups = np.arange(100)[:, None] // 8 * 8 + np.arange(8)
    found = screened(
        np.arange(100),
        lambda: np.arange(100.0)[:, None],
        evidence,
        np.ones(100),
        lambda: np.minimum(groups, 99),
    )
    np.testing.assert_array_equal(seen[1][:96, 0], np.repeat(np.arange(12) * 8 + 3.5, 8))
    assert {3, 50, *range(40, 48)} < set(found.sources.tolist())
    shares = dict(zip(found.sources.tolist(), found.shares, strict=True))
    assert shares[40] / shares[50] == pytest.approx((np.exp(9) + 1) / (np.exp(4) + 1))


def crowd(n_related: int, n_others: int) -> AveragingPrior:
    """Bowls whose optimum is near that of the target, and bowls that are upside down."""
    generator = np.random.default_rng(0)
    tasks = []
    for i in range(n_related + n_others):
        X, at = generator.random((20, 2)), 0.3 + 0.02 * generator.standard_normal(2)
        sign = 1.0 if i < n_related else -1.0
        tasks.append(Task(X, -sign * ((X - at) ** 2).sum(axis=1)))
    prior = Averaging().learn(tasks, DOMAIN, generator=generator)
    assert isinstance(prior, AveragingPrior)
    return prior


@pytest.fixture(scope="module")
def prior() -> AveragingPrior:
    return crowd(5, 95)


def told(n: int) -> Task:
    X = DOMAIN.sample(n, generator=np.random.default_rng(3))
    tasks, _ = observed_together(X, [-((X - 0.3) ** 2).sum(axis=1)], np.ones(n, dtype=bool))
    return tasks[0]


def test_a_few_related_sources_are_found_among_many_by_the_values(prior: AveragingPrior) -> None:
    model = prior.weighed(told(8), NONE)
    assert set(range(5)) <= set(model.kept.sources.tolist())
    assert model.weights[:5].sum() > model.weights[5:].sum()


def test_every_source_has_a_weight_also_those_that_take_no_part(prior: AveragingPrior) -> None:
    for n in (0, 1, 8):
        task = told(n) if n else Task(NONE, np.zeros(0))
        model = prior.condition(task, NONE)
        assert model.weights.shape == (100,)
        assert (model.weights >= 0.0).all()
        assert model.weights.sum() <= 1.0 + 1e-9
        assert np.isfinite(
            model.posterior(DOMAIN.sample(8, generator=np.random.default_rng(0))).mean
        ).all()


def test_before_the_first_value_some_sources_speak_for_all(prior: AveragingPrior) -> None:
    functions = prior.functions
    assert len(functions.core) == 48
    assert functions.mass.sum() == pytest.approx(1.0)
    assert (functions.mass > 0.99 / 100).all()
    opposed = functions.core >= 5
    assert functions.mass[opposed].sum() == pytest.approx(0.95)
