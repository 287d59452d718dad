"""What the tests of several rooms use."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def toy(tmp_path: Path) -> str:
    """A family's file: three tasks on a grid of 5 x 3 points, best at x = 1, 2, 3."""
    rows = [
        (f"task-{shift}", x, kind, -((x - shift) ** 2) - (kind == "b"))
        for shift in (1, 2, 3)
        for x in range(5)
        for kind in "abc"
    ]
    path = tmp_path / "toy.csv"
    pd.DataFrame(rows, columns=["task", "x", "kind", "value"]).to_csv(path, index=False)
    return str(path)


@pytest.fixture
def svm(tmp_path: Path) -> str:
    """A family's file: six data sets of which two features are known, set-0 to set-5."""
    kernels = [("linear", 0, 0), ("rbf", -1, 0), ("rbf", 1, 0), ("poly", 0, 2), ("poly", 0, 3)]
    rows = list(itertools.product(range(4), kernels))
    path, generator = tmp_path / "svm.npz", np.random.default_rng(0)
    np.savez(
        path,
        kernel=[kernel for _, (kernel, _, _) in rows],
        log2_C=[c for c, _ in rows],
        log2_gamma=[float(gamma) for _, (_, gamma, _) in rows],
        degree=[degree for _, (_, _, degree) in rows],
        datasets=[f"set-{i}" for i in range(6)],
        acc=generator.random((6, len(rows))),
        metafeatures=generator.random((6, 2)),
    )
    return str(path)
