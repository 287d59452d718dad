"""Why the sampler proposes what it proposes: which past studies it listens to, and how much."""

from __future__ import annotations

from optuna_metabo.explanation.explain import explain
from optuna_metabo.explanation.origin import Origin
from optuna_metabo.explanation.parts import (
    Explanation,
    FeaturesExplanation,
    SourceExplanation,
    TrialExplanation,
)
from optuna_metabo.explanation.predictions import Prediction
from optuna_metabo.explanation.retrospect import Retrospect

__all__ = [
    "Explanation",
    "FeaturesExplanation",
    "Origin",
    "Prediction",
    "Retrospect",
    "SourceExplanation",
    "TrialExplanation",
    "explain",
]
