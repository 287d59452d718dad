"""An explanation is what the trials themselves tell."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo import MetaGPSampler, Task
from optuna_metabo.belief import trusted
from optuna_metabo.ensembles.averaging import AveragingPrior
from optuna_metabo.ensembles.mixture import AveragingModel
from optuna_metabo.experimental import name_metrics
from optuna_metabo.explanation import explain
from optuna_metabo.explanation.explain import Agreement, _agreement
from optuna_metabo.explanation.retrospect import Retrospect
from tests.explanation.conftest import Studies, bowl, past

Objective = Callable[[optuna.Trial], float]


def test_weights_over_trials_are_those_of_explanations_made_on_the_way() -> None:
    sampler = MetaGPSampler([past("good", 1.0), past("bad", -1.0)], seed=0)
    study = optuna.create_study(sampler=sampler)
    on_the_way = []
    for _ in range(6):
        # The search space is the same all the way: nothing is known before the first trial.
        on_the_way.append({one.name: one.weight for one in sampler.explain(study).sources})
        study.optimize(bowl, n_trials=1)
    explanation = sampler.explain(study)
    names = [one.name for one in explanation.sources]
    for trial, seen in itertools.islice(zip(explanation.trials, on_the_way, strict=True), 1, None):
        assert dict(zip(names, trial.weights, strict=False)) == pytest.approx(seen)


def test_looking_back_a_second_time_or_by_another_sampler_tells_the_same(
    studies: Studies,
) -> None:
    study, sampler = studies
    first, again = str(sampler.explain(study)), str(sampler.explain(study))
    other = str(MetaGPSampler([past("good", 1.0), past("bad", -1.0)], seed=0).explain(study))
    assert first == again
    assert other.splitlines() == first.splitlines()[:-1]  # of the empty one it does not know


def test_trials_pruned_before_any_had_a_value_are_not_told_later() -> None:
    sampler = MetaGPSampler([past("good", 1.0)], seed=0)
    study = optuna.create_study(sampler=sampler)

    def objective(trial: optuna.Trial) -> float:
        value = bowl(trial)
        if trial.number < 2:
            raise optuna.TrialPruned
        return np.inf if trial.number == 3 else value

    study.optimize(objective, n_trials=6)
    assert [trial.n_told for trial in sampler.explain(study).trials] == [0, 0, 0, 1, 1, 2]


def test_an_enqueued_trial_is_told_and_the_next_ones_come_from_past_studies(
    studies: Studies,
) -> None:
    study, sampler = studies
    kinds = [trial.origin.kind for trial in sampler.explain(study).trials]
    assert kinds[0] == "enqueued"
    assert kinds[1] in ("optimum", "source", "common")
    assert "good" in sampler.explain(study).trials[1].origin.sources


def test_without_past_studies_start_up_comes_before_the_own_model() -> None:
    study = optuna.create_study(sampler=MetaGPSampler(seed=0, n_startup_trials=3))
    study.optimize(bowl, n_trials=5)
    kinds = [trial.origin.kind for trial in study.sampler.explain(study).trials]
    assert kinds == ["start-up"] * 3 + ["own model"] * 2


@pytest.mark.parametrize("n_trials", [2, 3, 4, 5])
def test_the_first_trial_comes_from_a_past_study_however_little_this_weighs(n_trials: int) -> None:
    sampler = MetaGPSampler([past("few", 1.0, n_trials)], seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(bowl, n_trials=1)
    [first] = sampler.explain(study).trials
    assert first.weight_without_sources > 0.4
    assert first.origin.sources == ("few",)


def test_the_first_trial_of_a_study_comes_from_who_tells_one_of_its_two_objectives() -> None:
    def two(trial: optuna.Trial) -> tuple[float, float]:
        return bowl(trial), trial.params["y"]

    source = past("half", 1.0)
    name_metrics(source, ["loss"])
    sampler = MetaGPSampler([source], seed=0)
    study = optuna.create_study(directions=["minimize"] * 2, sampler=sampler)
    name_metrics(study, ["loss", "time"])
    study.optimize(two, n_trials=1)
    [first] = sampler.explain(study).trials
    assert first.weight_without_sources > 0.4
    assert first.origin.sources == ("half",)


def test_trials_that_began_before_any_value_have_no_model_of_their_own() -> None:
    """Those that follow may have."""
    sampler = MetaGPSampler([past("few", 1.0, 3)], seed=0)
    study = optuna.create_study(sampler=sampler)
    trials = [study.ask() for _ in range(3)]
    for trial in trials:
        study.tell(trial, bowl(trial))
    study.optimize(bowl, n_trials=8)
    kinds = [one.origin.kind for one in sampler.explain(study).trials]
    assert "own model" not in kinds[:3]
    assert "own model" in kinds[3:]


def test_agreement_is_told_in_words_with_an_interval(studies: Studies) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(bowl, n_trials=15)
    found = {one.name: one for one in studies[1].explain(study).sources}
    assert (found["good"].agreement, found["bad"].agreement) == ("agrees", "opposed")
    low, high = found["good"].agreement_interval
    assert 0.0 < low < (found["good"].rank_agreement or 0.0) < high
    assert found["empty"].agreement == "says nothing"
    assert found["empty"].reason == "has no completed trials"


@pytest.mark.parametrize(("width", "words"), [(1.0, {"opposed"}), (0.1, {"untested"})])
def test_opposed_is_told_of_trials_of_which_little_was_expected_too(
    width: float, words: set[str]
) -> None:
    """Close to what they think best, past studies that agree elsewhere may seem opposed too."""
    space = {name: optuna.distributions.FloatDistribution(0, 1) for name in "xy"}
    study = optuna.create_study()
    for x, y in np.random.default_rng(0).random((15, 2)):
        params = {"x": 0.3 + 0.1 * width * x, "y": 1.0 - width * y}
        study.add_trial(
            optuna.trial.create_trial(
                params=params, distributions=space, value=(params["x"] - 0.3) ** 2 + params["y"]
            )
        )
    sampler = MetaGPSampler([past(f"bad-{i}", -1.0) for i in range(3)], seed=0)
    sources = sampler.explain(study).sources
    assert all((one.rank_agreement or 0.0) < -0.6 for one in sources)
    assert {one.agreement for one in sources} == words


def test_what_is_said_of_one_of_many_takes_more(studies: Studies) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(bowl, n_trials=15)
    alone = studies[1].explain(study).sources[0]
    noise = []
    for seed in range(8):
        values = np.random.default_rng(seed).random(20)
        noise.append(
            optuna.create_study(
                study_name=f"noise-{seed}", sampler=optuna.samplers.RandomSampler(seed=seed)
            )
        )
        noise[-1].optimize(lambda trial, v=values: 0 * bowl(trial) + v[trial.number], n_trials=20)
    found = MetaGPSampler([past("good", 1.0), *noise], seed=0).explain(study).sources
    assert all(one.error < alone.error for one in found)


def test_a_prediction_is_made_without_the_value_that_it_is_of(studies: Studies) -> None:
    study, sampler = studies
    trials = sampler.explain(study).trials
    assert trials[0].prediction is None
    copy = optuna.create_study(sampler=sampler)
    copy.add_trials(study.trials[:-1])
    last = study.trials[-1]
    changed = optuna.trial.create_trial(
        value=last.values[0] + 7.0, params=last.params, distributions=last.distributions
    )
    copy.add_trial(changed)
    before, found = trials[-1].prediction, sampler.explain(copy).trials[-1]
    assert before is not None
    assert found.prediction is not None
    assert found.prediction.mean == pytest.approx(before.mean)
    assert found.origin.kind == "added"  # nobody asked for it


def test_a_quick_trial_in_a_database_of_whole_seconds_was_asked_for() -> None:
    asked = optuna.create_study(sampler=MetaGPSampler(seed=0))
    asked.optimize(bowl, n_trials=3)
    kept = optuna.create_study()
    for trial in asked.trials:
        trial.datetime_start = trial.datetime_complete = trial.datetime_start.replace(
            microsecond=0
        )
        kept.add_trial(trial)
    told = MetaGPSampler(seed=0).explain(kept).trials
    assert [one.origin.kind for one in told] == ["start-up"] * 3


def over_decades(x: float, y: float, z: float) -> float:
    return 0.01 * math.exp(14.0 * ((x - 0.4) ** 2 + (y - 0.4) ** 2 + (z - 0.4) ** 2))


def three(trial: optuna.Trial) -> float:
    return over_decades(*(trial.suggest_float(name, 0, 1) for name in "xyz"))


def test_losses_over_decades_are_predicted_on_the_scale_on_which_they_are_searched() -> None:
    """A process of the losses themselves is sure where none was told, also of negative ones."""
    X, shares = np.random.default_rng(1).random((200, 3)), []
    points = [dict(zip("xyz", x, strict=True)) for x in X.tolist()]
    values = np.array([over_decades(*x) for x in X])
    for seed in range(2):
        study = optuna.create_study(sampler=MetaGPSampler(seed=seed))
        study.optimize(three, n_trials=25)
        [found] = study.sampler.predict(study, points)
        assert found.low.min() > -1.1 * study.best_value
        shares.append(np.mean((found.low <= values) & (values <= found.high)))
    assert np.mean(shares) > 0.85


def test_predictions_are_in_the_units_and_direction_of_the_objective(studies: Studies) -> None:
    study, sampler = studies
    trials = study.get_trials(states=(TrialState.COMPLETE,))
    [found] = sampler.predict(study, [trial.params for trial in trials])
    values = np.array([trial.values[0] for trial in trials])
    usual = values < 0.3  # others are drawn in
    assert usual.sum() == 8
    assert np.abs(found.mean - values)[usual].max() < 0.01
    assert found.mean[~usual].min() > found.mean[usual].max()
    assert ((found.low <= found.mean) & (found.mean <= found.high)).all()


@pytest.mark.parametrize("unit", [1e-150, 1e-90, 1e150])
def test_predictions_keep_units_that_leave_the_squares_of_floats(unit: float) -> None:
    def predicted(unit: float) -> np.ndarray:
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        study.optimize(lambda trial: unit * bowl(trial), n_trials=8)
        [found] = MetaGPSampler(seed=0).predict(study, [{"x": 0.3, "y": 0.2}])
        return np.array([found.mean, found.low, found.high]) / unit

    np.testing.assert_allclose(predicted(unit), predicted(1.0), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("large", [1e305, 1e308, -1.7e308])
@pytest.mark.parametrize("n_sources", [0, 1])
def test_what_is_expected_next_to_the_largest_float_is_finite(
    large: float, n_sources: int
) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: bowl(trial) if trial.number % 2 else large, n_trials=8)
    sampler = MetaGPSampler([past("good", 1.0)][:n_sources], seed=0)
    predictions = sampler.predict(study, [{"x": 0.3, "y": 0.2}, {"x": 0.9, "y": 0.9}])
    predictions += [one.prediction for one in sampler.explain(study).trials if one.prediction]
    for one in predictions:
        assert np.isfinite([one.mean, one.low, one.high]).all()
        assert (one.low <= one.high).all()


def test_a_prediction_between_integers_is_refused() -> None:
    study = optuna.create_study(sampler=MetaGPSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_int("n", 1, 9, step=2) ** 2, n_trials=6)
    assert len(study.sampler.predict(study, [{"n": 2}, {"n": 3.0}])[0].mean) == 2
    with pytest.raises(ValueError, match=r"'n' is 2\.5, which is none of"):
        study.sampler.predict(study, [{"n": 2.5}])


def test_a_prediction_of_nothing_known_or_of_a_strange_parameter_is_refused(
    studies: Studies,
) -> None:
    study, sampler = studies
    with pytest.raises(ValueError, match=r"expected parameters out of \['x', 'y'\], got \['z'\]"):
        sampler.predict(study, [{"z": 1.0}])
    for value in (7.0, "a", None):
        with pytest.raises(ValueError, match=f"'x' is {value!r}, which is none of FloatDist"):
            sampler.predict(study, [{"x": 0.1}, {"x": value}])
    for n_told in (-1, 1.5, 2.0, "3", True, np.nan):
        with pytest.raises(ValueError, match=f"n_told must be a non-negative int, got {n_told!r}"):
            sampler.predict(study, [{"x": 0.1}], n_told=n_told)  # type: ignore[arg-type]
    one, other = (sampler.predict(study, [{"x": 0.1}], n_told=n)[0] for n in (3, np.int64(3)))
    assert one.mean == other.mean
    nothing = optuna.create_study(study_name="nothing", sampler=MetaGPSampler(seed=0))
    with pytest.raises(ValueError, match="no parameter of 'nothing' is known"):
        nothing.sampler.predict(nothing, [{"x": 0.1}])


@pytest.mark.parametrize("surrogate", ["auto", "rgpe", "tst", "stacking", "none"])
def test_every_surrogate_tells_an_origin_of_every_trial_with_two_objectives(
    surrogate: str,
) -> None:
    def two(trial: optuna.Trial) -> tuple[float, float]:
        return bowl(trial), -bowl(trial)

    random = optuna.samplers.RandomSampler(seed=0)
    source = optuna.create_study(directions=["minimize"] * 2, study_name="p", sampler=random)
    source.optimize(two, n_trials=15)
    sampler = MetaGPSampler([source], surrogate=surrogate, seed=0)
    study = optuna.create_study(directions=["minimize"] * 2, sampler=sampler)
    study.optimize(two, n_trials=4)
    explanation = sampler.explain(study)
    assert [trial.number for trial in explanation.trials] == [0, 1, 2, 3]
    kinds = {trial.origin.kind for trial in explanation.trials}
    assert kinds <= ({"start-up"} if surrogate == "none" else {"optimum", "source", "own model"})
    assert explanation.trials[-1].prediction is not None
    assert len(explanation.trials[-1].prediction.mean) == 2


def test_a_past_study_that_the_surrogate_does_not_listen_to_is_told_as_left_out(
    log: list[tuple[str, str]],
) -> None:
    sampler = MetaGPSampler([past("good", 1.0)], surrogate="none", seed=0)
    study = optuna.create_study(study_name="new", sampler=sampler)
    study.optimize(bowl, n_trials=3)
    assert ("INFO", "'new' learns from no past study.") in log
    explanation = sampler.explain(study)
    (source,) = explanation.sources
    assert (source.weight, source.reason) == (0.0, "is not listened to by this surrogate")
    first, *_, last = str(explanation).splitlines()
    assert first == "'new' after 3 trials: 0 past studies used"
    assert last == "left out: good (is not listened to by this surrogate)"


@pytest.mark.parametrize("n_trials", [0, 3])
def test_a_study_without_parameters_has_nothing_to_be_explained(n_trials: int) -> None:
    study = optuna.create_study(sampler=MetaGPSampler(seed=0))
    study.optimize(lambda trial: 1.0, n_trials=n_trials)
    explanation = study.sampler.explain(study)
    assert (explanation.sources, explanation.trials) == ((), ())
    assert explanation.weight_without_sources == 1.0


def test_with_a_study_without_parameters_no_past_study_shares_any() -> None:
    sampler = MetaGPSampler([past("good", 1.0), past("empty", 1.0, 0)], seed=0)
    study = optuna.create_study(study_name="plain", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: 1.0, n_trials=3)
    explanation = sampler.explain(study)
    reasons = {one.name: one.reason for one in explanation.sources}
    assert reasons == {"empty": "has no completed trials", "good": "shares no parameter"}
    assert str(explanation).startswith("'plain' after 3 trials: 0 past studies used\n")


def test_failed_and_running_trials_have_an_origin_and_long_studies_a_spread() -> None:
    def often(trial: optuna.Trial) -> float:
        if trial.number % 10 == 7:
            raise ValueError
        return bowl(trial)

    sampler = MetaGPSampler(seed=0, n_startup_trials=200)
    study = optuna.create_study(sampler=sampler)
    study.optimize(often, n_trials=8, catch=ValueError)
    study.ask().suggest_float("x", 0, 1)
    assert len(sampler.explain(study).trials) == 8  # one failed before its first parameter
    study.optimize(bowl, n_trials=91)
    explanation = sampler.explain(study)
    trials = explanation.trials
    assert (len(trials), explanation.n_trials) == (64, 99)
    assert trials[-1].number == 99
    assert trials[0].values is not None


def test_trials_that_ran_at_the_same_time_did_not_know_of_each_other() -> None:
    study = optuna.create_study(sampler=MetaGPSampler(seed=0))
    trials = [study.ask() for _ in range(3)]
    for trial in trials:
        study.tell(trial, bowl(trial))
    study.optimize(bowl, n_trials=1)
    assert [one.n_told for one in study.sampler.explain(study).trials] == [0, 0, 0, 3]


def test_a_value_far_off_is_seen_as_a_proposal_sees_it() -> None:
    """Else whoever expects it least badly would have all the weight, which nobody else saw.

    Over eight decades losses are told by their logarithm, so the weights are not quite the same.
    """
    good, study = past("good", 1.0), optuna.create_study(sampler=MetaGPSampler(seed=0))
    study.optimize(lambda trial: 1.0 + bowl(trial), n_trials=11)
    params, distributions = {"x": 0.5, "y": 0.5}, study.trials[0].distributions
    weights = []
    for worst in (10.0, 1e9):
        copy = optuna.create_study()
        copy.add_trials(study.trials)
        copy.add_trial(
            optuna.trial.create_trial(value=worst, params=params, distributions=distributions)
        )
        weights.append(MetaGPSampler([good], seed=0).explain(copy).sources[0].weight)
    assert weights[0] == pytest.approx(weights[1], abs=0.05)


def test_of_past_studies_that_say_the_opposite_the_user_is_told() -> None:
    def objective(trial: optuna.Trial) -> float:
        return sum((trial.suggest_float(name, 0.0, 1.0) - 0.7) ** 2 for name in "xyz")

    def opposite(trial: optuna.Trial) -> float:
        return -objective(trial)

    told = {}
    for name, one in (("right", objective), ("wrong", opposite)):
        source = optuna.create_study(study_name=name, sampler=optuna.samplers.RandomSampler(0))
        source.optimize(one, n_trials=30)
        study = optuna.create_study(sampler=MetaGPSampler([source], seed=0))
        study.optimize(objective, n_trials=12)
        told[name] = study.sampler.explain(study)
    assert told["wrong"].weight_of_opposites > 0.5 > 0.01 > told["right"].weight_of_opposites
    assert "direction of theirs" in str(told["wrong"])
    assert "direction of theirs" not in str(told["right"])
    assert "the opposite of wrong" in {str(one.origin) for one in told["wrong"].trials}
    assert told["wrong"].sources[0].weight >= told["wrong"].weight_of_opposites


PLACES = ((0.15, 0.15), (0.85, 0.2), (0.2, 0.85), (0.8, 0.8), (0.5, 0.5))


def peak(at: tuple[float, float], trial: optuna.Trial) -> float:
    """Best in a place that tells nothing of that of another one."""
    x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
    away = (x - at[0]) ** 2 + (y - at[1]) ** 2
    return 0.01 * away - float(np.exp(-away / 0.02))


def slope_or_peak(at: tuple[float, float], trial: optuna.Trial) -> float:
    """In one branch what all have in common, in the other what none has."""
    if trial.suggest_categorical("model", ["slope", "peak"]) == "slope":
        return 0.01 * (trial.suggest_float("z", 0.0, 1.0) - 0.3) ** 2
    return peak(at, trial)


def past_of(
    objective: Callable[[tuple[float, float], optuna.Trial], float], at: tuple[float, float]
) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(PLACES.index(at))
    source = optuna.create_study(study_name=f"{at}", sampler=sampler)
    source.optimize(partial(objective, at), n_trials=40)
    return source


def test_of_past_studies_that_tell_nothing_of_each_other_the_user_is_told() -> None:
    """The first trials look elsewhere, but not where all of these studies were bad."""
    sources = [past_of(peak, at) for at in PLACES]
    sampler = MetaGPSampler(sources, seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(partial(peak, (0.3, 0.6)), n_trials=8)
    told = sampler.explain(study)
    kinds = [one.origin.kind for one in told.trials]
    assert kinds[0] != "anew"
    assert kinds[1] == kinds[2] == "anew"
    assert "anew" not in kinds[6:]
    assert told.trust < 0.5
    assert told.weight_without_sources > 0.5
    assert "tell little of each other's best trials" in str(told)
    # Two that differ in their place alone are no reason for doubt.
    believed = MetaGPSampler(sources[:2], seed=0).explain(study)
    assert believed.trust == 1.0
    assert "tell little" not in str(believed)


def test_past_studies_were_doubted_or_not_whichever_branches_later_trials_take() -> None:
    """What is known of a branch does not hang on whether a trial has taken it."""
    sampler = MetaGPSampler([past_of(slope_or_peak, at) for at in PLACES], seed=0)
    study, new = optuna.create_study(sampler=sampler), partial(slope_or_peak, (0.3, 0.6))
    for model in (*["slope"] * 6, "peak"):
        study.enqueue_trial({"model": model})
    study.optimize(new, n_trials=6)
    before = sampler.explain(study)
    study.optimize(new, n_trials=1)
    after = sampler.explain(study)
    assert before.trust == after.trust < 0.5
    assert "tell little" in str(after)
    kinds = [[one.origin.kind for one in told.trials] for told in (before, after)]
    assert "anew" in kinds[0]
    assert kinds[0] == kinds[1][:6]


def test_past_studies_of_one_name_are_told_apart_in_the_order_they_were_given(
    namesakes: Studies,
) -> None:
    study, sampler = namesakes
    explanation = sampler.explain(study)
    found = {one.name: one for one in explanation.sources}
    assert set(found) == {"same", "same (2)", "same (3)", "(without past studies) (2)"}
    assert [found[name].n_trials for name in ("same", "same (3)")] == [20, 15]
    assert found["same (2)"].reason == "all its values are the same"
    named = {name for trial in explanation.trials for name in trial.origin.sources}
    assert named
    assert named <= set(found) - {"same (2)"}


def test_weights_of_past_studies_of_one_name_are_not_added_up() -> None:
    sources = [past("same", 1.0, n) for n in (20, 19, 15)]
    study = optuna.create_study(sampler=MetaGPSampler(sources, seed=0))
    study.optimize(bowl, n_trials=1)
    [first] = study.sampler.explain(study).trials
    assert first.origin.kind in ("common", "optimum")
    assert set(first.origin.sources) == {"same", "same (2)", "same (3)"}


def test_a_step_that_is_remembered_has_the_names_of_today() -> None:
    """Another study of the name has come before the one that a trial came from."""
    study = optuna.create_study(sampler=MetaGPSampler([past("same", 1.0)], seed=0))
    study.optimize(bowl, n_trials=1)
    sampler = study.sampler
    assert isinstance(sampler, MetaGPSampler)
    now = sampler._look_back(study)
    assert [trial.origin.sources for trial in explain(now).trials] == [("same",)]
    flat = replace(now.past.studies[0], identity=now.past.studies[0].identity._replace(number=7))
    later = replace(now, past=replace(now.past, studies=(flat, *now.past.studies)))
    assert later.step(study.trials[0]).origin.sources == ("same (2)",)


def test_when_metrics_get_names_what_was_remembered_counts_no_more() -> None:
    """Of a study without names the first objective is the past studies' first, whatever it is."""

    def two(trial: optuna.Trial) -> tuple[float, float]:
        return bowl(trial), 1.0 - trial.params["x"]

    def study_of(name: str, seed: int, n_trials: int) -> optuna.Study:
        sampler = optuna.samplers.RandomSampler(seed)
        study = optuna.create_study(study_name=name, directions=["minimize"] * 2, sampler=sampler)
        study.optimize(two, n_trials=n_trials)
        return study

    sources = [study_of(f"past-{seed}", seed, 12) for seed in range(2)]
    for source in sources:
        name_metrics(source, ["loss", "time"])
    study, sampler = study_of("new", 7, 4), MetaGPSampler(sources, seed=0)
    unnamed = sampler.explain(study)
    name_metrics(study, ["time", "loss"])
    found, expected = (one.explain(study) for one in (sampler, MetaGPSampler(sources, seed=0)))
    assert [one.weights for one in found.trials] == [one.weights for one in expected.trials]
    assert found.trials[-1].weights != unnamed.trials[-1].weights


def test_what_is_remembered_has_keys_as_small_for_many_past_studies_as_for_one() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    study.optimize(bowl, n_trials=40)
    sources = [past(f"past-{i}", 1.0, 3) for i in range(12)]
    sampler = MetaGPSampler(sources, seed=0)
    retrospect = sampler._look_back(study)
    retrospect.step(study.trials[-1])
    retrospect.source_models(0)
    assert len(sampler._looked_back) == 2
    assert all(len(repr(key)) < 300 for key in sampler._looked_back._kept)


def test_past_studies_may_come_while_a_study_is_looked_at(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'later.db'}"
    with pytest.warns(UserWarning, match="No past study is read"):
        sampler = MetaGPSampler(storage=url, seed=0)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(bowl, n_trials=5)
    assert [one.name for one in sampler.explain(study).sources] == ["storage"]
    for i in range(2):
        source = optuna.create_study(
            study_name=f"past-{i}", storage=url, sampler=optuna.samplers.RandomSampler(seed=i)
        )
        source.optimize(bowl, n_trials=8)
    found = sampler.explain(study)
    assert {one.name for one in found.sources} == {"past-0", "past-1"}
    assert all(len(trial.weights) == 2 for trial in found.trials)


def test_looking_back_sees_the_model_that_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its hyperparameters are those of the first few trials."""
    found: dict[int, np.ndarray] = {}
    weighed = AveragingPrior.weighed

    def seen(prior: AveragingPrior, target: Task, pending: np.ndarray) -> AveragingModel:
        model = weighed(prior, target, pending)
        found.setdefault(len(target), model.expert_weights)  # reports may have another
        return model

    sampler = MetaGPSampler([past("good", 1.0), past("bad", -1.0)], seed=0)
    study = optuna.create_study(sampler=sampler)
    with monkeypatch.context() as patch:
        patch.setattr(AveragingPrior, "weighed", seen)
        study.optimize(bowl, n_trials=14)
    asked, found = found, {}
    with monkeypatch.context() as patch:
        patch.setattr(AveragingPrior, "weighed", seen)
        sampler.explain(study)
    for n in (3, 9, 11, 13):
        np.testing.assert_allclose(found[n], asked[n])


def elsewhere(study: optuna.Study, sampler: MetaGPSampler) -> list[int]:
    """The trials that are said to have looked elsewhere."""
    told = sampler.explain(study).trials
    return [i for i, one in enumerate(told) if one.origin.kind == "elsewhere"]


def flat(*failing: int) -> Objective:
    """Of some parameters, of which nothing depends; some trials fail."""

    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
        if trial.number in failing:
            raise RuntimeError
        return 1.0

    return objective


def test_a_trial_looked_elsewhere_as_long_as_nothing_was_known_to_fail() -> None:
    """Two failures are no accident; what comes later changes nothing of what is told."""
    sampler = MetaGPSampler(seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(flat(2, 12), n_trials=12, catch=RuntimeError)
    before = elsewhere(study, sampler)
    study.optimize(flat(2, 12), n_trials=4, catch=RuntimeError)
    assert before == list(range(before[0], 12))
    assert elsewhere(study, sampler) == elsewhere(study, MetaGPSampler(seed=0)) == [*before, 12]


@pytest.mark.parametrize("kept", [True, False])
def test_a_study_with_constraints_never_looked_elsewhere(kept: bool) -> None:
    def constraints(trial: FrozenTrial) -> list[float]:
        return [-1.0]

    function = constraints if kept else None
    sampler = MetaGPSampler(seed=0, constraints_func=function)
    study = optuna.create_study(sampler=sampler)
    study.optimize(flat(), n_trials=14)
    assert bool(elsewhere(study, sampler)) == (not kept)


def test_losses_over_decades_are_predicted_in_their_own_units() -> None:
    def loss(trial: optuna.Trial) -> float:
        return 10.0 ** (6.0 * trial.suggest_float("x", 0.0, 1.0) - 3.0)

    sampler = MetaGPSampler(seed=0)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    study.optimize(loss, n_trials=20)
    [expected] = sampler.predict(study, [{"x": 0.1}, {"x": 0.9}])
    assert expected.mean[1] == pytest.approx(10.0**2.4, rel=0.5)
    assert abs(expected.mean[0]) < 100.0


def test_of_trials_that_ran_together_is_told_whose_turn_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns: set[tuple[int, int]] = set()

    def seen(model: AveragingModel) -> AveragingModel:
        turns.add((model.seen.n, model.seen.n_asked))
        return acting(model)

    acting = AveragingModel.acting.func
    monkeypatch.setattr(AveragingModel, "acting", property(seen))
    sampler = MetaGPSampler([past("a", 1.0), past("b", 1.0)], seed=0)
    study = optuna.create_study(sampler=sampler)
    for _ in range(4):
        trials = [study.ask() for _ in range(3)]
        for trial, value in [(trial, bowl(trial)) for trial in trials]:
            study.tell(trial, value)
    asked = turns.copy()
    turns.clear()
    sampler.explain(study)
    assert {(n, n_asked) for n in (3, 6, 9) for n_asked in range(n, n + 3)} <= asked
    assert turns >= {one for one in asked if one[0] < 12}


def branching(trial: optuna.Trial, shift: float = 0.0) -> float:
    """A parameter of its own on two of three branches."""
    branch, c = (
        trial.suggest_categorical("branch", ["p", "q", "r"]),
        trial.suggest_float("c", 0, 1),
    )
    if branch == "p":
        return (c - 0.3 - shift) ** 2 + (trial.suggest_float("g", 0, 1) - 0.5) ** 2
    if branch == "q":
        return (c - 0.6 - shift) ** 2 + 0.2 + 0.1 * trial.suggest_int("d", 2, 5)
    return 0.5 + (c - 0.2) ** 2


def test_what_led_to_a_trial_stays_the_same_when_later_ones_have_other_parameters() -> None:
    sources = []
    for i in range(3):
        sampler = optuna.samplers.RandomSampler(seed=50 + i)
        source = optuna.create_study(study_name=f"past-{i}", sampler=sampler)
        source.optimize(partial(branching, shift=0.1 * i), n_trials=25)
        sources.append(source)
    study = optuna.create_study(sampler=MetaGPSampler(sources, seed=1))
    told = []
    for _ in range(8):
        study.optimize(branching, n_trials=1)
        told.append(study.sampler.explain(study).trials)
    assert len({frozenset(trial.params) for trial in study.trials}) > 1
    # Their order is that of the past studies' weights, which differ.
    told.append(MetaGPSampler(sources, seed=0).explain(study).trials)
    stories = [[replace(one, weights=tuple(sorted(one.weights))) for one in x] for x in told]
    for story in stories:
        assert story == stories[-1][: len(story)]


def test_a_past_study_that_shares_no_parameter_led_to_no_trial() -> None:
    def only(trial: optuna.Trial) -> float:
        return trial.suggest_float("z", 0, 1)

    alike = optuna.create_study(study_name="alike", sampler=optuna.samplers.RandomSampler(seed=0))
    alike.optimize(only, n_trials=12)
    for sources, sure in (([past("other", 1.0)], "start-up"), ([past("other", 1.0), alike], None)):
        sampler = MetaGPSampler(sources, seed=0)
        study = optuna.create_study(sampler=sampler)
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            study.optimize(only, n_trials=2)
        first, _ = sampler.explain(study).trials
        assert first.origin.kind == sure or first.origin.sources == ("alike",)
        assert "other" not in first.origin.sources


def test_a_constant_that_both_studies_have_is_shared_and_any_other_is_missing() -> None:
    def with_constant(trial: optuna.Trial, constant: int) -> float:
        trial.suggest_int("constant", constant, constant)
        return bowl(trial)

    sources = []
    for constant in (3, 4):
        sampler = optuna.samplers.RandomSampler(seed=constant)
        source = optuna.create_study(study_name=f"past-{constant}", sampler=sampler)
        source.optimize(partial(with_constant, constant=constant), n_trials=12)
        sources.append(source)
    study = optuna.create_study(sampler=MetaGPSampler(sources, seed=0))
    study.optimize(partial(with_constant, constant=3), n_trials=2)
    found = {one.name: one for one in study.sampler.explain(study).sources}
    same, other = found["past-3"], found["past-4"]
    assert (same.shared, same.missing, same.extra) == (("constant", "x", "y"), (), ())
    assert (other.shared, other.missing) == (("x", "y"), ("constant",))


def test_a_failed_trial_counts_as_one_of_the_start_up() -> None:
    def objective(trial: optuna.Trial) -> float:
        value = bowl(trial)
        if trial.number == 1:
            raise RuntimeError
        return value

    study = optuna.create_study(sampler=MetaGPSampler(seed=0, n_startup_trials=3))
    study.optimize(objective, n_trials=5, catch=RuntimeError)
    kinds = [trial.origin.kind for trial in study.sampler.explain(study).trials]
    assert kinds == ["start-up"] * 3 + ["own model"] * 2


def test_what_is_remembered_of_a_trial_hangs_on_how_far_those_beside_it_had_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sampler = MetaGPSampler([past("good", 1.0)], seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(bowl, n_trials=2)
    beside, trial = study.ask(), study.ask()
    beside.suggest_float("x", 0, 1)
    bowl(trial)
    worked_out, step = [], Retrospect._step
    monkeypatch.setattr(
        Retrospect, "_step", lambda self, *a: worked_out.append(a[0].number) or step(self, *a)
    )
    sampler.explain(study)
    worked_out.clear()
    sampler.explain(study)
    assert worked_out == []
    beside.suggest_float("y", 0, 1)
    sampler.explain(study)
    assert worked_out == [trial.number]


def test_points_that_are_not_spread_tell_of_no_opposition() -> None:
    taus = ((-0.7, False), (-0.7, True), (0.7, False), (None, True))
    assert [Agreement(tau, 9, spread).telling for tau, spread in taus] == [0.0, -0.7, 0.7, 0.0]


@pytest.mark.parametrize("spread", list(itertools.product([True, False], repeat=2)))
def test_of_several_objectives_trials_are_spread_if_they_are_in_each(
    spread: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        _agreement.__globals__, "_orders", lambda back, i, seen: [(0.2 * i, spread[i])]
    )
    source = SimpleNamespace(study=SimpleNamespace(key="a"))
    task = Task(np.zeros((3, 1)), np.arange(3.0))
    back = SimpleNamespace(
        seen=lambda told: [task] * 2, learned=[SimpleNamespace(used=[source])] * 2
    )
    assert _agreement(back, []) == {"a": Agreement(0.1, 3, spread == (True, True))}


def test_of_several_objectives_the_trust_is_that_of_the_one_that_is_believed_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a study begins anew where sources are doubted in every objective."""

    def two(trial: optuna.Trial) -> tuple[float, float]:
        return bowl(trial), trial.params["y"]

    source = optuna.create_study(
        directions=["minimize"] * 2, sampler=optuna.samplers.RandomSampler(0)
    )
    source.optimize(two, n_trials=12)
    study = optuna.create_study(
        directions=["minimize"] * 2, sampler=MetaGPSampler([source], seed=0)
    )
    study.optimize(two, n_trials=2)
    trusts = itertools.cycle((0.2, 0.9))
    monkeypatch.setitem(trusted.__globals__, "trust", lambda prior: next(trusts))
    assert study.sampler.explain(study).trust == 0.9


def permuted(seed: int) -> optuna.Study:
    """A past study whose values are those of other trials of it."""
    source = past(f"past-{seed}", 1.0, 30)
    found = optuna.create_study(study_name=source.study_name)
    values = np.random.default_rng(seed).permutation([one.value for one in source.trials])
    for trial, value in zip(source.trials, values.tolist(), strict=True):
        trial.values = [value]
        found.add_trial(trial)
    return found


def test_past_studies_are_trusted_as_far_before_the_first_value_as_after_it() -> None:
    study = optuna.create_study(sampler=MetaGPSampler([*map(permuted, range(5))], seed=0))
    before = study.sampler.explain(study)
    study.optimize(bowl, n_trials=1)
    assert before.trust == study.sampler.explain(study).trust < 0.5
    assert "tell little of each other's best trials" in str(before)
