"""Points under way."""

from __future__ import annotations

import numpy as np

from optuna_metabo.ensembles.under_way import UnderWay


def test_next_to_many_points_at_one_place_something_is_left_whose_logarithm_is_no_abyss() -> None:
    X = np.full((50, 2), 0.3)
    left = UnderWay(X, np.array([0.5, 0.5])).left(np.array([[0.3, 0.3], [0.9, 0.9], [40.0, 0.3]]))
    assert 1e-10 <= left[0] < 1e-8
    assert 0.1 < left[1] < left[2]
    assert left[2] > 0.999
