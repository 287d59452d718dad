"""MetaGPSampler of the package optuna-metabo, as a package of OptunaHub."""

from __future__ import annotations

from optuna_metabo import MetaGPSampler

__all__ = ["MetaGPSampler"]
