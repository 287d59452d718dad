"""Transfer learning for Optuna: a new study starts with what finished studies know."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna_metabo.domain import Domain
    from optuna_metabo.ensembles.averaging import Averaging
    from optuna_metabo.explanation import Explanation, SourceExplanation
    from optuna_metabo.importing import import_history
    from optuna_metabo.prior_file import PriorFileError
    from optuna_metabo.sampler import MetaGPSampler
    from optuna_metabo.surrogate import Model, Posterior, Prior, Surrogate, Task
    from optuna_metabo.transfer_prior import TransferPrior

__all__ = [
    "Averaging",
    "Domain",
    "Explanation",
    "MetaGPSampler",
    "Model",
    "Posterior",
    "Prior",
    "PriorFileError",
    "SourceExplanation",
    "Surrogate",
    "Task",
    "TransferPrior",
    "import_history",
]

_HOMES = {
    "Averaging": "ensembles.averaging",
    "Domain": "domain",
    "Explanation": "explanation",
    "MetaGPSampler": "sampler",
    "PriorFileError": "prior_file",
    "SourceExplanation": "explanation",
    "TransferPrior": "transfer_prior",
    "import_history": "importing",
    **dict.fromkeys(("Model", "Posterior", "Prior", "Surrogate", "Task"), "surrogate"),
}


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used: SciPy takes longer to import than Optuna."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
