"""Transfer learning for Optuna: a new study starts with what finished studies know."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna_metabo.dashboard import MetaGPCallback
    from optuna_metabo.domain import Condition, Dimension, Domain, Lattice
    from optuna_metabo.ensembles.averaging import Averaging
    from optuna_metabo.explanation import (
        Explanation,
        FeaturesExplanation,
        Origin,
        Prediction,
        SourceExplanation,
        TrialExplanation,
    )
    from optuna_metabo.importing import import_history
    from optuna_metabo.prior_file import PriorFileError
    from optuna_metabo.reading import NoSuchStorage
    from optuna_metabo.sampler import MetaGPSampler
    from optuna_metabo.surrogate import Model, Posterior, Prior, Surrogate, TransferModel
    from optuna_metabo.tasks import Task
    from optuna_metabo.transfer_prior import TransferPrior

__all__ = [
    "Averaging",
    "Condition",
    "Dimension",
    "Domain",
    "Explanation",
    "FeaturesExplanation",
    "Lattice",
    "MetaGPCallback",
    "MetaGPSampler",
    "Model",
    "NoSuchStorage",
    "Origin",
    "Posterior",
    "Prediction",
    "Prior",
    "PriorFileError",
    "SourceExplanation",
    "Surrogate",
    "Task",
    "TransferModel",
    "TransferPrior",
    "TrialExplanation",
    "__version__",
    "import_history",
]

_HOMES = {
    "Averaging": "ensembles.averaging",
    **dict.fromkeys(("Condition", "Dimension", "Domain", "Lattice"), "domain"),
    "MetaGPCallback": "dashboard",
    "MetaGPSampler": "sampler",
    **dict.fromkeys(
        (
            "Explanation",
            "FeaturesExplanation",
            "Origin",
            "Prediction",
            "SourceExplanation",
            "TrialExplanation",
        ),
        "explanation",
    ),
    "NoSuchStorage": "reading",
    "PriorFileError": "prior_file",
    "TransferPrior": "transfer_prior",
    "import_history": "importing",
    "Task": "tasks",
    **dict.fromkeys(("Model", "Posterior", "Prior", "Surrogate", "TransferModel"), "surrogate"),
}
_MODULES = ("dashboard", "logging", "visualization")


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used: SciPy takes longer to import than Optuna."""
    if name == "__version__":
        return version("optuna-metabo")
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, those that are not loaded yet included."""
    return sorted([*__all__, *_MODULES])
