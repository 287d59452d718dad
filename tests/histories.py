"""Tables that are imported: what the tests of reading and of inferring share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution

from optuna_metabo import import_history

MINIMIZE_Y = {"y": "minimize"}


def csv_file(folder: Path, text: str) -> Path:
    path = folder / "runs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def imported(values: list[Any], kind: Any = None) -> optuna.Study:
    rows = [{"params.x": value, "y": i} for i, value in enumerate(values)]
    given = {} if kind is None else {"x": kind}
    return import_history(rows, MINIMIZE_Y, study_name="one", distributions=given)


def space(study: optuna.Study) -> dict[str, BaseDistribution]:
    return {name: one for trial in study.trials for name, one in trial.distributions.items()}


def column(values: list[Any], kind: Any = None) -> BaseDistribution:
    return space(imported(values, kind))["x"]
