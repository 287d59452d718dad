"""What may be asked for as past studies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from optuna_metabo.request import Wanted


def test_an_unknown_name_raises_with_the_close_ones(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    for name in ("cnn-a", "cnn-b", "lstm-a"):
        optuna.create_study(study_name=name, storage=url)
    with pytest.raises(ValueError, match="'cnn-c'; did you mean 'cnn-"):
        Wanted.of(["cnn-c"], url)


@pytest.mark.parametrize("request_", ["cnn-*", ["cnn-a"], "cnn-a", lambda name: True])
def test_names_without_a_storage_raise(request_: Any) -> None:
    with pytest.raises(TypeError, match="storage="):
        Wanted.of(request_, None)


def test_a_source_of_another_type_raises() -> None:
    with pytest.raises(TypeError, match="got 3"):
        Wanted.of([3], None)  # type: ignore[list-item]


def test_trials_in_place_of_studies_raise_in_a_few_words() -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=20)
    for request in ([study.trials], study.trials, study.trials[0]):
        with pytest.raises(TypeError, match=r"got \[?FrozenTrial\(") as raised:
            Wanted.of(request, None)  # type: ignore[arg-type]
        assert len(str(raised.value)) < 400


@pytest.mark.parametrize("request_", ["a", ["a"], "a-*", lambda name: True, []])
def test_past_studies_of_a_file_that_does_not_exist_are_an_error(
    request_: Any, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"there is no file .*typo\.db"):
        Wanted.of(request_, f"sqlite:///{tmp_path}/typo.db")
    assert list(tmp_path.iterdir()) == []
