"""Past studies that lack a parameter."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
import scipy

from studies.stress import added as module
from studies.stress.added import PASTS, Bowl, main, past_studies

BOWL = Bowl(np.array([0.3, 0.5, 0.7]), 0.2, 5.0)


@pytest.mark.parametrize("name", ["lack it", "tried a tenth"])
def test_past_studies_have_the_new_parameter_as_far_as_they_say(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "N_TRIALS", 3)
    high = PASTS[name].high
    for study in past_studies(BOWL, high, np.random.default_rng(0)):
        told = [trial.params.get("new") for trial in study.trials]
        assert all(one is None if high is None else 0.0 <= one <= high for one in told)


def test_the_effect_counts_from_the_best_value_of_the_new_parameter() -> None:
    params = {"a": 0.3, "b": 0.5, "c": 0.7}
    value = BOWL.objective(1.0)
    best, worse = (value(optuna.trial.FixedTrial({**params, "new": new})) for new in (0.2, 0.6))
    assert worse - best == pytest.approx(5.0 * 0.4**2)
    assert BOWL.least <= best
    assert BOWL.objective(None)(optuna.trial.FixedTrial(params)) == pytest.approx(best)


def test_no_point_is_below_the_least_value() -> None:
    for seed in range(5):
        at = np.random.default_rng(seed).uniform(0.2, 0.8, 3)
        bowl = Bowl(at, 0.5, 1.0)
        best = scipy.optimize.differential_evolution(
            lambda x, bowl=bowl: bowl.known(x[None])[0], [(0.0, 1.0)] * 3, rng=seed, tol=1e-12
        )
        assert bowl.least == pytest.approx(best.fun, abs=1e-9)


def test_the_command_prints_a_row_for_each_past_and_effect(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AFTER", (1, 2))
    monkeypatch.setattr(module, "N_TRIALS", 5)
    main(["--effects", "0.3", "--seeds", "1"])
    optuna.logging.set_verbosity(optuna.logging.INFO)
    rows = [row.split(" | ") for row in capsys.readouterr().out.splitlines()]
    assert [row[0].strip("| ") for row in rows[2:]] == list(PASTS)
    assert all(float(row[2]) >= float(row[3].strip("| ")) >= 0.0 for row in rows[2:])
