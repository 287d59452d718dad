"""Support vector machines with a conditional space, suggested as the tree that it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from studies.families.lookup import Key, table_task
from studies.families.tasks import Family

ARRAYS = {"kernel", "log2_C", "log2_gamma", "degree", "datasets", "acc"}


@dataclass(frozen=True)
class _Space:
    """A gamma belongs to the RBF kernel alone, a degree to the polynomial one."""

    kernels: list[str]
    log2_C: tuple[int, int]
    gammas: np.ndarray
    degrees: tuple[int, int]

    def suggest(self, trial: optuna.Trial) -> Key:
        """Where a trial stands in the table; a kernel has the parameters that are its own."""
        kernel = trial.suggest_categorical("kernel", self.kernels)
        key: Key = (kernel, trial.suggest_int("log2_C", *self.log2_C))
        if kernel == "rbf":
            key += (trial.suggest_int("gamma", 0, len(self.gammas) - 1),)
        if kernel.startswith("poly"):
            key += (trial.suggest_int("degree", *self.degrees),)
        return key


def tst_svm(path: Path) -> Family:
    """50 data sets x 288 support vector machines with a conditional space; accuracy.

    Args:
        path: An ``.npz`` file with, for each configuration, ``kernel``, ``log2_C``,
            ``log2_gamma`` and ``degree``, and ``acc`` of shape [datasets, configurations]. What it
            has as ``metafeatures``, shape [datasets, features], are the features of the tasks.

    Raises:
        ValueError: If an array is missing.
    """
    table = np.load(path, allow_pickle=False)
    missing = ARRAYS - set(table)
    if missing:
        raise ValueError(f"{path}: no table of support vector machines, it lacks {missing}")
    kernels = [str(one) for one in table["kernel"]]
    gammas = np.unique(table["log2_gamma"][[one == "rbf" for one in kernels]])
    rows = _keys(table, kernels, gammas)
    degrees = [row[2] for row in rows if row[0].startswith("poly")]
    c_range = int(table["log2_C"].min()), int(table["log2_C"].max())
    space = _Space(sorted(set(kernels)), c_range, gammas, (min(degrees), max(degrees)))
    known = table["metafeatures"] if "metafeatures" in table else np.zeros((len(table["acc"]), 0))
    tasks = [
        replace(
            table_task(str(name), "maximize", space.suggest, _values(rows, accuracies)),
            features={f"feature {i}": float(x) for i, x in enumerate(features)},
        )
        for name, accuracies, features in zip(table["datasets"], table["acc"], known, strict=True)
    ]
    return Family("tst_svm", tuple(tasks))


def _keys(table: Mapping[str, Any], kernels: list[str], gammas: np.ndarray) -> list[Key]:
    return [
        (kernel, int(c))
        + ((int(np.searchsorted(gammas, gamma)),) if kernel == "rbf" else ())
        + ((int(degree),) if kernel.startswith("poly") else ())
        for kernel, c, gamma, degree in zip(
            kernels, table["log2_C"], table["log2_gamma"], table["degree"], strict=True
        )
    ]


def _values(rows: list[Key], accuracies: np.ndarray) -> dict[Key, float]:
    return dict(zip(rows, map(float, accuracies), strict=True))
