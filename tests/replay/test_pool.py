from __future__ import annotations

import numpy as np
import optuna
from optuna.distributions import FloatDistribution
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState, create_trial

from optuna_metabo.replay import Pool
from tests.replay.making import bowl, strange


def test_a_pool_holds_what_ended_with_parameters_as_it_was_found() -> None:
    study = strange("strange", 0, InMemoryStorage())
    pool = Pool.of(study)
    ended = [t for t in study.trials if t.state.is_finished() and t.params]
    assert list(pool.trials) == ended
    states = {trial.state for trial in pool.trials}
    assert states == {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}


def test_the_nearest_to_a_configuration_of_the_pool_is_itself_until_it_is_taken() -> None:
    pool, generator = Pool.of(bowl()), np.random.default_rng(0)
    left = np.ones(len(pool), dtype=bool)
    for row, trial in enumerate(pool.trials):
        assert pool.nearest(trial.params, left, generator=generator) == row
    left[3] = False
    distances = np.square(pool.X - pool.X[3]).sum(axis=1)
    distances[3] = np.inf
    nearest = pool.nearest(pool.trials[3].params, left, generator=generator)
    assert nearest == distances.argmin()


def test_of_configurations_run_twice_either_is_the_nearest() -> None:
    study = bowl(n_trials=3)
    study.add_trials(study.trials)
    pool, left = Pool.of(study), np.ones(6, dtype=bool)
    found = {
        pool.nearest(pool.trials[1].params, left, generator=np.random.default_rng(seed))
        for seed in range(20)
    }
    assert found == {1, 4}


def test_of_what_is_as_near_but_for_rounding_either_is_the_nearest() -> None:
    study, space = optuna.create_study(), {"x": FloatDistribution(0, 1)}
    for x in (0.1, 0.5):
        study.add_trial(create_trial(params={"x": x}, distributions=space, value=x))
    assert 0.5 - 0.3 != 0.3 - 0.1
    pool, left = Pool.of(study), np.ones(2, dtype=bool)
    generators = [np.random.default_rng(seed) for seed in range(20)]
    assert {pool.nearest({"x": 0.3}, left, generator=one) for one in generators} == {0, 1}


def test_a_parameter_exists_where_it_did_for_the_owner() -> None:
    pool = Pool.of(strange("strange", 0, InMemoryStorage()))
    for trial in pool.trials:
        if trial.state != TrialState.FAIL and "kindTrue" in trial.params:
            assert pool.exists("only b", trial.params) == ("only b" in trial.params)


def test_durations_are_those_of_the_trials() -> None:
    pool = Pool.of(bowl())
    expected = [trial.duration.total_seconds() for trial in pool.trials if trial.duration]
    assert pool.seconds.tolist() == expected
