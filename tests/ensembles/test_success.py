"""Where trials succeed and where they fail, over all studies."""

from __future__ import annotations

import numpy as np
import pytest

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles.success import Success, SuccessModel, SuccessPrior
from optuna_metabo.gp import matern52
from optuna_metabo.surrogate import Posterior, Task

DOMAIN = Domain((Dimension(), Dimension()))
EMPTY, NONE = Task(np.zeros((0, 2)), np.zeros(0)), np.zeros((0, 2))
SAFE, MIDDLE, BAD = np.array([[0.1, 0.5]]), np.array([[0.5, 0.5]]), np.array([[0.9, 0.5]])


def study(border: float, n: int = 30, seed: int = 0) -> Task:
    """Fails beyond a border in x; y does not matter."""
    X = DOMAIN.sample(n, generator=np.random.default_rng(seed))
    return Task(X, np.where(X[:, 0] > border, -1.0, 1.0))


def learn(*sources: Task) -> SuccessPrior:
    prior = Success().learn(sources, DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(prior, SuccessPrior)
    return prior


def after(prior: SuccessPrior, target: Task, X: np.ndarray) -> Posterior:
    return prior.condition(target, NONE).posterior(X)


def test_before_the_first_trial_the_sources_say_where_it_fails() -> None:
    prior = learn(study(0.6, seed=1), study(0.6, seed=2))
    assert after(prior, EMPTY, SAFE).mean > 0.4
    assert after(prior, EMPTY, BAD).mean < -0.4


def test_without_sources_the_own_trials_say_it() -> None:
    prior = learn()
    assert after(prior, study(0.6), SAFE).mean > 0.5
    assert after(prior, study(0.6), BAD).mean < -0.5


def test_where_it_is_certain_the_mean_is_the_label() -> None:
    own = study(0.9, 40)
    found = after(learn(), own, own.X)
    assert 0 < (own.y < 0.0).sum() < 8
    assert np.abs(found.mean - own.y).mean() < 0.25


def test_a_study_that_only_failed_tells_where() -> None:
    X = study(1.0, 10).X * [0.3, 1.0] + [0.7, 0.0]
    failing = Task(X, -np.ones(10))
    with_it, without = learn(study(0.9), failing), learn(study(0.9))
    assert after(with_it, EMPTY, BAD).mean < after(without, EMPTY, BAD).mean - 0.05


def test_own_failures_count_more_than_what_sources_say() -> None:
    """The new study has less memory: it fails where others succeeded."""
    prior = learn(study(0.8, seed=1), study(0.8, seed=2))
    own = study(0.3, 8, seed=3)
    assert after(prior, EMPTY, MIDDLE).mean > 0.3
    assert after(prior, own, MIDDLE).mean < 0.0
    assert after(prior, own, SAFE).mean > 0.3


def test_sources_that_differ_from_each_other_and_the_target_count_less() -> None:
    alike = learn(study(0.6, seed=1), study(0.6, seed=2))
    mirrored = Task(1.0 - study(0.6, seed=2).X, study(0.6, seed=2).y)
    unlike = learn(study(0.6, seed=1), mirrored)
    own = study(0.6, 10, seed=3)
    weights = [prior.condition(own, NONE).weights for prior in (alike, unlike)]
    assert weights[0].shape == (2,)
    assert weights[0].sum() > weights[1].sum() + 0.2
    assert weights[0].sum() <= 1.0


def test_past_studies_weigh_as_much_as_two_studies_correlate() -> None:
    prior = learn(study(0.6, seed=1), study(0.6, seed=2))
    model = prior.condition(study(0.6, 10, seed=3), NONE)
    assert isinstance(model, SuccessModel)
    rho = matern52(model.gp.lengthscale[:, -1] ** -2.0)[0]
    assert model.weights.sum() == pytest.approx(rho)
    np.testing.assert_allclose(model.gp.data.y.std(), 1.0)  # the labels are standardised


def test_columns_that_no_failed_trial_got_to_make_no_difference() -> None:
    known = np.array([True, False])
    source, own = study(0.6, seed=1), study(0.6, 10, seed=3)
    prior = learn(Task(source.X, source.y, known))
    model = prior.condition(Task(own.X, own.y, known), np.array([[0.2, 0.3]]))
    X = np.column_stack([np.full(5, 0.55), np.linspace(0, 1, 5)])
    assert np.ptp(model.posterior(X).mean) == 0.0
    moved = Task(np.column_stack([own.X[:, 0], own.X[::-1, 1]]), own.y, known)
    other = prior.condition(moved, np.array([[0.2, 0.9]]))
    np.testing.assert_array_equal(other.posterior(X).mean, model.posterior(X).mean)


def test_it_is_bounded_and_every_failure_stays() -> None:
    prior = learn(*[study(0.97, 100, seed=i) for i in range(10)])
    assert len(prior.past) == 128
    n_failed = sum(int((study(0.97, 100, seed=i).y < 0).sum()) for i in range(10))
    assert (prior.past.y < 0).sum() == n_failed
    model = prior.condition(study(0.97, 1000), NONE)
    assert len(model.gp.data.y[0]) == 300  # type: ignore[attr-defined]


def test_pending_points_leave_the_mean_and_shrink_the_variance() -> None:
    prior, own = learn(study(0.6)), study(0.6, 6, seed=3)
    free = prior.condition(own, NONE).posterior(MIDDLE)
    pending = prior.condition(own, MIDDLE).posterior(MIDDLE)
    assert pending.mean == pytest.approx(free.mean, abs=1e-6)
    assert (pending.variance < free.variance).all()
