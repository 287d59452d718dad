"""Exact Gaussian processes with a Matérn-5/2 kernel."""

from __future__ import annotations

from optuna_metabo.gp.exact import GP
from optuna_metabo.gp.fit import HyperparameterPrior, fit_map
from optuna_metabo.gp.kernel import Hyperparameters, correlation, matern52, squared_distance

__all__ = [
    "GP",
    "HyperparameterPrior",
    "Hyperparameters",
    "correlation",
    "fit_map",
    "matern52",
    "squared_distance",
]
