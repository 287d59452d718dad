"""What parameters may do that sources lack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles import averaging
from optuna_metabo.ensembles import beyond as module
from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.beyond import NOTHING, Beyond, Lacking
from optuna_metabo.ensembles.experts import RIVAL, lacking
from optuna_metabo.ensembles.kriging import Kernel
from optuna_metabo.ensembles.screening import Kept
from optuna_metabo.gp.kernel import matern52, squared_distance
from optuna_metabo.tasks import Task

LACKS_Z, ALL, ONLY_Z = np.array([True, True, False]), np.ones(3, bool), np.array([0, 0, 1]) > 0
X = np.random.default_rng(1).random((20, 3))


def known(Z: Array) -> Array:
    return np.asarray(-((Z[:, 0] - 0.3) ** 2) - (Z[:, 1] - 0.6) ** 2)


def with_z(n: int, seed: int) -> Task:
    Z = np.random.default_rng(seed).random((n, 3))
    return Task(Z, known(Z) - 8.0 * (Z[:, 2] - 0.4) ** 2)


def lack_z(n_sources: int = 3) -> list[Task]:
    points = np.random.default_rng(3).random((n_sources, 30, 3))
    return [Task(Z, known(Z), LACKS_Z) for Z in points]


def noise(n: int, columns: Array = ALL) -> Task:
    generator = np.random.default_rng(8)
    return Task(generator.random((n, 3)), generator.standard_normal(n), columns)


def unrelated() -> Task:
    Z = np.random.default_rng(9).random((30, 3))
    return Task(Z, np.sin(7.0 * Z[:, 0]) + np.cos(5.0 * Z[:, 1]) + np.sin(4.0 * Z[:, 2]))


def prior_of(sources: Sequence[Task]) -> AveragingPrior:
    domain = Domain((Dimension(),) * 3)
    found = Averaging().learn(sources, domain, generator=np.random.default_rng(0))
    assert isinstance(found, AveragingPrior)
    return found


def own(*more: Task) -> float:
    """The rival's weight where what three sources lack matters more than all they know."""
    return prior_of([*lack_z(), *more]).weighed(with_z(12, 5), X[:0]).weight(RIVAL)


def test_sources_are_believed_though_what_they_lack_matters_more_than_all_they_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without it the rival has nearly all of the weight: the scale of the values is another."""
    assert own() < 0.1
    monkeypatch.setattr(module, "_SIZES", (1e-9,))
    assert own() > 0.5


@pytest.mark.parametrize("more", [noise(30), noise(8, ONLY_Z), unrelated()])
def test_a_source_that_has_it_takes_nothing_from_those_that_lack_it(more: Task) -> None:
    assert own(more) < 0.1


def test_a_source_that_has_it_and_is_right_is_believed_most() -> None:
    model = prior_of([*lack_z(), with_z(30, 7)]).weighed(with_z(12, 5), X[:0])
    assert model.weights.argmax() == 3
    assert model.weight(RIVAL) < 0.1


def test_each_function_lacks_what_its_own_sources_do() -> None:
    """What all have in common what any of them does, their mean what most do."""
    functions = prior_of([*lack_z(), with_z(30, 7), with_z(30, 8)]).functions
    rows = [~LACKS_Z] * 3 + [~ALL] * 2
    for shares, of_mean in (([0.2] * 5, ~LACKS_Z), ([0.1, 0.1, 0.1, 0.3, 0.4], ~ALL)):
        found = lacking(functions, Kept(np.arange(5), np.array(shares)))
        np.testing.assert_array_equal(found.of_each, [*rows, ~LACKS_Z, of_mean, ~ALL])


def test_where_sources_know_all_nothing_is_beyond() -> None:
    model = prior_of([with_z(30, i) for i in range(3)]).weighed(with_z(6, 5), X[:0])
    assert {group.beyond for group in model.groups} == {NOTHING}
    assert set(model.kernels) == {"own", "shared"}
    assert len(model.groups) == 6


def test_the_rival_lacks_nothing() -> None:
    model = prior_of(lack_z()).weighed(with_z(6, 5), X[:0])
    assert {group.beyond.is_nothing for group in model.groups[:-1]} == {False}
    assert model.groups[-1].beyond is NOTHING


def test_it_is_a_function_of_the_lacking_columns_alone() -> None:
    kernel = Kernel(np.array([0.3, 1.0, 1.2]), 0.1)
    found = Lacking.of(np.array([[0, 1, 1], [0, 0, 0], [0, 1, 1]]) > 0).kernels(kernel)
    (one,) = found.values()
    columns = squared_distance(X[:, 1:], X[:, 1:], kernel.lengthscale[1:])
    np.testing.assert_allclose(one.correlation(X, X), matern52(columns), atol=1e-12)


def test_sources_are_chosen_by_what_is_beyond_them_as_they_are_weighed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the new study's own lengthscales, not with those of sources that know the parameter."""
    asked, evidence = [], averaging.distant_evidence
    monkeypatch.setattr(
        averaging, "distant_evidence", lambda *parts: asked.append(parts[0]) or evidence(*parts)
    )
    prior = prior_of([*lack_z(13), *(with_z(12, seed) for seed in range(13))])
    model = prior.weighed(with_z(12, 50), X[:0])
    (kernels,) = asked
    assert set(kernels) == set(model.kernels) == {"own", "shared", "lacking [2]"}
    for name, kernel in model.kernels.items():
        np.testing.assert_array_equal(kernels[name].lengthscale, kernel.lengthscale)
    assert model.kernels["shared"].lengthscale[2] != model.kernels["own"].lengthscale[2]


def test_of_many_sets_those_of_the_most_weight_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others count as what most of those functions lack that have none of these."""
    monkeypatch.setattr(module, "_MAX_SETS", 3)
    lacks = np.array([[0, 0, 1], [1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 0, 1]]) > 0
    weight = np.array([1.0, 3.0, 0.4, 0.5, 1.0])
    found = Lacking.of(lacks).fewer(weight).of_each
    np.testing.assert_array_equal(found[[0, 1, 4]], lacks[[0, 1, 4]])
    np.testing.assert_array_equal(found[[2, 3]], [[True, False, True]] * 2)
    np.testing.assert_array_equal(Lacking.of(lacks[:3]).fewer(weight[:3]).of_each, lacks[:3])


def test_where_nothing_tells_its_size_is_the_usual_one() -> None:
    usual = Beyond("one", module._SIZES[0])
    assert usual.likeliest(lambda one: 0.0) == usual


def test_a_choice_that_no_source_had_is_as_unknown_as_a_parameter_that_all_lack() -> None:
    domain = Domain((Dimension(), Dimension(n_choices=3)))

    def made(n: int, seed: int, choices: int) -> Task:
        generator = np.random.default_rng(seed)
        x, choice = generator.random(n), generator.integers(choices, size=n)
        return Task(np.column_stack([x, np.eye(3)[choice]]), -((x - 0.3) ** 2) - 0.1 * choice)

    sources = [made(30, seed, 2) for seed in range(4)]
    prior = Averaging().learn(sources, domain, generator=np.random.default_rng(0))
    model = prior.condition(made(4, 9, 2), np.zeros((0, 4)))
    known, new = model.posterior(np.array([[0.3, 1.0, 0.0, 0.0], [0.3, 0.0, 0.0, 1.0]])).variance
    assert new > 10.0 * known
