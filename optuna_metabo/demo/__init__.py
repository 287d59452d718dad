"""The demonstration: related classification tasks on scikit-learn's digits.

``PAST`` are the tasks that are tuned first, ``NEW`` the one that profits from them, and ``GRID``
the values of each parameter that a grid search goes through.
"""

from __future__ import annotations

from optuna_metabo.demo.tasks import GRID, NEW, PAST, DigitsTask

__all__ = ["GRID", "NEW", "PAST", "DigitsTask"]
