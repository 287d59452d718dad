"""The tasks of the package's demonstration, trained live."""

from __future__ import annotations

from studies.families.tasks import Family, TuningTask


def digits() -> Family:
    """5 live tasks of the demo: support vector machines on variants of scikit-learn's digits."""
    from optuna_metabo.demo import GRID, NEW, PAST

    chosen = (*PAST[:4], NEW)  # the demo has more; the results are of these
    tasks = [TuningTask(one.name, "maximize", one.objective(), grid=dict(GRID)) for one in chosen]
    return Family("digits", tuple(tasks))
