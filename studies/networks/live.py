"""Table of the studies that `python -m studies.tune` made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import TrialState

BUDGETS = (1, 3, 6, 10, 20)
COLUMNS = [*(f"best at {n}" for n in BUDGETS), "test accuracy", "hours", "device hours"]


def live_table(storages: Sequence[str]) -> pd.DataFrame:
    """Means over seeds and tasks of the studies that `studies.tune` names itself.

    Raises:
        ValueError: If the storages hold none.
    """
    rows = [row for url in storages for row in _rows(url)]
    if not rows:
        raise ValueError(f"no studies of studies.tune in {', '.join(storages)}")
    groups = pd.DataFrame(rows).groupby(["space", "task", "sampler"])
    table = groups.mean().reindex(columns=COLUMNS).dropna(axis=1, how="all").round(3)
    return table.astype(object).where(table.notna(), "").assign(runs=groups.size())


def _rows(url: str) -> Iterator[dict[str, Any]]:
    for name in optuna.get_all_study_names(url):
        parts = name.split("/")
        if len(parts) == 5:
            dataset, task, _, space, run = parts
            row = {"space": space, "task": f"{dataset}/{task}", "sampler": run.rsplit("-", 1)[0]}
            yield row | _reached(optuna.load_study(study_name=name, storage=url))


def _reached(study: optuna.Study) -> dict[str, float]:
    """What one study reached, and took."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    best = np.maximum.accumulate([trial.values[0] for trial in trials])
    reached = {f"best at {n}": best[n - 1] for n in BUDGETS if n <= len(best)}
    # A study that went on after its test has a score of another configuration than its best.
    is_of_best = trials and study.user_attrs.get("test_trial") == study.best_trial.number
    reached["test accuracy"] = study.user_attrs["test_accuracy"] if is_of_best else np.nan
    for column, name in (("hours", "seconds"), ("device hours", "device_seconds")):
        reached[column] = sum(trial.user_attrs[name] for trial in trials) / 3600
    return reached
