"""The formula of regret."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.regret import regret


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_regret_is_one_from_the_median_down_and_zero_at_the_optimum(sign: float) -> None:
    values = sign * np.array([-9.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(regret(values, sign * 4.0, sign * 2.0), [1.0, 1.0, 0.5, 0.0])


def test_a_column_stays_a_column() -> None:
    column = pd.Series([3.0, 4.0], index=[7, 8])
    pd.testing.assert_series_equal(regret(column, 4.0, 2.0), pd.Series([0.5, 0.0], index=[7, 8]))


def test_where_the_median_is_the_optimum_only_the_optimum_has_no_regret() -> None:
    """As on a live task whose values are all equal."""
    np.testing.assert_array_equal(regret(np.array([1.0, 0.5]), 1.0, 1.0), [0.0, 1.0])
    assert [float(regret(value, 1.0, 1.0)) for value in (1.0, 2.0)] == [0.0, 1.0]
    found = regret(pd.Series([1.0, 1.0], index=[7, 8]), 1.0, 1.0)
    pd.testing.assert_series_equal(found, pd.Series([0.0, 0.0], index=[7, 8]))
