"""The learned ranker."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from optuna_metabo import MetaGPSampler
from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles.ranknet import RankNet
from optuna_metabo.surrogate import Task
from tests.ensembles.bowls import DOMAIN, EMPTY, NONE, alike, bowl, make_task


def test_without_torch_the_sampler_is_not_made_and_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"optuna-metabo\[ranknet\]"):
        MetaGPSampler(surrogate="ranknet")


def test_it_ranks_like_its_sources_and_then_like_the_target() -> None:
    torch = pytest.importorskip("torch")
    state = torch.random.get_rng_state()
    prior = RankNet().learn(alike(), DOMAIN, generator=np.random.default_rng(0))
    X = DOMAIN.sample(256, generator=np.random.default_rng(1))
    first = prior.condition(EMPTY, NONE).posterior(X)
    assert np.corrcoef(first.mean, bowl(0.3)(X))[0, 1] > 0.8
    assert (first.variances > 0).all()
    target = make_task(bowl(0.6), 20, 9)
    later = prior.condition(target, NONE).posterior(X)
    truth = bowl(0.6)(X)
    assert np.corrcoef(later.mean, truth)[0, 1] > np.corrcoef(first.mean, truth)[0, 1]
    assert torch.equal(state, torch.random.get_rng_state())


def test_it_ranks_the_values_of_a_single_parameter() -> None:
    """Its first layer has one row there, as a bias has."""
    pytest.importorskip("torch")
    X, line = np.random.default_rng(0).random((3, 25, 1)), np.linspace(0.0, 1.0, 64)[:, None]
    sources = [Task(x, -((x[:, 0] - 0.3) ** 2)) for x in X]
    prior = RankNet().learn(sources, Domain((Dimension(),)), generator=np.random.default_rng(0))
    mean = prior.condition(Task(X[0, :0], np.zeros(0)), X[0, :0]).posterior(line).mean
    assert np.corrcoef(mean, -((line[:, 0] - 0.3) ** 2))[0, 1] > 0.8


def test_what_a_source_lacks_does_not_count_as_its_low_end() -> None:
    """One that lacks the second parameter says the same of the first wherever that stands."""
    pytest.importorskip("torch")
    knowing = [make_task(bowl(0.2), 25, seed) for seed in range(2)]
    lacking = [
        replace(make_task(bowl(0.8), 25, seed), known=np.array([True, False])) for seed in (2, 3)
    ]
    prior = RankNet().learn([*knowing, *lacking], DOMAIN, generator=np.random.default_rng(0))
    x = np.linspace(0, 1, 32)
    low, high = (np.column_stack([x, np.full(32, y)]) for y in (0.0, 1.0))
    posterior = prior.condition(EMPTY, NONE).posterior
    assert np.corrcoef(posterior(low).mean, posterior(high).mean)[0, 1] > 0.8
