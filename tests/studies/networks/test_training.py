"""Training and scores."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks are torch's")

from studies.networks.data import Prepared, Split
from studies.networks.training import Settings, evaluate, macro_scores, make_optimizer, train


def test_scores_equal_a_hand_count() -> None:
    labels, predicted = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 1, 1, 1, 0, 1])
    scores = macro_scores(labels, predicted, 4)  # classes 2 and 3 are never predicted
    assert scores.accuracy == 3 / 6
    assert scores.precision == pytest.approx((1 / 2 + 2 / 4) / 4)
    assert scores.recall == pytest.approx((1 / 2 + 2 / 3) / 4)
    assert scores.f1 == pytest.approx((2 * 1 / 4 + 2 * 2 / 7) / 4)


def split(n: int) -> Split:
    """Two clouds of points."""
    labels = torch.arange(n) % 2
    generator = torch.Generator().manual_seed(n)
    return Split(torch.randn(n, 2, generator=generator) + 4.0 * labels[:, None], labels)


@pytest.mark.parametrize("optimizer", ["Adam", "SGD"])
def test_a_linear_layer_learns_two_clouds_and_a_report_ends_it(optimizer: str) -> None:
    data = Prepared(split(64), split(32), split(30), 2, 0)
    torch.manual_seed(0)
    network = torch.nn.Linear(2, 2)
    settings = Settings(optimizer, lr=0.1, batch_size=8, epochs=9)
    run = train(network, data, settings, lambda epoch, accuracy: epoch == 3)
    assert run.epochs == 3
    assert not run.diverged
    assert evaluate(network, data.test).accuracy > 0.8


def test_an_unknown_optimizer_raises() -> None:
    settings = dataclasses.replace(Settings("SGD", 0.1, 8, 1), optimizer="LBFGS")
    with pytest.raises(ValueError, match="'LBFGS'"):
        make_optimizer(torch.nn.Linear(1, 1), settings)
