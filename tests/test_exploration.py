"""Where a trial goes that is not spent on the place that promises most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.exploration import looks_elsewhere
from optuna_metabo.surrogate import Posterior, Task

Z = np.linspace(0.0, 1.0, 12)[:, None]


@dataclass(frozen=True)
class Sure:
    """Knows the function nearly without a doubt: it ascends."""

    @property
    def weights(self) -> Array:
        return np.zeros(0)

    def posterior(self, X: Array) -> Posterior:
        return Posterior(np.ones(1), X.T, np.full((1, len(X)), 1e-10))


@pytest.mark.parametrize("order", [np.arange(12), np.arange(12)[::-1]])
def test_what_a_place_promises_is_counted_from_the_best_of_all_points(order: Array) -> None:
    """Not from the first of them."""
    task = Task(Z[order], Z[order, 0])
    for x, elsewhere in ((0.5, True), (0.9999, True), (1.1, False)):
        found = looks_elsewhere([Sure()], [task], np.array([[x]]), 12, with_past=True)
        assert found == elsewhere
