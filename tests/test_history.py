"""What is worked out of trials that cannot change is worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.search_space import intersection_search_space
from optuna.trial import TrialState

from optuna_metabo import MetaGPSampler
from optuna_metabo.encoding import Encoding
from optuna_metabo.history import History
from optuna_metabo.ranges import joint
from optuna_metabo.snapshot import Snapshot

STATES = [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL]
SPACE = {"x": FloatDistribution(0, 3), "y": FloatDistribution(0, 1)}


def study_of(n_trials: int) -> optuna.Study:
    """Trials of all kinds, some without the second parameter, with a range that moves."""
    study = optuna.create_study(study_name="long")
    for i in range(n_trials):
        space = {"x": FloatDistribution(0, 1 + i / 100), "y": SPACE["y"]}
        names = ["x"] if i % 7 == 3 else ["x", "y"]
        state = STATES[i % 4]
        study.add_trial(
            optuna.create_trial(
                state=state,
                params={name: (i % 13) / 13 for name in names},
                distributions={name: space[name] for name in names},
                value=float(i) if state == TrialState.COMPLETE else None,
            )
        )
    return study


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The points that were encoded."""
    found: list[object] = []
    encode_many = Encoding.encode_many

    def counted(self: Encoding, points: Sequence[Mapping[str, Any]]) -> np.ndarray:
        found.extend(points)
        return encode_many(self, points)

    monkeypatch.setattr(Encoding, "encode_many", counted)
    return found


@pytest.mark.parametrize("n_trials", [0, 5, 64, 200])
def test_it_is_the_same_as_of_all_trials_at_once(n_trials: int) -> None:
    study, history, encoding = study_of(n_trials), History(), Encoding.of(SPACE)
    for _ in range(2):
        study.ask()  # one that runs
        now = Snapshot.of(study)
        X = encoding.encode_many([trial.params for trial in now.trials])
        np.testing.assert_array_equal(history.encoded(now, encoding), X)
        assert history.intersection(now) == intersection_search_space(now.completed)
        assert history.ranges(now).rounded == joint(t.distributions for t in now.ended)


def test_a_parameter_that_came_later_is_not_one_of_all_trials() -> None:
    study = optuna.create_study()
    for i in range(32):  # two chunks of 16
        space = {name: SPACE[name] for name in ("x", "y")[: 1 + i // 16]}
        params = dict.fromkeys(space, 0.5)
        study.add_trial(optuna.create_trial(params=params, distributions=space, value=0.0))
    assert set(History().intersection(Snapshot.of(study))) == {"x"}


def test_finished_trials_are_worked_through_once(encoded: list[object]) -> None:
    study, history, encoding = study_of(200), History(), Encoding.of(SPACE)
    history.encoded(Snapshot.of(study), encoding)
    assert len(encoded) == 200
    history.encoded(Snapshot.of(study), encoding)
    assert len(encoded) == 208  # those of the chunk that is not full yet


def test_a_trial_that_runs_is_looked_at_again() -> None:
    study, history, encoding = study_of(10), History(), Encoding.of(SPACE)
    trial = study.ask()
    study.add_trials(study_of(100).trials)
    before = history.encoded(Snapshot.of(study), encoding)
    trial.suggest_float("x", 0, 3)
    study.tell(trial, 1.0)
    after = history.encoded(Snapshot.of(study), encoding)
    assert (before[10] != after[10]).any()
    np.testing.assert_array_equal(np.delete(before, 10, 0), np.delete(after, 10, 0))


def test_a_study_of_the_name_of_a_deleted_one_is_another() -> None:
    history, encoding = History(), Encoding.of(SPACE)
    for shift in (0.0, 0.25):
        study = optuna.create_study(study_name="again")
        for i in range(64):
            study.add_trial(
                optuna.create_trial(
                    params={"x": i / 100 + shift}, distributions={"x": SPACE["x"]}, value=0.0
                )
            )
        X = history.encoded(Snapshot.of(study), encoding)
        assert X[0, 0] == pytest.approx(shift / 3)


def test_an_ask_does_not_work_through_a_long_study_again(encoded: list[object]) -> None:
    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1)

    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=400)
    study.sampler = MetaGPSampler(seed=0)
    study.optimize(objective, n_trials=1)
    encoded.clear()
    study.optimize(objective, n_trials=1)
    assert len(encoded) < 64


def test_candidates_are_encoded_once_and_their_key_is_small(encoded: list[object]) -> None:
    history, encoding = History(), Encoding.of(SPACE)
    candidates = [{"x": i / 1000, "y": 0.5} for i in range(1000)]
    X = history.candidates(candidates, encoding)
    assert history.candidates(candidates, encoding) is X
    assert len(encoded) == 1000
    np.testing.assert_array_equal(X, encoding.encode_many(candidates))
    for other, space in ((candidates[1:], SPACE), (candidates, {"x": SPACE["x"]})):
        expected = Encoding.of(space).encode_many(other)
        np.testing.assert_array_equal(history.candidates(other, Encoding.of(space)), expected)
    assert all(len(key) <= 64 for key in history._memory._kept)  # type: ignore[arg-type]


def test_the_key_of_encoded_trials_is_as_small_for_many_parameters_as_for_one() -> None:
    space = {f"parameter-{i}": FloatDistribution(0, 1) for i in range(100)}
    history = History()
    history.encoded(Snapshot.of(study_of(64)), Encoding.of(space))
    assert len(history._memory) == 4
    assert all(len(repr(key)) < 600 for key in history._memory._kept)
