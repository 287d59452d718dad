"""The experts of the model average: what they weigh beforehand, and what they are asked with."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.beyond import NOTHING, Beyond
from optuna_metabo.ensembles.experts import (
    CLOSE,
    DISTANT,
    OPPOSED,
    Bases,
    Expert,
    Group,
    all_groups,
)
from optuna_metabo.ensembles.scale_prior import ScalePrior
from optuna_metabo.ensembles.screening import Kept
from optuna_metabo.tasks import Task
from tests.ensembles.bowls import DOMAIN, NONE, alike, bowl, make_task


def groups_of(kept: Array, share: float = 0.36) -> list[Group]:
    weights = {"plain": 0.1, "joint": 0.6, "opposed": 0.1}
    return list(all_groups(kept, share, np.ones(len(kept)), **weights))


def experts_of(kept: Array) -> dict[str, Expert]:
    return {expert.name: expert for one in groups_of(kept) for expert in one.experts}


def prior_of(*sources: Task) -> AveragingPrior:
    found = Averaging().learn(sources, DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(found, AveragingPrior)
    return found


def test_prior_weights_are_shared_out_as_the_settings_say() -> None:
    weights = {name: one.prior_weight for name, one in experts_of(np.arange(5)).items()}
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["own"] == pytest.approx(0.1)
    for relation in ("close", "distant"):
        assert weights[f"common, {relation}"] == pytest.approx(0.6 * 0.36 / 2)
        assert weights[f"combination, {relation}"] == pytest.approx(0.6 * 0.64 / 2)
        for k in range(5):
            assert weights[f"source {k}, {relation}"] == pytest.approx(0.2 / 5 / 2)
    assert weights["common, opposed"] == pytest.approx(0.1 / 2)
    assert weights["source 3, opposed"] == pytest.approx(0.1 / 2 / 5)


def test_the_close_relation_trusts_more_than_the_distant_one() -> None:
    assert CLOSE.rho < DISTANT.rho
    for one, slope in ((CLOSE, 1.0), (DISTANT, 1.0), (OPPOSED, -1.0)):
        np.testing.assert_array_equal(one.coefficients.mean, [slope, 0.0])
        assert one.coefficients.variance[0] < 0.25  # the slope hardly ever changes its sign
        assert one.coefficients.variance[1] >= 100.0  # of the offset nothing is known


def test_each_expert_has_the_function_that_it_is_named_after() -> None:
    prior = prior_of(*alike())
    functions, X = prior.functions, np.random.default_rng(1).random((6, 2))
    kept = np.array([2, 0])
    groups = groups_of(kept, functions.share)
    bases = Bases.of(functions, Kept.believed(kept, functions.belief), groups)
    basis, values = bases.at(X), functions(X)
    mean = values[kept].mean(axis=0)
    expected = {"source 2": values[2], "source 0": values[0], "common": values[-1]}
    expected |= {"combination": mean, "own": np.zeros(6)}
    for group in groups:
        rows = group.rows(basis)
        for expert, row in zip(group.experts, rows, strict=True):
            np.testing.assert_allclose(row, expected[expert.name.split(",")[0]], atol=1e-12)
    # The Gram matrix of the deviations is the sources' covariance about their mean.
    deviations = values[kept] - mean
    np.testing.assert_allclose(
        basis.deviations.T @ basis.deviations, deviations.T @ deviations / (2 - 1)
    )


def test_a_residual_and_what_is_beyond_are_one_process() -> None:
    """Of the sum of both covariances; of experts that lack nothing it is the residual's."""
    by_kernel = {"shared": np.eye(3), "lacking": np.full((3, 3), 0.7)}
    found = Group(CLOSE, (), beyond=Beyond("lacking", 10.0))
    expected = CLOSE.rho**2 * np.eye(3) + 10.0 * 0.7
    np.testing.assert_allclose(found.rho**2 * found.correlation(by_kernel), expected)
    assert found.kernels == ("shared", "lacking")
    alone = Group(CLOSE, ())
    assert (alone.rho, alone.kernels) == (CLOSE.rho, ("shared",))
    assert alone.correlation(by_kernel) is by_kernel["shared"]


def test_a_group_is_parted_by_what_its_experts_lack() -> None:
    lacks = [NOTHING, Beyond("a", 1.0), Beyond("a", 10.0), Beyond("a", 1.0), NOTHING, NOTHING]
    parts = list(groups_of(np.array([4, 2, 9]))[0].parted(lacks))
    assert [part.beyond for part in parts] == [NOTHING, Beyond("a", 1.0), Beyond("a", 10.0)]
    assert [[e.basis for e in part.experts] for part in parts] == [[0], [1, 3], [2]]
    assert all(part.relation == CLOSE for part in parts)


def test_combinations_have_the_deviations_as_further_directions_and_no_others() -> None:
    functions, X = prior_of(*alike()).functions, np.random.default_rng(1).random((6, 2))
    groups = groups_of(np.array([2, 0]), functions.share)
    basis = Bases.of(functions, Kept.believed(np.array([2, 0]), functions.belief), groups).at(X)
    for group in groups:
        expected = basis.deviations if group.has_deviations else np.zeros((0, 6))
        np.testing.assert_array_equal(group.spread(basis), expected)


def test_what_some_groups_need_is_what_they_have_among_all() -> None:
    """The mean and the deviations need all single functions, others their own alone."""
    functions, X = prior_of(*alike()).functions, np.random.default_rng(1).random((6, 2))
    groups = groups_of(np.array([2, 0, 1]), functions.share)
    bases = Bases.of(functions, Kept.believed(np.array([2, 0, 1]), functions.belief), groups)
    expected, n_needed = bases.at(X), []
    for group in (*groups, groups[0].only(np.array([1])), groups[0].only(np.array([3]))):
        some = bases.only([group])
        np.testing.assert_allclose(group.rows(some.at(X)), group.rows(expected), atol=1e-12)
        if group.has_deviations:
            np.testing.assert_allclose(some.at(X).deviations, expected.deviations, atol=1e-12)
        n_needed.append(int(some.needed.sum()))
    assert n_needed == [4, 4, 4, 4, 4, 1, 1, 1]


def test_the_sources_of_an_expert_are_those_that_it_listens_to() -> None:
    experts = experts_of(np.array([4, 7]))
    np.testing.assert_array_equal(experts["source 7, close"].sources, [7])
    np.testing.assert_array_equal(experts["common, distant"].sources, [4, 7])
    np.testing.assert_array_equal(experts["source 4, opposed"].sources, [4])
    assert not len(experts["own"].sources)


def test_posterior_weights_are_prior_weights_times_evidence() -> None:
    target = make_task(bowl(0.45), 5, 9)
    prior = prior_of(*alike(), make_task(bowl(0.9), 25, 5))
    model = prior.weighed(target, NONE)
    groups, experts = zip(*((g, one) for g in model.groups for one in g.experts), strict=True)
    evidence = np.concatenate([one.log_evidence for one in model.krigings])
    tau = np.concatenate([one.tau for one in model.krigings]) * model.scale.scale
    log_odds = evidence + ScalePrior.of([task.y for _, task in prior.some]).log_density(tau)
    before = np.array([one.prior_weight for one in experts])
    expected = before[:, None] * np.exp(log_odds - log_odds.max())
    np.testing.assert_allclose(model.expert_weights, expected / expected.sum())
    told = model.expert_weights.sum(axis=1)
    agreeing = np.maximum(model.agreement, 0.0) / np.maximum(model.agreement, 0.0).sum()
    joint = {1.0: agreeing, -1.0: model.kept.shares}
    assert model.agreement.min() > 0.0  # so that of opposites nothing tells
    for place, k in enumerate(model.kept.sources):
        own = sum(
            w * (joint[g.relation.slope][place] if len(e.sources) > 1 else 1.0)
            for g, e, w in zip(groups, experts, told, strict=True)
            if k in e.sources
        )
        assert model.weights[k] == pytest.approx(own)
