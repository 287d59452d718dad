"""What must hold for a trial to count."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo import MetaGPSampler
from optuna_metabo.belief import Belief
from optuna_metabo.columns import Columns, failures
from optuna_metabo.constraints import bilog
from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles import by_name
from optuna_metabo.ensembles.target import settled
from optuna_metabo.learning import Learner
from optuna_metabo.limits import constraints, success
from optuna_metabo.objectives import Objective
from optuna_metabo.past import Past
from optuna_metabo.past_study import SourceStudy
from optuna_metabo.tasks import Task
from optuna_metabo.thinning import rare_first

LIMIT = 16384.0
ENCODING = Encoding.of({"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)})


def failed(**params: float) -> FrozenTrial:
    return optuna.create_trial(
        state=TrialState.FAIL,
        params=params,
        distributions={name: FloatDistribution(0, 1) for name in params},
    )


def belief(n_succeeded: int, *trials: FrozenTrial) -> Belief | None:
    X = np.random.default_rng(0).random((n_succeeded, 2))
    return success(Learner(by_name("auto")), Past(), ENCODING, X, trials)


def test_one_failure_among_successes_is_an_accident_and_two_are_not() -> None:
    assert belief(0) is belief(5) is belief(5, failed(x=0.9)) is None
    assert belief(5, failed(x=0.9), failed(x=0.8)) is not None
    assert belief(0, failed(x=0.9)) is not None


def test_every_failure_counts_and_only_for_what_it_got_to() -> None:
    found = belief(3, failed(x=0.9), failed(x=0.9), failed(x=0.8))
    assert found is not None
    np.testing.assert_array_equal(found.seen.y, [1, 1, 1, -1, -1, -1])
    np.testing.assert_array_equal(found.seen.known, [True, False])
    assert found.rule is rare_first


def test_one_that_failed_earlier_than_others_would_have_failed_whatever_came_next() -> None:
    X, known = failures(
        ENCODING, Columns.of([failed(x=0.9), failed(x=0.2, y=0.4)]).encoded(ENCODING)
    )
    np.testing.assert_array_equal(X[:, 0], [0.9] * 4 + [0.2])
    assert X[-1, 1] == 0.4
    assert np.ptp(X[:4, 1]) > 0.5
    assert known.all()
    # Also where another study's trials got farther.
    X, known = failures(ENCODING, Columns.of([failed(x=0.9)] * 8).encoded(ENCODING))
    assert len(X) == 8
    assert np.ptp(X[:, 1]) > 0.5
    np.testing.assert_array_equal(known, [True, False])


def test_constraints_are_thinned_around_their_border_and_failures_all_kept() -> None:
    """Of a thousand trials, in what is modelled of them."""
    x = np.linspace(0, 1, 1000)
    X, held = np.column_stack([x, x]), [{"c": float(one - 0.2)} for one in x]
    learner = Learner(by_name("auto"))
    (slack,) = constraints(learner, Past(), ENCODING, X, held)
    seen = slack.seen.thinned(300, slack.rule).X[:, 0]
    assert set(x[np.argsort(np.abs(x - 0.2))[:150]]) <= set(seen)
    found = success(learner, Past(), ENCODING, X, [failed(x=0.9)] * 100)
    assert found is not None
    assert (found.seen.thinned(300, found.rule).y < 0.0).sum() == 100


def test_of_very_many_past_values_of_a_constraint_those_around_its_border_are_kept() -> None:
    """Where the study itself has none yet."""
    past = Past(tuple(limited(f"{i}", np.linspace(-9.0, 1.0 + 0.1 * i, 100)) for i in range(4)))
    nothing: list[dict[str, float]] = []
    (found,) = constraints(Learner(by_name("none")), past, ENCODING, np.zeros((0, 2)), nothing)
    assert len(found.seen) == 400
    kept = found.seen.thinned(300, found.rule).y
    assert set(np.sort(np.abs(found.seen.y))[:150]) <= set(np.abs(kept))


def test_before_the_first_trial_those_constraints_count_that_every_past_study_has() -> None:
    both, one = (limited(str(n), np.linspace(-1.0, 1.0, 20), n_constraints=n) for n in (2, 1))
    nothing: list[dict[str, float]] = []
    for studies, n_told in (((both, one), 1), ((one, both), 1), ((both, both), 2)):
        told = constraints(
            Learner(by_name("none")), Past(studies), ENCODING, np.zeros((0, 2)), nothing
        )
        assert len(list(told)) == n_told


def limited(name: str, values: Iterable[float], *, n_constraints: int = 1) -> SourceStudy:
    """A past study whose constraints have these values."""
    values = list(values)
    trials = [
        optuna.create_trial(
            params={"x": i / len(values)},
            distributions={"x": FloatDistribution(0, 1)},
            value=0.0,
            system_attrs={"constraints": [float(value)] * n_constraints},
        )
        for i, value in enumerate(values)
    ]
    found = SourceStudy.of(name, (Objective(0, StudyDirection.MINIMIZE),), trials)
    assert isinstance(found, SourceStudy)
    return found


def bound(name: str, unit: float) -> SourceStudy:
    """A past study whose constraint is of that size."""
    return limited(name, [unit if i % 2 else -unit for i in range(5)])


def test_a_constraint_is_looked_at_in_units_of_the_past_and_without_any_in_its_own() -> None:
    past = Past(tuple(bound(str(i), unit) for i, unit in enumerate((10.0, 40.0, 4e9))))
    X, slack = np.repeat(np.arange(4.0)[:, None] / 4, 2, axis=1), np.array([0.1, -0.2, 0.2, -0.2])
    held = [{"0": -one} for one in slack.tolist()]
    for studies, unit in ((past, 40.0), (Past(), 0.2)):
        (found,) = constraints(Learner(by_name("auto")), studies, ENCODING, X, held)
        np.testing.assert_allclose(found.seen.y, bilog(slack, unit))


def test_a_past_constraint_of_which_no_value_is_finite_has_no_unit() -> None:
    past = Past(tuple(bound(str(i), unit) for i, unit in enumerate((40.0, np.inf, np.inf))))
    held = [{"0": 0.1}, {"0": -0.2}]
    X = np.array([[0.1, 0.2], [0.3, 0.4]])
    (found,) = constraints(Learner(by_name("auto")), past, ENCODING, X, held)
    np.testing.assert_allclose(found.seen.y, bilog(np.array([-0.1, 0.2]), 40.0))


def model_training(trial: optuna.Trial) -> float:
    """The larger the better, until the memory is full: then it fails before its last parameter."""
    size = trial.suggest_int("size", 16, 1024, log=True)
    batch = trial.suggest_int("batch", 8, 512, log=True)
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    if size * batch > LIMIT:
        raise MemoryError
    dropout = trial.suggest_float("dropout", 0, 0.9)
    return float(
        -np.log2(size)
        - np.log2(batch) / 2
        + (np.log10(lr) + 3) ** 2 / 2
        + 4 * (dropout - 0.3) ** 2
    )


def ran(
    sampler: optuna.samplers.BaseSampler,
    n_trials: int,
    objective: Callable[[optuna.Trial], float] = model_training,
    name: str = "new",
) -> optuna.Study:
    study = optuna.create_study(study_name=name, sampler=sampler)
    study.optimize(objective, n_trials=n_trials, catch=(MemoryError,))
    return study


@pytest.fixture(scope="module")
def past() -> list[optuna.Study]:
    """Their best models stand next to ones that ran out of memory."""
    return [ran(optuna.samplers.TPESampler(seed=i), 40, name=f"past-{i}") for i in range(3)]


def n_failed(study: optuna.Study) -> int:
    return len(study.get_trials(states=(TrialState.FAIL,)))


@pytest.mark.parametrize("surrogate", ["auto", "rgpe", "stacking", "tst"])
def test_a_warm_start_next_to_failures_succeeds(past: list[optuna.Study], surrogate: str) -> None:
    study = ran(MetaGPSampler(past, surrogate=surrogate, seed=0), 20)
    assert n_failed(study) <= 14
    assert study.best_value < -11.5  # random search is at -10.6 after 60 trials


@pytest.mark.parametrize("surrogate", ["auto", "rgpe", "stacking"])
def test_with_less_memory_than_in_the_past_it_succeeds_too(
    past: list[optuna.Study], surrogate: str
) -> None:
    """About as often as without past studies, whatever these are sure of beyond the border.

    Without any 15 to 17 of 30 fail, and the best is -8.4 to -9.5.
    """

    def tighter(trial: optuna.Trial) -> float:
        value = model_training(trial)
        if trial.params["size"] * trial.params["batch"] > LIMIT / 8:
            raise MemoryError
        return value

    study = ran(MetaGPSampler(past, surrogate=surrogate, seed=0), 30, tighter)
    assert n_failed(study) <= 22
    assert study.best_value < -8.5


def test_a_study_in_which_every_trial_failed_goes_elsewhere() -> None:
    """At first everything fails that start-up trials try."""

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        if x > 0.05:
            raise MemoryError
        return x

    study = ran(MetaGPSampler(seed=0, n_startup_trials=3), 12, objective)
    xs = np.sort([trial.params["x"] for trial in study.trials])
    assert len(set(xs)) == 12
    assert np.diff(np.r_[0.0, xs, 1.0]).max() < 0.25  # spread, as nothing else is known
    assert n_failed(study) < 12


def test_between_two_fits_a_constraint_is_fitted_to_the_same_values() -> None:
    generator = np.random.default_rng(0)
    X, size = generator.random((40, 2)), generator.lognormal(0.0, 3.0, 40)

    def fitted(n: int) -> Task:
        held = [{"c": float(one)} for one in (X[:, 0] - 0.5) * size]
        (found,) = constraints(Learner(by_name("auto")), Past(), ENCODING, X[:n], held[:n])
        return settled(found.seen)

    for n in (28, 32):
        np.testing.assert_array_equal(fitted(n).X, X[:27])
        np.testing.assert_array_equal(fitted(n).y, fitted(27).y)
    assert len(fitted(33)) == 33


def test_of_many_failures_those_that_are_fitted_stay() -> None:
    trials = [failed(x=float(x), y=0.3) for x in np.linspace(0.5, 1.0, 400)]
    found = belief(300, *trials)
    assert found is not None
    seen = found.seen.thinned(100, rare_first)
    assert seen.whole is not None
    np.testing.assert_array_equal(seen.whole.y, np.r_[np.ones(300), -np.ones(400)])
    np.testing.assert_array_equal(seen.whole.X[300:, 0], np.linspace(0.5, 1.0, 400))
