"""Acquisition functions, and their maximiser over mixed spaces."""

from __future__ import annotations

from optuna_metabo.acquisition.ascent import Acquisition
from optuna_metabo.acquisition.feasibility import log_probability_of_feasibility
from optuna_metabo.acquisition.hypervolume import (
    boxes,
    log_expected_hypervolume_improvement,
    nondominated,
    thin,
)
from optuna_metabo.acquisition.logei import log_expected_improvement
from optuna_metabo.acquisition.optimize import NATS, maximise
from optuna_metabo.acquisition.subspace import Subspace
from optuna_metabo.acquisition.ties import settled_as

__all__ = [
    "NATS",
    "Acquisition",
    "Subspace",
    "boxes",
    "log_expected_hypervolume_improvement",
    "log_expected_improvement",
    "log_probability_of_feasibility",
    "maximise",
    "nondominated",
    "settled_as",
    "thin",
]
