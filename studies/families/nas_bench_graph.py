"""NAS-Bench-Graph: 8 unlike graph data sets x 26,206 graph networks (Qin et al. 2022).

The tables are those of the package ``nas-bench-graph``.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import optuna

from studies.families.tasks import Family, TuningTask

# "proteins" is left out: it has five operations, the others nine.
DATASETS = ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv")
NODES = 4


def nas_bench_graph() -> Family:
    """Validation accuracy, mean over seeds; a structure and an operation for each of 4 nodes.

    A structure is the inputs of the nodes: ``"0012"`` connects the first two to the data, the
    third to the first and the last to the second.
    """
    from nas_bench_graph import light_read

    tasks = [_task(name, light_read(name)) for name in DATASETS]
    return Family("nas-bench-graph", tuple(tasks))


def _task(name: str, table: dict[int, dict[str, float]]) -> TuningTask:
    from nas_bench_graph.architecture import gnn_list, link_list

    values = {code: float(row["valid_perf"]) for code, row in table.items()}
    rows = {code: row for row, code in enumerate(values)}
    structures = ["".join(map(str, links)) for links in link_list]
    worst, numbers = min(values.values()), np.array(list(values.values()))

    def objective(trial: optuna.Trial) -> float:
        structure = trial.suggest_categorical("structure", structures)
        nodes = [trial.suggest_categorical(f"node{i}", gnn_list) for i in range(NODES)]
        code = _code(structure, tuple(nodes))
        trial.set_user_attr("row", rows.get(code, ""))
        # Of 9 x 9^4 networks the nine that only skip are no networks.
        return values.get(code, worst)

    grid: dict[str, list[Any]] = {"structure": structures}
    grid |= {f"node{i}": list(gnn_list) for i in range(NODES)}
    best, median = float(numbers.max()), float(np.median(numbers))
    return TuningTask(name, "maximize", objective, best, median, grid)


@functools.cache
def _code(structure: str, nodes: tuple[str, ...]) -> int:
    """The row's key: one for all ways of writing one network."""
    from nas_bench_graph import Arch

    return int(Arch([int(one) for one in structure], list(nodes)).valid_hash())
