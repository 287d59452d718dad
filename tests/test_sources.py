"""Which studies count, and why others do not."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.study import StudyDirection

from optuna_metabo.encoding import Encoding
from optuna_metabo.outputs import Objective
from optuna_metabo.sources import MAX_TRIALS, LeftOut, Sources, SourceStudy, SourceTask

SPACE = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}


def make_study(
    name: str,
    value: Callable[[float], float] = lambda x: x,
    *,
    n_trials: int = 4,
    storage: Any = None,
    parameter: str = "x",
) -> optuna.Study:
    study = optuna.create_study(study_name=name, storage=storage)
    for x in np.linspace(0, 1, n_trials):
        study.add_trial(
            optuna.create_trial(
                params={parameter: x},
                distributions={parameter: FloatDistribution(0, 1)},
                value=value(float(x)),
            )
        )
    return study


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/studies.db"
    for name in ("cnn-a", "cnn-b", "lstm-a"):
        make_study(name, storage=url)
    return url


def names(sources: Sources, target: optuna.Study | None = None) -> list[str]:
    target = target or optuna.create_study(study_name="target")
    return [source.name for source in sources.read(target)[0]]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (None, ["cnn-a", "cnn-b", "lstm-a"]),
        ("cnn-*", ["cnn-a", "cnn-b"]),
        ("lstm-a", ["lstm-a"]),
        (["cnn-b", "lstm-a"], ["cnn-b", "lstm-a"]),
        (lambda name: name.endswith("a"), ["cnn-a", "lstm-a"]),
    ],
)
def test_studies_are_found_by_name_glob_and_predicate(
    url: str, request_: Any, expected: list[str]
) -> None:
    assert names(Sources.of(request_, url)) == expected


def test_the_target_itself_is_never_a_source(url: str) -> None:
    target = optuna.load_study(study_name="cnn-a", storage=url)
    assert names(Sources.of(None, url), target) == ["cnn-b", "lstm-a"]
    assert names(Sources.of([target], None), target) == []


def test_another_study_of_the_same_name_elsewhere_is_a_source(url: str) -> None:
    target = make_study("cnn-a")
    assert names(Sources.of(None, url), target) == ["cnn-a", "cnn-b", "lstm-a"]


def test_storage_is_read_once(url: str) -> None:
    sources = Sources.of(None, url)
    before = names(sources)
    make_study("late", storage=url)
    assert names(sources) == before


def test_an_unknown_name_raises_with_the_close_ones(url: str) -> None:
    with pytest.raises(ValueError, match="'cnn-c'; did you mean 'cnn-"):
        Sources.of(["cnn-c"], url)


@pytest.mark.parametrize("request_", ["cnn-*", ["cnn-a"], "cnn-a", lambda name: True])
def test_names_without_a_storage_raise(request_: Any) -> None:
    with pytest.raises(TypeError, match="storage="):
        Sources.of(request_, None)


def test_a_source_of_another_type_raises() -> None:
    with pytest.raises(TypeError, match="got 3"):
        Sources.of([3], None)  # type: ignore[list-item]


def reason(study: optuna.Study) -> str | None:
    usable, left_out = Sources.of([study], None).read(optuna.create_study())
    if left_out:
        return left_out[0].reason
    found = usable[0].task_for(Encoding.of(SPACE), Objective(0, StudyDirection.MINIMIZE), 1)
    return found.reason if isinstance(found, LeftOut) else None


def test_sources_that_cannot_help_are_left_out_with_the_reason() -> None:
    assert reason(make_study("good")) is None
    assert reason(make_study("empty", n_trials=0)) == "has no completed trials"
    assert reason(make_study("flat", lambda x: 1.0)) == "all its values are the same"
    assert reason(make_study("infinite", lambda x: math.inf)) == "all its values are infinite"
    assert reason(make_study("other", parameter="z")) == "shares no parameter"
    two = optuna.create_study(directions=["minimize", "maximize"])
    two.add_trial(
        optuna.create_trial(params={"x": 0.5}, distributions={"x": SPACE["x"]}, values=[1.0, 2.0])
    )
    assert reason(two) == "none of its 2 objectives is objective 0 of 1"


def test_a_study_that_cannot_be_read_is_left_out() -> None:
    study = make_study("broken")
    study.get_trials = lambda **_: 1 / 0  # type: ignore[assignment, method-assign]
    assert "division" in str(reason(study))


def test_only_shared_columns_are_known() -> None:
    (source,), _ = Sources.of([make_study("x-only")], None).read(optuna.create_study())
    found = source.task_for(Encoding.of(SPACE), Objective(0, StudyDirection.MINIMIZE), 1)
    assert isinstance(found, SourceTask)
    assert found.shared == ("x",)
    assert found.task.known is not None
    np.testing.assert_array_equal(found.task.known, [True, False])


def test_a_long_source_is_thinned_and_keeps_its_best() -> None:
    trials = make_study("long", lambda x: -abs(x - 0.3), n_trials=500).trials
    source = SourceStudy("long", (Objective(0, StudyDirection.MAXIMIZE),), tuple(trials))
    found = source.task_for(Encoding.of(SPACE), Objective(0, StudyDirection.MINIMIZE), 1)
    assert isinstance(found, SourceTask)
    assert MAX_TRIALS - 1 <= len(found.task) <= MAX_TRIALS
    assert found.task.y.max() == max(trial.values[0] for trial in trials)
    assert found.task.y.min() == min(trial.values[0] for trial in trials)
