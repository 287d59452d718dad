from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState, create_trial

from optuna_metabo.reading import NoSuchStorage
from optuna_metabo.replay import Archive, NothingToReplay
from optuna_metabo.replay.archive import reading_only
from tests.cli.conftest import age_studies, break_studies
from tests.replay.making import bowl, bowls


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def test_every_study_is_a_target_with_the_others_as_its_past() -> None:
    targets, left_out = Archive.read(bowls()).targets()
    assert left_out == {}
    for i, target in enumerate(targets):
        assert target.pool.name == f"bowl-{i}"
        past = [source.study_name for source in target.sources]
        assert past == [f"bowl-{j}" for j in range(3) if j != i]


def test_copies_are_made_in_silence_and_the_level_of_the_log_stays(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = bowls(2)
    monkeypatch.setattr(logging.getLogger("optuna"), "propagate", True)
    optuna.logging.set_verbosity(optuna.logging.INFO)
    Archive.read(storage)
    assert caplog.messages == []
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_globs_choose_what_takes_part_and_what_is_run_again() -> None:
    archive = Archive.read(bowls(4), "bowl-[012]")
    (target,), _ = archive.targets("*-2")
    assert target.pool.name == "bowl-2"
    assert [source.study_name for source in target.sources] == ["bowl-0", "bowl-1"]


@pytest.mark.parametrize(
    ("n", "names", "said"),
    [
        (0, "*", "two studies at least.*matches 0 of the storage, which has none"),
        (1, "*", "matches 1 of the storage, which has 'bowl-0'"),
        (2, "no-*", "'no-\\*' matches 0"),
    ],
)
def test_fewer_than_two_studies_are_refused(n: int, names: str, said: str) -> None:
    with pytest.raises(NothingToReplay, match=said):
        Archive.read(bowls(n), names)


def test_of_several_patterns_each_has_to_match_a_study() -> None:
    with pytest.raises(NothingToReplay, match=r"'no-\*' matches no study of the storage, which"):
        Archive.read(bowls(2), ["bowl-*", "no-*"])
    with pytest.raises(NothingToReplay, match=r"^'2' matches no study of what takes part, which"):
        Archive.read(bowls(2)).targets(["bowl-*", "2"])


def _of(name: str, parameter: str, storage: InMemoryStorage) -> None:
    study = optuna.create_study(study_name=name, storage=storage)
    study.optimize(lambda trial: trial.suggest_float(parameter, 0, 1), n_trials=3)


def test_studies_without_a_shared_parameter_are_refused() -> None:
    storage = InMemoryStorage()
    _of("a", "x", storage)
    _of("b", "y", storage)
    with pytest.raises(NothingToReplay, match="parameters of the same names; those of 'a', 'b'"):
        Archive.read(storage)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (["x"], "parameters of the same names; 'k0', 'k1' have none"),
        ([], "parameters of the same names; 'k0', 'k1' have none"),
        (["x", "y"], "same names; those of 'x', 'y' differ, and 'k0', 'k1' have none"),
    ],
)
def test_studies_that_have_no_parameters_are_said_to_have_none(
    parameters: list[str], said: str
) -> None:
    storage = InMemoryStorage()
    for name in ("k0", "k1"):
        study = optuna.create_study(study_name=name, storage=storage)
        study.optimize(lambda trial: float(trial.number), n_trials=3)
    for name in parameters:
        _of(name, name, storage)
    with pytest.raises(NothingToReplay, match=f"{said}$"):
        Archive.read(storage)


def test_what_cannot_be_replayed_is_named_with_its_reason() -> None:
    storage = bowls(2)
    _of("alone", "y", storage)
    optuna.create_study(study_name="empty", storage=storage)
    flat = optuna.create_study(study_name="flat", storage=storage)
    flat.optimize(lambda trial: 0.0 * trial.suggest_float("x", 0, 1), n_trials=2)
    again = optuna.create_study(study_name="again", storage=storage)
    again.optimize(lambda trial: trial.suggest_int("n", 2, 2) + trial.number, n_trials=3)
    targets, left_out = Archive.read(storage).targets()
    assert [target.pool.name for target in targets] == ["bowl-0", "bowl-1"]
    assert left_out == {
        "again": "has a single configuration",
        "alone": "shares no parameter with its past",
        "empty": "has no finished trial with parameters",
        "flat": "has 2 completed trials and no two different values",
    }
    with pytest.raises(NothingToReplay, match="'flat' has 2 completed trials"):
        Archive.read(storage).targets("flat")
    with pytest.raises(
        NothingToReplay, match=r"'nothing' matches no study .*, which has 'bowl-0', 'bowl-1'"
    ):
        Archive.read(storage).targets("nothing")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ((True, True, True), "has no completed trial that breaks no constraint"),
        (
            (True, False, True),
            "has 1 completed trial that breaks no constraint and no two different values",
        ),
        ((False, True, False), None),
    ],
)
def test_trials_that_break_a_constraint_are_completed_and_no_result(
    broken: Sequence[bool], reason: str | None
) -> None:
    storage = bowls(2)
    study = optuna.create_study(study_name="bound", storage=storage)
    for i, is_broken in enumerate(broken):
        study.add_trial(
            create_trial(
                params={"x": i / 3},
                distributions={"x": FloatDistribution(0, 1)},
                value=float(i),
                system_attrs={"constraints": [1.0 if is_broken else 0.0]},
            )
        )
    _, left_out = Archive.read(storage).targets()
    assert left_out.get("bound") == reason


def test_where_no_trial_was_completed_the_reason_says_so() -> None:
    storage = bowls(2)
    study = optuna.create_study(study_name="failed", storage=storage)
    space = {"x": FloatDistribution(0, 1)}
    study.add_trial(create_trial(params={"x": 0.5}, distributions=space, state=TrialState.FAIL))
    _, left_out = Archive.read(storage).targets()
    assert left_out == {"failed": "has no completed trial"}


def _timed(name: str, start: datetime, storage: InMemoryStorage, parameter: str = "x") -> None:
    study = optuna.create_study(study_name=name, storage=storage)
    for i in range(3):
        space = {parameter: FloatDistribution(0, 1)}
        trial = create_trial(params={parameter: i / 3}, distributions=space, value=float(i))
        trial.datetime_start = start + timedelta(hours=i)
        trial.datetime_complete = trial.datetime_start + timedelta(minutes=30)
        study.add_trial(trial)


def test_chronologically_only_what_had_ended_is_past() -> None:
    storage, day = InMemoryStorage(), datetime(2026, 1, 1)
    for name, hours in (("late", 20), ("early", 0), ("between", 1), ("next", 5)):
        _timed(name, day + timedelta(hours=hours), storage)
    targets, left_out = Archive.read(storage).targets(chronological=True)
    found = {t.pool.name: [one.study_name for one in t.sources] for t in targets}
    assert found == {"late": ["early", "between", "next"], "next": ["early", "between"]}
    assert left_out == dict.fromkeys(("early", "between"), "began before any other had ended")


def test_what_ended_at_the_moment_a_study_began_is_its_past() -> None:
    storage, day = InMemoryStorage(), datetime(2026, 1, 1)
    for name, hours in (("early", 0.0), ("next", 2.5)):
        _timed(name, day + timedelta(hours=hours), storage)
    (target,), _ = Archive.read(storage).targets("next", chronological=True)
    assert [one.study_name for one in target.sources] == ["early"]


def test_chronologically_what_shares_nothing_with_its_past_is_told_so() -> None:
    storage, day = InMemoryStorage(), datetime(2026, 1, 1)
    for name, hours, parameter in (("early", 0, "x"), ("late", 9, "x"), ("other", 9, "y")):
        _timed(name, day + timedelta(hours=hours), storage, parameter)
    _, left_out = Archive.read(storage).targets(chronological=True)
    assert left_out["other"] == "shares no parameter with its past"


@pytest.mark.parametrize("chronological", [False, True])
def test_what_has_other_choices_than_its_past_is_told_so(chronological: bool) -> None:
    storage, day = InMemoryStorage(), datetime(2026, 1, 1)
    for hours, (name, choices) in enumerate({"early": "ab", "late": "AB"}.items()):
        study = optuna.create_study(study_name=name, storage=storage)
        for i, choice in enumerate(choices):
            space = {"o": CategoricalDistribution((*choices,))}
            trial = create_trial(params={"o": choice}, distributions=space, value=float(i))
            trial.datetime_start = trial.datetime_complete = day + timedelta(hours=hours)
            study.add_trial(trial)
    with pytest.raises(NothingToReplay, match="'late' shares no parameter of the same kind or ch"):
        Archive.read(storage).targets("late", chronological=chronological)


def test_what_has_other_objectives_than_its_past_is_told_so() -> None:
    storage = InMemoryStorage()
    for name, n in (("a", 2), ("b", 2), ("c", 3)):
        study = optuna.create_study(
            study_name=name,
            directions=["minimize"] * n,
            storage=storage,
            sampler=optuna.samplers.RandomSampler(seed=0),
        )
        study.optimize(lambda trial, n=n: [trial.suggest_float("x", 0, 1)] * n, n_trials=4)
    found, left_out = Archive.read(storage).targets()
    assert [target.pool.name for target in found] == ["a", "b"]
    assert left_out == {"c": "has no objective of any study of its past"}


def test_a_name_that_exists_is_that_study_and_no_glob() -> None:
    storage = InMemoryStorage()
    for name in ("net[x]", "netx", "other"):
        bowl(name, storage=storage)
    archive = Archive.read(storage)
    assert [one.pool.name for one in archive.targets("net[x]")[0]] == ["net[x]"]
    assert [one.pool.name for one in archive.targets("net[xy]")[0]] == ["netx"]
    with pytest.raises(NothingToReplay, match=r"'net\[x\]' matches 1 of"):
        Archive.read(storage, "net[x]")


def test_a_study_that_cannot_be_read_is_left_out_with_its_reason(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    for i in range(3):
        bowl(f"bowl-{i}", n_trials=4, storage=optuna.storages.RDBStorage(url))
    break_studies(url, "bowl-1")
    archive = Archive.read(url)
    targets, left_out = archive.targets()
    assert [one.pool.name for one in targets] == ["bowl-0", "bowl-2"]
    assert [one.study_name for one in targets[0].sources] == ["bowl-2"]
    reason = "cannot be read: Unknown distribution class: XDistribution"
    assert left_out == {"bowl-1": reason}
    with pytest.raises(NothingToReplay, match=f"^no study can be replayed: 'bowl-1' {reason}$"):
        archive.targets("bowl-1")
    break_studies(url, "bowl-2")
    with pytest.raises(NothingToReplay, match=f"only 1 of 3.*: 'bowl-1' {reason}; 'bowl-2' "):
        Archive.read(url)


def test_a_study_with_a_word_that_optuna_does_not_know_is_left_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    for i in range(3):
        bowl(f"bowl-{i}", n_trials=4, storage=optuna.storages.RDBStorage(url))
    age_studies(url, "bowl-1")
    targets, left_out = Archive.read(url).targets()
    assert [one.pool.name for one in targets] == ["bowl-0", "bowl-2"]
    assert left_out["bowl-1"].startswith("cannot be read: 'WHAT' is not among the defined enum")


def test_a_study_none_of_whose_trials_has_ended_is_nobodys_chronological_past() -> None:
    storage, day = InMemoryStorage(), datetime(2026, 1, 1)
    for name, hours in (("early", 0), ("late", 20)):
        _timed(name, day + timedelta(hours=hours), storage)
    running = optuna.create_study(study_name="running", storage=storage)
    space = {"x": FloatDistribution(0, 1)}
    trial = create_trial(params={"x": 0.5}, distributions=space, state=TrialState.RUNNING)
    trial.datetime_start = day
    running.add_trial(trial)
    (late,), _ = Archive.read(storage).targets("late", chronological=True)
    assert [one.study_name for one in late.sources] == ["early"]


def test_a_key_changes_with_what_a_target_and_its_past_hold() -> None:
    storage = bowls()
    first = {t.pool.name: t.key for t in Archive.read(storage).targets()[0]}
    assert first == {t.pool.name: t.key for t in Archive.read(storage).targets()[0]}
    assert len(set(first.values())) == 3
    optuna.load_study(study_name="bowl-2", storage=storage).optimize(
        lambda trial: trial.suggest_float("x", 0, 1), n_trials=1
    )
    second = {t.pool.name: t.key for t in Archive.read(storage).targets()[0]}
    assert all(first[name] != second[name] for name in first)


def _add(
    name: str,
    storage: InMemoryStorage,
    directions: Sequence[str] = ("minimize", "minimize"),
    metrics: list[str] | None = None,
    **trial: Any,
) -> None:
    """A study whose trials are as said."""
    study = optuna.create_study(study_name=name, directions=[*directions], storage=storage)
    if metrics:
        with pytest.warns(optuna.exceptions.ExperimentalWarning):
            study.set_metric_names(metrics)
    for x in (0.0, 0.3, 0.6):
        space = {"x": FloatDistribution(0.0, 1.0)}
        told = {"params": {"x": x}, "distributions": space, "values": [x, 1.0 - x]}
        study.add_trial(create_trial(**{**told, **trial}))


def _key(**past: Any) -> str:
    """The key of a study with such a past."""
    storage = InMemoryStorage()
    _add("own", storage)
    _add("past", storage, **past)
    [target], _ = Archive.read(storage).targets("own")
    return target.key


@pytest.mark.parametrize(
    "change",
    [
        {"directions": ("minimize", "maximize")},
        {"metrics": ["loss", "time"]},
        {"distributions": {"x": FloatDistribution(0.0, 2.0)}},
        {"distributions": {"x": FloatDistribution(0.0, 1.0, step=0.1)}},
        {"system_attrs": {"constraints": [1.0]}},
        {"intermediate_values": {1: 0.5}},
        {"state": TrialState.PRUNED},
        {"values": [3.0, 0.0]},
        {"params": {"x": 0.5}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_key_changes_with_all_that_is_read_of_a_study(change: dict[str, Any]) -> None:
    assert _key() == _key()
    assert _key() != _key(**change)


def test_a_key_stays_where_only_that_changes_which_no_run_reads() -> None:
    assert _key() == _key(user_attrs={"note": "on the old machine"})


@pytest.mark.parametrize("names", [["bowl-0", 1], 5, None])
def test_what_is_neither_a_name_nor_a_glob_is_refused(names: Any) -> None:
    storage = bowls(2)
    for ask in (Archive.read(storage).targets, lambda names: Archive.read(storage, names)):
        with pytest.raises(TypeError) as raised:
            ask(names)
        assert str(raised.value) == f"names expects a list of names, got {names!r}"


@pytest.mark.parametrize(
    ("chronological", "said"),
    [
        (False, "'bowl' has no other study to learn from"),
        (True, "'bowl' began before any other had ended"),
    ],
)
def test_of_a_study_alone_it_is_said_what_it_lacks(chronological: bool, said: str) -> None:
    with pytest.raises(NothingToReplay, match=f": {said}$"):
        Archive((bowl(),)).targets(chronological=chronological)


def test_a_file_of_sqlite_can_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "with space.db"
    for i in range(2):
        bowl(f"bowl-{i}", n_trials=3, storage=optuna.storages.RDBStorage(f"sqlite:///{path}"))
    before = path.read_bytes(), path.stat().st_mtime_ns
    archive = Archive.read(f"sqlite:///{path}")
    assert [len(study.trials) for study in archive.studies] == [3, 3]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    storage = optuna.storages.RDBStorage(
        reading_only(f"sqlite:///{path}"), skip_table_creation=True
    )
    with pytest.raises(optuna.exceptions.StorageInternalError):
        optuna.create_study(storage=storage)
    storage.engine.dispose()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM studies").fetchone() == (2,)


def test_a_file_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NoSuchStorage, match="there is no file"):
        Archive.read(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "postgresql://user@host/name", "sqlite:///file:a?mode=ro&uri=true", "a.log"],
)
def test_what_is_no_file_of_sqlite_is_opened_as_it_is(url: str) -> None:
    assert reading_only(url) == url
