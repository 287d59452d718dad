"""The demonstration: related classification tasks on scikit-learn's digits.

``PAST`` are the tasks that are tuned first, ``MISLEADING`` one more that logs its error instead
of its accuracy, ``NEW`` the one that profits from them, and ``GRID`` the values of each parameter
that a grid search goes through.
"""

from __future__ import annotations

from optuna_metabo.demo.tasks import GRID, MISLEADING, NEW, PAST, DigitsTask

__all__ = ["GRID", "MISLEADING", "NEW", "PAST", "DigitsTask"]
