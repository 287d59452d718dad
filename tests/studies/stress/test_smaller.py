"""Past studies that ran on a larger machine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import optuna
import pytest

from studies.stress import smaller as module
from studies.stress.smaller import N_POINTS, OPTIMUM, Bowl, limit_of, main


@pytest.mark.parametrize("part", [0.08, 0.5, 0.9])
def test_so_large_a_part_of_the_space_does_not_fail(part: float) -> None:
    x = np.random.default_rng(1).random((N_POINTS, 2))
    assert np.mean(x.sum(axis=1) <= limit_of(part)) == pytest.approx(part, abs=0.01)


def test_a_trial_beyond_the_limit_fails_and_the_best_of_the_others_stands_at_it() -> None:
    bowl = Bowl(OPTIMUM, limit=1.0)
    at_limit = OPTIMUM - np.array([0.275, 0.275, 0.0, 0.0])
    params = {f"x{i}": float(x) for i, x in enumerate(at_limit)}
    best, median = bowl.best_and_median
    assert bowl(optuna.trial.FixedTrial(params)) == pytest.approx(best)
    assert median > best
    assert replace(bowl, limit=1.6).best_and_median[0] == 0.0
    with pytest.raises(MemoryError):
        bowl(optuna.trial.FixedTrial({**params, "x0": 0.9}))


def test_the_command_prints_a_row_with_and_without_past_studies(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AFTER", (1, 3))
    monkeypatch.setattr(module, "N_TRIALS", 5)
    main(["--parts", "0.5", "--seeds", "1"])
    optuna.logging.set_verbosity(optuna.logging.INFO)
    rows = [row.split(" | ") for row in capsys.readouterr().out.splitlines()]
    assert [row[1].strip() for row in rows[2:]] == ["three", "none"]
    for row in rows[2:]:
        succeeded, first, last = (float(cell.strip("| ")) for cell in row[2:])
        assert 0.0 <= succeeded <= 1.0
        assert 2.0 >= first >= last >= 0.0
