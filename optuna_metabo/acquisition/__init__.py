"""Acquisition functions, and their maximiser over mixed spaces."""

from __future__ import annotations

from optuna_metabo.acquisition.logei import log_expected_improvement
from optuna_metabo.acquisition.optimize import Subspace, maximise

__all__ = ["Subspace", "log_expected_improvement", "maximise"]
