"""Test functions and their copies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import qmc, spearmanr

from studies.families import load
from studies.families.synthetic import (
    FUNCTIONS,
    N_SOURCES,
    VARIANTS,
    rotation,
    source_of,
    target_of,
)
from tests.studies.families.asking import ask


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_optimum_of_a_function_is_inside_off_centre_and_a_local_search_finds_none_better(
    name: str,
) -> None:
    target, task = target_of(name), load(f"{name}-near").tasks[0]
    d = len(target.at)
    assert np.all(np.abs(target.at - 0.5) >= 0.1)
    assert np.all(np.abs(target.at - 0.5) <= 0.3)
    assert target(target.at[None])[0] == pytest.approx(task.best, abs=1e-9)
    points = qmc.Sobol(d, seed=1).random(512)
    starts = points[np.argsort(target(points))[:4]]
    starts = [*starts, target.at + 0.02 * np.random.default_rng(0).normal(size=d)]
    found = [
        minimize(lambda x: target(x[None])[0], start, bounds=[(0.0, 1.0)] * d).fun
        for start in starts
    ]
    assert min(found) >= task.scale()[0] - 1e-9


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_variants_of_a_function_tune_one_target(name: str) -> None:
    families = [load(f"{name}-{variant}") for variant in VARIANTS]
    assert [[task.name for task in one.tuned] for one in families] == [[name]] * len(VARIANTS)
    assert all(len(one.tasks) == 1 + N_SOURCES for one in families)
    x: dict[str, object] = {f"x{j}": 0.3 for j in range(len(FUNCTIONS[name].minimiser))}
    assert len({ask(one.tasks[0], x)[1] for one in families}) == 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_near_sources_agree_more_than_far_ones_and_opposed_ones_disagree(name: str) -> None:
    target, agreement = target_of(name), {}
    points = qmc.Sobol(len(target.at), seed=2).random(512)
    for variant in VARIANTS:
        generator = np.random.default_rng(0)
        sources = [source_of(target, VARIANTS[variant], generator) for _ in range(8)]
        agreement[variant] = np.mean(
            [spearmanr(target(points), one(points))[0] for one in sources]
        )
    assert agreement["near"] > agreement["far"] > 0.0
    assert agreement["near"] > 0.4
    assert agreement["opposed"] == pytest.approx(-agreement["near"])


@pytest.mark.parametrize(("d", "angle"), [(6, 0.1), (20, 0.5), (40, 0.3)])
def test_rotations_turn_by_about_the_angle(d: int, angle: float) -> None:
    R = rotation(d, angle, np.random.default_rng(0))
    np.testing.assert_allclose(R @ R.T, np.eye(d), atol=1e-12)
    largest = np.abs(np.angle(np.linalg.eigvals(R))).max()
    assert 0.5 * angle < largest < 1.5 * angle
