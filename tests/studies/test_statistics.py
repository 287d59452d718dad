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


def test_differences_within_the_margin_are_ties() -> None:
    means = pd.DataFrame({"metagp": [0.1, 0.2, 0.3, 0.4], "gp": [0.2, 0.2, 0.305, 0.3]})
    assert wilcoxon_holm(means, "metagp")["won/tied/lost"].tolist() == ["2/1/1"]
    assert wilcoxon_holm(means, "metagp", 0.01)["won/tied/lost"].tolist() == ["1/2/1"]
