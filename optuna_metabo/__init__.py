"""Transfer learning for Optuna: a new study starts with what finished studies know."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna_metabo.explanation import Explanation, SourceExplanation
    from optuna_metabo.sampler import MetaGPSampler

__all__ = ["Explanation", "MetaGPSampler", "SourceExplanation"]

_HOMES = {
    "Explanation": "explanation",
    "MetaGPSampler": "sampler",
    "SourceExplanation": "explanation",
}


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used: SciPy takes longer to import than Optuna."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
