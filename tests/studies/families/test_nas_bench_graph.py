"""Graph networks."""

from __future__ import annotations

import pytest

from studies.families import load
from tests.studies.families.asking import ask


def test_graph_networks_that_are_the_same_share_a_row_and_none_is_missing() -> None:
    pytest.importorskip("nas_bench_graph")
    family = load("nas-bench-graph")
    assert len(family.tasks) == 8
    task = family.tasks[0]
    nodes = {"node0": "gcn", "node1": "gin", "node2": "fc", "node3": "cheb"}
    swapped = {**nodes, "node0": "gin", "node1": "gcn"}
    one, other = (ask(task, {"structure": "0000", **ops})[0] for ops in (nodes, swapped))
    assert one.user_attrs["row"] == other.user_attrs["row"]
    nothing = dict.fromkeys(nodes, "skip")
    trial, value = ask(task, {"structure": "0123", **nothing})
    assert trial.user_attrs["row"] == ""
    assert value < task.scale()[1]
