"""Figures: small files, whatever is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from studies.tables.plots import plot_dots, plot_heat_map, plot_ranks

TASKS = pd.MultiIndex.from_product([["f", "g"], ["a", "b"]], names=["family", "task"])
MEANS = pd.DataFrame({"metagp": [0.0, 0.1, 0.2, 1.0], "grid": [0.5, np.nan, 0.1, 0.3]}, TASKS)


def is_small_figure(path: Path) -> bool:
    return path.read_bytes()[1:4] == b"PNG" and 1_000 < path.stat().st_size < 100_000


def test_a_heat_map_leaves_out_what_did_not_run(tmp_path: Path) -> None:
    plot_heat_map(MEANS, tmp_path / "map.png")
    assert is_small_figure(tmp_path / "map.png")


def test_dots_of_regret_zero_are_drawn(tmp_path: Path) -> None:
    plot_dots(MEANS, "grid", "metagp", tmp_path / "dots.png")
    assert is_small_figure(tmp_path / "dots.png")


def test_ranks_of_more_samplers_than_colours_are_drawn(tmp_path: Path) -> None:
    names = [f"sampler-{i}" for i in range(20)]
    plot_ranks(pd.DataFrame([range(20)] * 5, range(1, 6), names), tmp_path / "ranks.png")
    assert is_small_figure(tmp_path / "ranks.png")
