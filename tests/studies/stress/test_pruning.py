"""Pruned trials."""

from __future__ import annotations

import numpy as np
import pytest

from studies.families import TuningTask
from studies.stress.pruning import N_EPOCHS, PASTS, is_pruned, learning_curve, main


def test_a_curve_ends_at_its_value_and_starts_near_the_median() -> None:
    task = TuningTask("t", "maximize", lambda trial: 0.0, best=10.0, median=0.0)
    curves = [list(learning_curve(task, 8.0, np.random.default_rng(i))) for i in range(200)]
    assert all(curve[-1] == 8.0 for curve in curves)
    assert np.mean(curves, axis=0)[0] == pytest.approx(1.0, abs=0.1)
    assert len(curves[0]) == N_EPOCHS


@pytest.mark.parametrize("is_up", [True, False])
def test_what_is_worse_than_the_median_is_pruned_but_at_the_ends(is_up: bool) -> None:
    peers = [1.0, 2.0, 3.0]
    bad, good = (1.5, 2.5) if is_up else (2.5, 1.5)
    assert [is_pruned(bad, epoch, peers, is_up=is_up) for epoch in (1, 2, N_EPOCHS)] == [
        False, True, False,
    ]  # fmt: skip
    assert not is_pruned(good, 2, peers, is_up=is_up)


@pytest.mark.parametrize("past", PASTS)
def test_the_command_prints_a_line_for_each_family(
    past: str, toy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--families", toy, "--epochs", "30", "--seeds", "1", "--past", past])
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{toy}: told ")
    assert "6/6" in captured.err
