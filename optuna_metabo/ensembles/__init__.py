"""Surrogates: one paper, one file. Each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from optuna_metabo.surrogate import Surrogate

_BY_NAME = {
    "auto": ("averaging", "Averaging"),
    "none": ("plain", "NoTransfer"),
    "ranknet": ("ranknet", "RankNet"),
    "rgpe": ("rgpe", "RGPE"),
    "stacking": ("stacking", "Stacking"),
    "tst": ("tst", "TwoStageTransfer"),
}


def by_name(name: str) -> Surrogate:
    """The surrogate of that name.

    Raises:
        ValueError: If there is none.
    """
    if name not in _BY_NAME:
        raise ValueError(f"surrogate must be one of {sorted(_BY_NAME)}, got {name!r}")
    module, attribute = _BY_NAME[name]
    surrogate: Surrogate = getattr(import_module(f"{__name__}.{module}"), attribute)()
    return surrogate
