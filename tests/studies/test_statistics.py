"""Tests over tasks, against SciPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare, wilcoxon

from studies.statistics import friedman, wilcoxon_holm


def test_tests_agree_with_scipy() -> None:
    generator = np.random.default_rng(0)
    means = pd.DataFrame(generator.random((12, 3)), columns=["metagp", "gp", "tpe"])
    means["metagp"] -= 0.5
    expected = friedmanchisquare(*means.to_numpy().T)
    assert friedman(means) == pytest.approx((expected.statistic, expected.pvalue))
    table = wilcoxon_holm(means, "metagp")
    raw = [wilcoxon(means["metagp"] - means[name]).pvalue for name in ("gp", "tpe")]
    holm = np.maximum.accumulate(np.sort(raw) * [2, 1])
    np.testing.assert_allclose(np.sort(table["p (Holm)"].astype(float)), holm, rtol=0.1)
