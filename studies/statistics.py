"""Tests over tasks, by SciPy, statsmodels and scikit-posthocs (after Demsar 2006)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, wilcoxon
from statsmodels.stats.multitest import multipletests


def friedman(means: pd.DataFrame) -> tuple[float, float]:
    """Statistic and p-value of the hypothesis that all columns rank alike; rows are tasks."""
    result = friedmanchisquare(*(means[name] for name in means))
    return float(result.statistic), float(result.pvalue)


def wilcoxon_holm(means: pd.DataFrame, ours: str, margin: float = 0.0) -> pd.DataFrame:
    """Signed-rank tests of one column against each other, corrected by Holm's method.

    Tasks on which two are exactly equal are left out of their test, as Wilcoxon did; Demsar splits
    them between both.

    Args:
        means: Regret of tasks (rows) by samplers (columns).
        ours: The column that is compared.
        margin: Differences that count as ties, of the tasks won, tied and lost.

    Returns:
        For each other sampler the median difference (negative where ours is better), the number of
        tasks won, tied and lost, and the corrected p-value.
    """
    others = [name for name in means if name != ours]
    rows, p_values = [], []
    for name in others:
        difference = means[ours] - means[name]
        all_tied = bool(np.allclose(difference, 0.0))
        p_values.append(1.0 if all_tied else float(wilcoxon(difference).pvalue))
        won, lost = (difference < -margin).sum(), (difference > margin).sum()
        counts = won, len(difference) - won - lost, lost
        rows.append((f"{difference.median():+.3f}", "/".join(map(str, counts))))
    corrected = multipletests(p_values, method="holm")[1]
    table = pd.DataFrame(rows, index=others, columns=["median difference", "won/tied/lost"])
    table["p (Holm)"] = [f"{p:.2g}" for p in corrected]
    return table.rename_axis("sampler")
