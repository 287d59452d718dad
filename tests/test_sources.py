"""Which studies count, and why others do not."""

from __future__ import annotations

import heapq
import json
import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import sqlalchemy.exc
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.study import StudyDirection
from optuna.trial import TrialState

from optuna_metabo.domain import ABSENT
from optuna_metabo.encoding import Encoding
from optuna_metabo.objectives import Objective
from optuna_metabo.past import Past
from optuna_metabo.past_study import MAX_KEPT, MAX_TRIALS, LeftOut, SourceStudy, SourceTask
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import Sources

NEW = Snapshot("new", (Objective(0, StudyDirection.MINIMIZE),), ())
MAXIMISE = Objective(0, StudyDirection.MAXIMIZE)
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
    return [source.name for source in sources.read(Snapshot.of(target)).studies]


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


def reason(study: optuna.Study) -> str | None:
    past = Sources.of([study], None).read(NEW)
    if past.left_out:
        return past.left_out[0].reason
    found = past.studies[0].task_for(Encoding.of(SPACE), Objective(0, StudyDirection.MINIMIZE), 1)
    return found.reason if isinstance(found, LeftOut) else None


def test_sources_that_cannot_help_are_left_out_with_the_reason() -> None:
    assert reason(make_study("good")) is None
    assert reason(make_study("empty", n_trials=0)) == "has no completed trials"
    assert reason(make_study("flat", lambda x: 1.0)) == "all its values are the same"
    assert reason(make_study("infinite", lambda x: math.inf)) == "no trial has a finite value"
    assert reason(make_study("other", parameter="z")) == "shares no parameter"
    still = make_study("still", n_trials=0)
    space = {"x": FloatDistribution(0.3, 0.4)}
    for x in np.linspace(0.3, 0.4, 9):
        params = {"x": float(x)}
        still.add_trial(optuna.create_trial(params=params, distributions=space, value=float(x)))
    assert reason(still) == "varied no parameter that is shared"
    some = make_study("some", n_trials=4, parameter="z")  # that lack the one that is shared
    for x in np.linspace(0.0, 0.2, 9):
        params = {"x": float(x)}
        some.add_trial(
            optuna.create_trial(params=params, distributions={"x": SPACE["x"]}, value=x)
        )
    assert reason(some) == "varied no parameter that is shared"
    two = optuna.create_study(directions=["minimize", "maximize"])
    two.add_trial(
        optuna.create_trial(params={"x": 0.5}, distributions={"x": SPACE["x"]}, values=[1.0, 2.0])
    )
    assert reason(two) == "none of its 2 objectives is objective 1 of 1"


@pytest.mark.parametrize(
    ("had", "has", "said"),
    [
        (
            ("sgd", "adam"),
            CategoricalDistribution(("SGD", "Adam")),
            "none of the new study's choices",
        ),
        ((1, 2), CategoricalDistribution(("SGD", "Adam")), "none of the new study's choices"),
        (("low", "high"), FloatDistribution(0, 1), "no number for the new study's range"),
        (
            (-1, 0),
            FloatDistribution(1e-3, 1, log=True),
            "no number above 0 for the new study's logarithmic range",
        ),
    ],
)
def test_of_a_parameter_of_another_kind_or_other_choices_it_is_said_that_it_has_them(
    had: tuple[Any, ...], has: BaseDistribution, said: str
) -> None:
    is_number = not isinstance(had[0], str)
    kind = FloatDistribution(-9, 9) if is_number else CategoricalDistribution(had)
    past = source([trial_at({"o": value}, i, None, {"o": kind}) for i, value in enumerate(had)])
    found = past.task_for(Encoding.of({"x": SPACE["x"], "o": has}), MAXIMISE, 1)
    assert isinstance(found, LeftOut)
    assert found.reason == f"'o' has {said}"
    assert found.of_space


def test_a_study_asked_for_by_name_that_is_deleted_before_it_is_read_is_left_out(
    url: str,
) -> None:
    sources = Sources.of(["cnn-b", "cnn-a", "cnn-b"], url)
    optuna.delete_study(study_name="cnn-b", storage=url)
    past = sources.read(NEW, 0)
    assert [one.name for one in past.studies] == ["cnn-a"]
    assert past.left_out == (LeftOut("cnn-b", "is not in the storage any more"),)


def test_a_study_that_is_kept_may_be_deleted_from_the_storage(url: str) -> None:
    kept = Sources.of(["cnn-b"], url).read(NEW).studies
    sources = Sources.of(["cnn-a", "cnn-b"], url)
    sources.kept = kept
    optuna.delete_study(study_name="cnn-b", storage=url)
    past = sources.read(NEW)
    assert [one.name for one in past.studies] == ["cnn-b", "cnn-a"]
    assert past.left_out == ()


def unreadable(error: Exception) -> Sources:
    study = make_study("broken")

    def get_trials(**_: object) -> list[optuna.trial.FrozenTrial]:
        raise error

    study.get_trials = get_trials  # type: ignore[assignment, method-assign]
    return Sources.of([study], None)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("gone away"),
        KeyError("gone away"),  # deleted meanwhile
        LookupError("gone away"),  # a word that only a later Optuna knows
        json.JSONDecodeError("gone away", "", 0),  # a journal's last line is not complete yet
        optuna.exceptions.StorageInternalError("gone away"),
        sqlalchemy.exc.OperationalError("SELECT 1", {}, Exception("gone away")),
    ],
)
def test_a_study_that_cannot_be_read_is_left_out_and_tried_again(error: Exception) -> None:
    sources, left_out = unreadable(error), []
    for n in range(5):
        past = sources.read(NEW, n)
        assert not past.studies
        left_out += past.left_out
    assert [one.may_return for one in left_out] == [True, True, False, False, False]
    assert all("gone away" in one.reason and "\n" not in one.reason for one in left_out)


def test_a_locked_database_is_named_as_such() -> None:
    """Optuna says only that a commit failed."""
    error = optuna.exceptions.StorageInternalError("An exception is raised during the commit.")
    error.__cause__ = sqlite3.OperationalError("database is locked")
    (left_out,) = unreadable(error).read(NEW).left_out
    assert left_out.reason == "cannot be read: OperationalError: database is locked"


def test_a_trial_that_asks_several_times_is_one_attempt_and_looking_is_none() -> None:
    sources = unreadable(ConnectionError("gone away"))
    for number in (0, 0, 0, 0, None, None, None, None, 1):
        (left_out,) = sources.read(NEW, number).left_out
        assert left_out.may_return
    (left_out,) = sources.read(NEW, 2).left_out
    assert not left_out.may_return


def test_whoever_looks_sees_what_has_come_back() -> None:
    sources = unreadable(ConnectionError("gone away"))
    assert not sources.read(NEW, 0).studies
    del sources.wanted.studies[0].get_trials  # what stands in for it
    assert not sources.read(NEW, 0).studies  # one that asks again does not wait again
    assert sources.read(NEW).studies


def test_that_a_study_cannot_be_read_is_said_once(log: list[tuple[str, str]]) -> None:
    sources = unreadable(ConnectionError("gone away\nmore"))
    for n in range(4):
        sources.read(NEW, n)
    said = "'broken' cannot be read, which is tried again: ConnectionError: gone away"
    assert log == [("WARNING", said)]


def test_that_it_is_tried_again_is_not_said_at_the_last_attempt(
    log: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, late = unreadable(ConnectionError("gone away")), make_study("late")
    sources.wanted = replace(sources.wanted, studies=(*sources.wanted.studies, late))
    for number in range(2):
        assert [one.name for one in sources.read(NEW, number).studies] == ["late"]
    monkeypatch.setattr(late, "get_trials", sources.wanted.studies[0].get_trials)
    assert not sources.read(NEW, 2).studies
    assert log[1:] == [("WARNING", "'late' cannot be read: ConnectionError: gone away")]


def test_what_is_read_once_is_not_tried_again(log: list[tuple[str, str]]) -> None:
    sources = unreadable(ConnectionError("gone away"))
    (left_out,) = sources.everything()
    assert left_out == LeftOut("broken", "cannot be read: ConnectionError: gone away")
    assert log == [("WARNING", "'broken' cannot be read: ConnectionError: gone away")]


def test_of_a_study_that_is_kept_it_is_said_that_no_more_can_be_read(
    log: list[tuple[str, str]],
) -> None:
    sources = unreadable(ConnectionError("gone away"))
    (kept,) = Sources.of([make_study("broken")], None).read(NEW).studies
    sources.kept = (kept,)
    for _ in range(2):
        assert sources.read(NEW).studies == (kept,)
    assert log == [("WARNING", "'broken' cannot be read: ConnectionError: gone away")]


@pytest.mark.parametrize("error", [TypeError("a fault"), AttributeError("a fault"), IndexError()])
def test_a_fault_in_the_code_is_not_taken_for_a_storage_that_is_gone(error: Exception) -> None:
    with pytest.raises(type(error)):
        unreadable(error).read(NEW)


def test_a_study_is_read_with_one_call_for_its_trials() -> None:
    study, calls = make_study("counted"), []
    get_trials = study.get_trials

    def counted(**arguments: Any) -> list[optuna.trial.FrozenTrial]:
        calls.append(arguments)
        return get_trials(**arguments)

    study.get_trials = counted  # type: ignore[assignment, method-assign]
    sources = Sources.of([study], None)
    for _ in range(3):
        sources.read(NEW)
    assert len(calls) == 1
    assert calls[0]["deepcopy"] is False


def test_only_shared_columns_are_known() -> None:
    (source,) = Sources.of([make_study("x-only")], None).read(NEW).studies
    found = source.task_for(Encoding.of(SPACE), Objective(0, StudyDirection.MINIMIZE), 1)
    assert isinstance(found, SourceTask)
    assert found.shared == ("x",)
    assert found.task.known is not None
    np.testing.assert_array_equal(found.task.known, [True, False])


def source(trials: Sequence[optuna.trial.FrozenTrial]) -> SourceStudy:
    """A past study of these trials."""
    for number, trial in enumerate(trials):
        trial.number = number
    found = SourceStudy.of("past", (MAXIMISE,), trials)
    assert isinstance(found, SourceStudy)
    return found


def trial_at(
    params: Mapping[str, float | str],
    value: float | None = 1.0,
    constraints: Sequence[float] | None = None,
    distributions: Mapping[str, BaseDistribution] | None = None,
) -> optuna.trial.FrozenTrial:
    """A completed trial, or a failed one without a value."""
    return optuna.create_trial(
        state=TrialState.FAIL if value is None else TrialState.COMPLETE,
        params=dict(params),
        distributions={name: (distributions or SPACE)[name] for name in params},
        value=value,
        system_attrs=None if constraints is None else {"constraints": list(constraints)},
    )


ENCODING = Encoding.of(SPACE)


def test_a_long_source_is_thinned_and_keeps_its_best() -> None:
    past = source([trial_at({"x": x}, -abs(x - 0.3)) for x in np.linspace(0, 1, 500)])
    found = past.task_for(ENCODING, MAXIMISE, 1)
    assert isinstance(found, SourceTask)
    assert len(found.task) == MAX_TRIALS
    every = list(past.values[0])
    assert set(heapq.nlargest(MAX_TRIALS // 2, every)) <= set(found.task.y)
    assert found.task.y.min() == min(every)


def test_a_long_constraint_is_thinned_and_keeps_its_border() -> None:
    xs = np.linspace(0, 1, 1000)
    past = source([trial_at({"x": x}, x, [x - 0.2]) for x in xs])
    found = past.slack_task_for(ENCODING, "0")
    assert isinstance(found, SourceTask)
    assert len(found.task) == MAX_TRIALS
    kept = set(found.task.X[:, 0])
    assert set(heapq.nsmallest(64, xs, key=lambda x: abs(x - 0.2))) <= kept
    assert {0.0, 1.0} <= kept


def test_of_many_trials_every_failure_is_kept() -> None:
    generator = np.random.default_rng(0)
    trials = [trial_at({"x": x}) for x in generator.uniform(0.0, 0.9, 3000)]
    trials += [trial_at({"x": x}, None) for x in generator.uniform(0.9, 1.0, 100)]
    found = source(list(generator.permutation(trials))).success_task_for(ENCODING)
    assert isinstance(found, SourceTask)
    assert len(found.task) == MAX_TRIALS
    assert (found.task.y == -1.0).sum() == 100
    assert (found.task.X[found.task.y == -1.0, 0] >= 0.9).all()
    assert np.ptp(found.task.X[found.task.y == 1.0, 0]) > 0.7


def test_of_very_many_failures_an_even_spread_is_kept() -> None:
    n = 2 * MAX_KEPT + 1
    kept = source([trial_at({"x": i / (n - 1)}, None) for i in range(n)]).failed.numbers["x"]
    assert (len(kept), kept.min(), kept.max()) == (MAX_KEPT, 0.0, 1.0)
    assert np.diff(kept).max() < 4 / n


def test_where_trials_fail_is_read_also_of_those_that_failed_early() -> None:
    past = source(
        [
            trial_at({"x": 0.2, "y": 0.1}),
            trial_at({"x": 0.9}, None),  # before its last parameter
            trial_at({"x": 0.9}, None),  # and again
            trial_at({}, None),  # before its first
            trial_at({"x": 0.4, "y": 0.3}, 2.0),
        ]
    )
    found = past.success_task_for(ENCODING)
    assert isinstance(found, SourceTask)
    np.testing.assert_array_equal(found.task.y, [1.0, 1.0, -1.0, -1.0])
    np.testing.assert_array_equal(found.task.X[:, 0], [0.2, 0.4, 0.9, 0.9])
    np.testing.assert_array_equal(found.task.known, [True, False])  # y cannot have been to blame
    assert found.shared == ("x",)
    only_failed = source([trial_at({"x": 0.9}, None)]).success_task_for(ENCODING)
    assert isinstance(only_failed, SourceTask)
    np.testing.assert_array_equal(only_failed.task.known, [True, False])


def test_the_reason_why_a_source_is_left_out_is_true() -> None:
    def why(found: SourceTask | LeftOut) -> str:
        assert isinstance(found, LeftOut)
        assert not found.may_return
        return found.reason

    plain = source([trial_at({"x": x}, x) for x in (0.1, 0.5)])
    assert why(plain.success_task_for(ENCODING)) == "none of its trials failed"
    assert why(plain.slack_task_for(ENCODING, "a")) == "has no constraint 'a'"
    early = source([trial_at({"x": 0.5}), trial_at({}, None)])
    assert "no trial failed after" in why(early.success_task_for(ENCODING))
    rounded = source([trial_at({"x": 0.5}, 0.1) for _ in range(3)] + [trial_at({"x": 0.7}, 0.1)])
    assert why(rounded.task_for(ENCODING, MAXIMISE, 1)) == "all its values are the same"
    single = source([trial_at({"x": 0.5}, 0.1), trial_at({"x": 0.7}, None)])
    assert why(single.task_for(ENCODING, MAXIMISE, 1)) == "only one trial has a value"
    diverged = source([trial_at({"x": x}, y) for x, y in ((0.5, 0.1), (0.7, -math.inf))])
    assert why(diverged.task_for(ENCODING, MAXIMISE, 1)) == "only one trial has a value"
    assert isinstance(diverged.success_task_for(ENCODING), SourceTask)
    other = {"z": FloatDistribution(0, 1)}
    told = [trial_at({"z": v}, v, distributions=other) for v in (0.1, 0.2)]
    pruned = [
        optuna.create_trial(
            state=TrialState.PRUNED, params={"x": x}, distributions={"x": SPACE["x"]}
        )
        for x in (0.1, 0.9)
    ]
    apart = source([*told, *pruned])
    assert "with a shared parameter no trial" in why(apart.task_for(ENCODING, MAXIMISE, 1))


def test_what_varied_only_beyond_the_range_of_the_target_varied_nothing() -> None:
    past = source([trial_at({"x": x}, x) for x in np.linspace(0.25, 1.0, 4)])
    beside = Encoding.of({"x": FloatDistribution(-1.0, 0.0)})
    found = past.task_for(beside, MAXIMISE, 1)
    assert isinstance(found, LeftOut)
    assert found.reason == "varied no parameter that is shared"


def test_a_parameter_is_shared_if_any_of_its_values_can_be_read() -> None:
    words = {"x": CategoricalDistribution(("small", "large"))}
    past = source(
        [
            trial_at({"x": 0.2}),
            trial_at({"x": 0.4}, 2.0),
            trial_at({"x": "small"}, 3.0, None, words),
        ]
    )
    found = past.task_for(ENCODING, MAXIMISE, 1)
    assert isinstance(found, SourceTask)
    assert found.shared == ("x",)
    np.testing.assert_array_equal(found.task.X[:, 0], [0.2, 0.4, ABSENT])


def test_a_constraint_that_is_nan_in_a_source_is_broken_there() -> None:
    values = [-1.0, -2.0, math.nan, 3.0]
    past = source([trial_at({"x": i / 4}, 1.0, [v]) for i, v in enumerate(values)])
    found = past.slack_task_for(ENCODING, "0")
    assert isinstance(found, SourceTask)
    np.testing.assert_array_equal(np.sign(found.task.y), [1.0, 1.0, -1.0, -1.0])
    assert found.task.y[2] == found.task.y[3]


def test_studies_that_only_failed_teach_where_trials_fail() -> None:
    failing = optuna.create_study(study_name="failing")
    failing.add_trial(trial_at({"x": 0.9}, None))
    some = make_study("some")
    some.add_trial(trial_at({"x": 0.8}, None))
    sources = Sources.of([failing, some, make_study("none")], None)
    past = sources.read(NEW)
    assert [one.name for one in past.studies] == ["some", "none"]
    (left_out,) = past.left_out
    assert left_out.reason == "has no completed trials; only where they fail is used"
    assert [one.name for one in past.failing] == ["failing", "some"]
    assert [one.name for one in sources.read(Snapshot.of(failing)).failing] == ["some"]
    np.testing.assert_array_equal(past.studies[0].failed.numbers["x"], [0.8])


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution should be")
def test_choices_that_are_tuples_are_shared_with_a_database(tmp_path: Path) -> None:
    layers = CategoricalDistribution(((64, 32), (32,)))
    url = f"sqlite:///{tmp_path}/past.db"
    sampler = optuna.samplers.RandomSampler(seed=0)
    past = optuna.create_study(study_name="past", storage=url, sampler=sampler)
    past.optimize(lambda t: len(t.suggest_categorical("l", layers.choices)), n_trials=8)
    (found,) = Sources.of(["past"], url).read(NEW).studies
    task = found.task_for(Encoding.of({"l": layers}), MAXIMISE, 1)
    assert isinstance(task, SourceTask)
    assert task.shared == ("l",)
    np.testing.assert_array_equal(task.task.X.argmax(axis=1)[np.argsort(task.task.y)], [0, 1])


@pytest.mark.parametrize("request_", ["vit-*", lambda name: "vit" in name])
def test_a_pattern_that_matches_nothing_is_said_at_once(
    url: str, request_: Any, log: list[tuple[str, str]]
) -> None:
    with pytest.warns(
        UserWarning, match="matches no study of the storage, which has 'cnn-a'"
    ) as w:
        sources = Sources.of(request_, url)
    assert len(w) == 1
    assert w[0].filename == __file__
    assert [level for level, _ in log] == ["WARNING"]
    past = sources.read(NEW)
    (left_out,) = past.left_out
    assert not past.studies
    assert left_out.reason == "matches no other study"
    assert left_out.told


def test_a_pattern_that_matches_only_the_new_study_leaves_a_reason(url: str) -> None:
    target = Snapshot.of(optuna.load_study(study_name="lstm-a", storage=url))
    past = Sources.of("lstm-*", url).read(target)
    assert past == Past((), (LeftOut("lstm-*", "matches no other study"),))


def test_a_storage_without_another_study_is_quiet_and_says_so_once(
    tmp_path: Path, log: list[tuple[str, str]]
) -> None:
    url = f"sqlite:///{tmp_path}/team.db"
    target = Snapshot.of(optuna.create_study(study_name="first", storage=url))
    sources = Sources.of(None, url)
    assert log == []
    for _ in range(3):
        assert sources.read(target) == Past()
    assert log == [("INFO", "There is no other study to learn from yet.")]


def test_a_file_that_does_not_exist_yet_is_said_and_read_when_it_is_there(
    tmp_path: Path, log: list[tuple[str, str]]
) -> None:
    url = f"sqlite:///{tmp_path}/team.db"
    with pytest.warns(UserWarning, match=r"No past study is read: there is no file") as caught:
        sources = Sources.of(None, url)
    assert caught[0].filename == __file__
    assert [level for level, _ in log] == ["WARNING"]
    past = sources.read(NEW)
    (left_out,) = past.left_out
    assert not past.studies
    assert left_out.may_return
    assert left_out.told
    assert list(tmp_path.iterdir()) == []
    make_study("past", storage=url)
    assert names(sources) == ["past"]


@pytest.mark.parametrize(("n", "shared"), [(3, ("x", "y")), (5, ("x", "y")), (6, ("x",))])
def test_few_trials_that_lie_close_together_by_chance_have_varied_a_parameter(
    n: int, shared: tuple[str, ...]
) -> None:
    close = [trial_at({"x": i / n, "y": 0.5 + 0.01 * i}, i) for i in range(n)]
    found = source(close).task_for(ENCODING, MAXIMISE, 1)
    assert isinstance(found, SourceTask)
    assert found.shared == shared


@pytest.mark.parametrize(("width", "shared"), [(0.24, ("x",)), (0.26, ("x", "y"))])
def test_a_parameter_is_known_of_which_a_quarter_of_the_range_was_tried(
    width: float, shared: tuple[str, ...]
) -> None:
    tried = [trial_at({"x": i / 9, "y": 0.5 + width * i / 9}, i) for i in range(10)]
    found = source(tried).task_for(ENCODING, MAXIMISE, 1)
    assert isinstance(found, SourceTask)
    assert found.shared == shared
