"""How far from the optimum a value is."""

from __future__ import annotations

from typing import Any

import numpy as np


def regret(value: Any, best: float, median: float) -> Any:
    """(best - value) / (best - median), in [0, 1], for either direction.

    Args:
        value: A number, or an array or pandas column of them.
        best: The optimum.
        median: The value of the median configuration; it and all that is worse have regret 1.
            Where it is the optimum it has none.
    """
    if best == median:
        return 1.0 * (value != best)
    return np.clip((best - value) / (best - median), 0.0, 1.0)
