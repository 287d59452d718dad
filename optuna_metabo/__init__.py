"""Transfer learning for Optuna: a new study starts with what finished studies know."""

from __future__ import annotations

from optuna_metabo.explanation import Explanation, SourceExplanation
from optuna_metabo.sampler import MetaGPSampler

__all__ = ["Explanation", "MetaGPSampler", "SourceExplanation"]
