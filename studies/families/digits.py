"""The tasks of the package's demonstration, trained live."""

from __future__ import annotations

from studies.families.tasks import Family, TuningTask


def digits() -> Family:
    """5 live tasks of the demo: support vector machines on variants of scikit-learn's digits."""
    from optuna_metabo.demo import GRID, NEW, PAST

    tasks = [
        TuningTask(one.name, "maximize", one.objective(), grid=dict(GRID)) for one in (*PAST, NEW)
    ]
    return Family("digits", tuple(tasks))
