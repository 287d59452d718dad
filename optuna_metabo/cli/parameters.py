"""Parameters as a table and as JSON tell them."""

from __future__ import annotations

import json
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    IntDistribution,
    distribution_to_json,
)

from optuna_metabo.encoding import numeric
from optuna_metabo.explanation.names import abridged


def for_programs(distribution: BaseDistribution) -> dict[str, Any]:
    """As Optuna's ``distribution_to_json`` writes it."""
    return dict(json.loads(distribution_to_json(distribution)))


def in_words(distribution: BaseDistribution) -> str:
    """As ``float 0.001 to 1000, log``."""
    if isinstance(distribution, CategoricalDistribution):
        return abridged(map(str, distribution.choices))
    distribution = numeric(distribution)
    kind, usual = ("int", 1) if isinstance(distribution, IntDistribution) else ("float", None)
    low, high = (f"{one:.12g}" for one in (distribution.low, distribution.high))
    step = "" if distribution.step == usual else f" by {distribution.step:.12g}"
    return f"{kind} {low} to {high}{step}{', log' * distribution.log}"
