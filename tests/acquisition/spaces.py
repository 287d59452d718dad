"""Where the tests of acquisitions search."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition import Subspace
from optuna_metabo.domain import Domain


def whole(domain: Domain, taken: Array | None = None) -> Subspace:
    """All of a domain, less some points."""
    p = len(domain.groups)
    none = np.zeros((0, p))
    return Subspace(domain, np.zeros(p, dtype=bool), np.zeros(p), none if taken is None else taken)
