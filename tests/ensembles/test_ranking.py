"""How well predictions order observations."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optuna_metabo.ensembles.ranking import held_out_ranking_loss, ranking_loss

Loss = Callable[[np.ndarray, np.ndarray], np.ndarray]
few_values = st.sampled_from([-1.5, 0.0, 0.25, 2.0])
points = st.lists(st.tuples(few_values, few_values), min_size=1, max_size=8).map(np.array)


def step(difference: float) -> float:
    return 1.0 if difference > 0 else 0.5 if difference == 0 else 0.0


def by_pairs(f: np.ndarray, y: np.ndarray) -> float:
    pairs = [(i, j) for i, j in permutations(range(len(y)), 2) if y[i] < y[j]]
    return float(np.mean([step(f[i] - f[j]) for i, j in pairs])) if pairs else 0.5


def by_held_out_pairs(f: np.ndarray, y: np.ndarray) -> float:
    pairs = [(i, j) for i, j in permutations(range(len(y)), 2) if y[i] < y[j]]
    wrong = [(step(f[i] - y[j]) + step(y[i] - f[j])) / 2 for i, j in pairs]
    return float(np.mean(wrong)) if pairs else 0.5


@pytest.mark.parametrize(
    ("loss", "oracle"), [(ranking_loss, by_pairs), (held_out_ranking_loss, by_held_out_pairs)]
)
@given(several=points)
def test_it_is_the_mean_over_pairs(
    loss: Loss, oracle: Callable[[np.ndarray, np.ndarray], float], several: np.ndarray
) -> None:
    f, y = several.T
    found = loss(np.stack([f, -f, np.zeros(len(y))])[:, None], y)
    expected = [[oracle(one, y)] for one in (f, -f, np.zeros(len(y)))]
    np.testing.assert_allclose(found, expected, atol=1e-15)


@pytest.mark.parametrize("loss", [ranking_loss, held_out_ranking_loss])
def test_the_memory_is_that_of_the_predictions_not_of_the_pairs(loss: Loss) -> None:
    generator = np.random.default_rng(0)
    f, y = generator.standard_normal((4, 64, 300)), generator.standard_normal(300)
    tracemalloc.start()
    loss(f, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * f.nbytes  # the pairs are 150 times as many
