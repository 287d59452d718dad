"""A study at one moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo import MetaGPSampler
from optuna_metabo.snapshot import Snapshot

STATES = [
    TrialState.COMPLETE,
    TrialState.PRUNED,
    TrialState.FAIL,
    TrialState.RUNNING,
    TrialState.WAITING,
]


def trial(state: TrialState, x: float = 0.5) -> FrozenTrial:
    return optuna.create_trial(
        state=state,
        params={"x": x},
        distributions={"x": FloatDistribution(0, 1)},
        value=x if state == TrialState.COMPLETE else None,
    )


def study_of(*states: TrialState) -> optuna.Study:
    study = optuna.create_study(study_name="several", direction="maximize")
    study.add_trials([trial(state, i / 1000) for i, state in enumerate(states)])
    return study


def test_trials_are_told_apart_by_their_state() -> None:
    now = Snapshot.of(study_of(*STATES, *STATES))

    def numbers(trials: list[FrozenTrial]) -> list[int]:
        return [one.number for one in trials]

    assert numbers(list(now.completed)) == [0, 5]
    assert numbers(list(now.telling)) == [0, 1, 5, 6]
    assert numbers(list(now.failed)) == [2, 7]
    assert numbers(list(now.running)) == [3, 8]
    assert set(numbers(list(now.ended))) == {0, 1, 2, 5, 6, 7}
    assert now.name == "several"


@pytest.mark.parametrize("strange", ["s", 5, None])
def test_what_is_no_study_is_refused(strange: Any) -> None:
    sampler = MetaGPSampler(seed=0)
    asked = (
        sampler.explain,
        sampler.best_guess,
        lambda study: sampler.predict(study, []),
        lambda study: sampler.score(study, []),
    )
    for ask in asked:
        with pytest.raises(TypeError, match=f"^study: expected a Study, got {strange!r}$"):
            ask(strange)


def test_places_are_rows_of_the_trials() -> None:
    now = Snapshot.of(study_of(*STATES, *STATES))
    places = now.places(now.failed)
    assert [now.trials[i].number for i in places] == [2, 7]
    assert len(now.places([])) == 0


def test_values_are_to_be_maximised() -> None:
    for direction, sign in (("maximize", 1.0), ("minimize", -1.0)):
        study = optuna.create_study(direction=direction)
        study.add_trials([trial(TrialState.COMPLETE, x) for x in (0.25, 0.75)])
        now = Snapshot.of(study)
        (values,) = now.values(now.telling)
        np.testing.assert_array_equal(values, [sign * 0.25, sign * 0.75])


@pytest.mark.parametrize("n", [0, 15, 16, 17, 200])
def test_chunks_hold_every_trial_once_and_whole_ones_have_a_name(n: int) -> None:
    chunks = Snapshot.of(study_of(*[TrialState.COMPLETE] * n)).chunks
    assert [one.number for part, _ in chunks for one in part] == list(range(n))
    names = [name for _, name in chunks if name is not None]
    assert len(names) == len(set(names)) == n // 16
    assert all(len(part) == 16 for part, name in chunks if name is not None)


def test_a_chunk_with_a_trial_that_may_change_has_no_name() -> None:
    states = [TrialState.COMPLETE] * 34
    states[20] = TrialState.RUNNING
    names = [name for _, name in Snapshot.of(study_of(*states)).chunks]
    assert [name is None for name in names] == [False, True, True]


def test_chunks_of_a_study_of_the_same_name_have_other_names() -> None:
    names = []
    for _ in range(2):
        study = study_of(*[TrialState.COMPLETE] * 16)
        names += [name for _, name in Snapshot.of(study).chunks]
    assert names[0] != names[1]


def test_of_trials_that_begin_alike_those_that_end_otherwise_have_another_name() -> None:
    """As the trials of two brackets of Hyperband."""
    trials = Snapshot.of(study_of(*[TrialState.COMPLETE] * 17)).trials
    one, other = (Snapshot("s", (), some) for some in (trials[:16], trials[:15] + trials[16:]))
    assert one.chunks[0][1] != other.chunks[0][1]
