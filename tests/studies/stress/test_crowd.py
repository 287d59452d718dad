"""Few related past studies among many others."""

from __future__ import annotations

import optuna
import pytest

from studies.stress import crowd as module
from studies.stress.crowd import AFTER, STRANGERS, crowd, line, main


@pytest.mark.parametrize("strangers", STRANGERS)
def test_the_related_studies_come_first_and_all_hold_their_trials(strangers: str) -> None:
    studies = list(crowd("hartmann6", strangers, 1, 2, 4, 0))
    assert [len(study.trials) for study in studies] == [4, 4, 4]
    assert len({study.study_name for study in studies}) == 3


def test_noise_has_the_values_of_a_near_copy_elsewhere() -> None:
    noise = next(iter(crowd("hartmann6", "noise", 0, 1, 30, 0)))
    near = next(iter(crowd("hartmann6", "noise", 1, 0, 30, 0)))
    assert [trial.params for trial in noise.trials] == [trial.params for trial in near.trials]
    values = [[trial.value for trial in study.trials] for study in (noise, near)]
    assert values[0] != values[1]
    assert sorted(values[0]) == sorted(values[1])


def test_a_line_holds_the_means_over_the_seeds() -> None:
    found = [[0.5] * len(AFTER), [0.7] * len(AFTER)]
    assert line("all", found).split()[:3] == ["all", "0.6000", f"@{AFTER[0]}"]


def test_the_command_prints_lines_with_and_without_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AFTER", (1, 2))
    main(
        [
            "--functions",
            "hartmann6",
            "--related",
            "1",
            "--unrelated",
            "1",
            "--trials",
            "5",
            "--seeds",
            "1",
        ]
    )
    optuna.logging.set_verbosity(optuna.logging.INFO)
    lines = capsys.readouterr().out.splitlines()
    assert [text.split("  ")[0].strip() for text in (one.strip() for one in lines)] == [
        "hartmann6, related",
        "hartmann6, all",
        "hartmann6, none",
    ]
