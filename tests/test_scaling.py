"""The values of a study as a search looks at them."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.belief import Belief
from optuna_metabo.scaling import searched, without_outliers
from optuna_metabo.surrogate import Prior, Task

PRIOR, GROUPS = cast(Prior, None), np.arange(2)


def belief(y: Array) -> Belief:
    return Belief(Task(np.random.default_rng(0).random((len(y), 2)), y), PRIOR)


@pytest.mark.parametrize(("n", "is_drawn"), [(9, False), (10, True)])
def test_from_the_tenth_value_on_diverged_ones_are_drawn_in(n: int, is_drawn: bool) -> None:
    told = belief(np.r_[-1e9, np.linspace(0.0, 1.0, n - 1)])
    found = without_outliers(told).seen
    assert (found.y.min() > -10.0) == is_drawn
    np.testing.assert_array_equal(found.y[1:], told.seen.y[1:])


def test_each_objective_has_a_scale_of_its_own() -> None:
    way = np.abs(belief(np.zeros(20)).seen.X - 0.4).sum(axis=1)
    loss = 10.0 ** (8.0 * way)
    plain, decades = belief(way), belief(-loss)
    found, logarithm = (one.seen.y for one in searched([plain, decades], GROUPS))
    np.testing.assert_array_equal(found, without_outliers(plain).seen.y)
    best = np.argsort(loss)[:10]
    np.testing.assert_allclose(logarithm[best], -np.log(loss + loss.min())[best])
