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


def test_tasks_without_a_difference_are_left_out_of_the_test() -> None:
    apart = np.array([-0.5, -0.4, -0.3, -0.2, 0.1, -0.6, -0.7, 0.05])
    means = pd.DataFrame({"metagp": np.r_[apart, np.zeros(6)], "gp": np.zeros(14)})
    expected = wilcoxon(apart, method="asymptotic").pvalue
    assert wilcoxon_holm(means, "metagp")["p (Holm)"].tolist() == [f"{expected:.2g}"]


def test_differences_within_the_margin_are_ties() -> None:
    means = pd.DataFrame({"metagp": [0.1, 0.2, 0.3, 0.4], "gp": [0.2, 0.2, 0.305, 0.3]})
    assert wilcoxon_holm(means, "metagp")["won/tied/lost"].tolist() == ["2/1/1"]
    assert wilcoxon_holm(means, "metagp", 0.01)["won/tied/lost"].tolist() == ["1/2/1"]
