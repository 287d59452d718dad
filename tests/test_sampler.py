"""What a user of the sampler relies on."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from optuna_metabo import Averaging, MetaGPSampler

AT = 0.3
Objective = Callable[[optuna.Trial], float]


def bowl(at: float = AT, sign: float = 1.0) -> Objective:
    def objective(trial: optuna.Trial) -> float:
        x, lr = trial.suggest_float("x", 0, 1), trial.suggest_float("lr", 1e-5, 1, log=True)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        loss = (x - at) ** 2 + 0.02 * (np.log10(lr) + 2) ** 2 + 0.2 * (kind == "b")
        return sign * float(loss)

    return objective


def past(
    objective: Objective,
    *,
    name: str = "past",
    direction: str = "minimize",
    n_trials: int = 30,
    seed: int = 0,
    storage: Any = None,
) -> optuna.Study:
    study = optuna.create_study(
        study_name=name,
        direction=direction,
        sampler=optuna.samplers.RandomSampler(seed=seed),
        storage=storage,
    )
    study.optimize(objective, n_trials=n_trials)
    return study


def run(
    sampler: MetaGPSampler,
    objective: Objective,
    n_trials: int = 6,
    direction: str = "minimize",
    **kwargs: Any,
) -> optuna.Study:
    study = optuna.create_study(sampler=sampler, direction=direction, **kwargs)
    study.optimize(objective, n_trials=n_trials)
    return study


def params(study: optuna.Study) -> list[dict[str, Any]]:
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize("surrogate", ["auto", "rgpe", "tst", "stacking"])
def test_the_first_trial_is_near_the_optimum_of_the_past_study(surrogate: str) -> None:
    sampler = MetaGPSampler([past(bowl())], surrogate=surrogate, seed=0)
    study = run(sampler, bowl(), 1)
    assert study.best_trial.params["kind"] == "a"
    assert abs(study.best_trial.params["x"] - AT) < 0.2
    assert study.best_value < 0.06


@pytest.mark.parametrize("high", [4.0, 3.0, 2.5])
def test_a_parameter_asked_first_starts_where_the_past_study_that_has_it_stood(
    high: float,
) -> None:
    """Whatever its range: the middle of the past one, where studies without it stand, is none."""

    def objective(at: float, trial: optuna.Trial) -> float:
        return (trial.suggest_float("x", 0, 1) - at) ** 2

    def with_constant(trial: optuna.Trial) -> float:
        trial.suggest_float("z", 0, 4)
        return objective(0.6, trial)

    studies = [past(partial(objective, 0.3), name=f"{i}", n_trials=12, seed=i) for i in range(2)]
    other = optuna.create_study(study_name="z", sampler=optuna.samplers.RandomSampler(seed=2))
    for _ in range(12):
        other.enqueue_trial({"z": 0.2})
    other.optimize(with_constant, n_trials=12)
    first = optuna.create_study(sampler=MetaGPSampler([*studies, other], seed=0)).ask()
    assert first.suggest_float("z", 0, high) == pytest.approx(0.2)
    assert first.suggest_float("x", 0, 1) == pytest.approx(0.3, abs=0.05)


def test_a_source_of_the_other_direction_helps_exactly_as_much() -> None:
    minimised = past(bowl())
    maximised = past(bowl(sign=-1.0), direction="maximize")
    one = run(MetaGPSampler([minimised], seed=0), bowl(sign=-1.0), 6, "maximize")
    other = run(MetaGPSampler([maximised], seed=0), bowl(sign=-1.0), 6, "maximize")
    assert params(one) == params(other)


def wrong_log(trial: optuna.Trial) -> float:
    return trial.suggest_float("lr", -1, 1) + trial.suggest_float("x", -5, 5, step=0.5)


def wrong_kind(trial: optuna.Trial) -> float:
    return trial.suggest_int("x", 0, 9) + (trial.suggest_float("kind", 0, 1) > 0.5)


def other_choices(trial: optuna.Trial) -> float:
    return float(trial.suggest_categorical("kind", ["z", "b", 3]) == "b") + trial.suggest_float(
        "extra", 0, 1
    )


def test_strange_sources_beside_a_good_one_stop_nothing() -> None:
    strange = [
        past(objective, name=objective.__name__, seed=i)
        for i, objective in enumerate((wrong_log, wrong_kind, other_choices))
    ]
    sampler = MetaGPSampler([*strange, past(bowl(), name="good")], seed=0)
    study = run(sampler, bowl(), 12)
    assert len(study.get_trials(states=(TrialState.COMPLETE,))) == 12
    assert study.best_value < 0.02
    explained = {source.name: source for source in sampler.explain(study).sources}
    assert explained["good"].weight == max(source.weight for source in explained.values())
    assert explained["other_choices"].extra == ("extra",)
    assert explained["other_choices"].missing == ("lr", "x")


def test_sources_that_cannot_help_are_named_once_and_do_no_harm() -> None:
    """Before the first proposal, but for what is known only when all parameters are."""
    useless = [
        past(lambda trial: trial.suggest_float("other", 0, 1), name="unrelated"),
        past(lambda trial: 0.0 * trial.suggest_float("x", 0, 1), name="constant"),
        past(lambda trial: trial.suggest_float("x", 0, 1) + np.inf, name="infinite"),
        optuna.create_study(study_name="empty"),
    ]
    sampler = MetaGPSampler([*useless, past(bowl(), name="good")], seed=0)
    study = optuna.create_study(sampler=sampler)
    trial = study.ask()
    with pytest.warns(UserWarning, match="left out") as caught:
        trial.suggest_float("x", 0, 1)
    assert caught[0].filename == __file__
    assert all(repr(name) in str(caught[0].message) for name in ("constant", "infinite", "empty"))
    study.tell(trial, bowl()(trial))
    with pytest.warns(UserWarning, match="left out: 'unrelated': shares no parameter") as later:
        study.optimize(bowl(), n_trials=6)
    assert len(caught) == len(later) == 1
    reasons = {source.name: source.reason for source in sampler.explain(study).sources}
    assert reasons == {
        "unrelated": "shares no parameter",
        "constant": "all its values are the same",
        "infinite": "no trial has a finite value",
        "empty": "has no completed trials",
        "good": None,
    }


def test_at_the_first_ask_one_line_says_which_sources_are_used(log: list[tuple[str, str]]) -> None:
    sampler = MetaGPSampler([past(bowl(), name=name) for name in ("one", "two")], seed=0)
    run(sampler, bowl(), 3, study_name="new")
    assert log == [("INFO", "'new' learns from 2 past studies: 'one', 'two'.")]


def test_without_sources_it_starts_quasi_random_and_then_optimises() -> None:
    study = run(MetaGPSampler(seed=0), bowl(), 25)
    assert study.best_value < 0.01


def test_weights_of_an_explanation_sum_to_one_and_it_prints() -> None:
    sampler = MetaGPSampler([past(bowl(), name="a"), past(bowl(0.8), name="b")], seed=0)
    study = optuna.create_study(sampler=sampler)
    for n in (0, 6):
        study.optimize(bowl(), n_trials=n)
        explanation = sampler.explain(study)
        total = sum(source.weight for source in explanation.sources)
        assert total + explanation.weight_without_sources == pytest.approx(1)
        assert "a" in str(explanation)
    assert [source.rank_agreement is None for source in explanation.sources] == [False, False]
    assert explanation.sources[0].name == "a"


def test_explaining_without_anything_known_is_empty() -> None:
    sampler = MetaGPSampler(seed=0)
    explanation = sampler.explain(optuna.create_study(sampler=sampler))
    assert explanation.sources == ()
    assert explanation.weight_without_sources == 1.0


SCRIPT = """
import optuna, sys
optuna.logging.disable_default_handler()
sys.path.insert(0, sys.argv[1])
from test_sampler import bowl, params, past, run
from optuna_metabo import MetaGPSampler
print(params(run(MetaGPSampler([past(bowl())], seed=3), bowl())))
"""


def test_one_seed_gives_the_same_trials_in_another_process() -> None:
    here = params(run(MetaGPSampler([past(bowl())], seed=3), bowl()))
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(here)


def test_another_seed_gives_other_trials() -> None:
    one, other = (params(run(MetaGPSampler(seed=seed), bowl(), 3)) for seed in (0, 1))
    assert one != other


@pytest.mark.parametrize("warm", [False, True])
def test_a_resumed_study_goes_on_as_if_never_stopped(tmp_path: Path, warm: bool) -> None:
    sources = [past(bowl())] if warm else None
    whole = run(MetaGPSampler(sources, seed=0), bowl(), 10)
    url = f"sqlite:///{tmp_path}/resume.db"
    run(MetaGPSampler(sources, seed=0), bowl(), 5, study_name="s", storage=url)
    resumed = optuna.load_study(
        study_name="s", storage=url, sampler=MetaGPSampler(sources, seed=0)
    )
    resumed.optimize(bowl(), n_trials=5)
    assert params(resumed) == params(whole)


def test_sampler_and_study_pickle() -> None:
    study = run(MetaGPSampler([past(bowl())], seed=0), bowl(), 3)
    copy = pickle.loads(pickle.dumps(study))
    for one in (study, copy):
        one.optimize(bowl(), n_trials=3)
    assert params(study) == params(copy)


def test_a_sampler_from_another_process_plans_a_parameter_alone() -> None:
    """Its new lock is one that a thread may take again, as the old one was."""
    study = optuna.create_study(sampler=pickle.loads(pickle.dumps(MetaGPSampler(seed=0))))
    arguments = {"func": lambda trial: trial.suggest_float("x", 0, 1), "n_trials": 1}
    thread = threading.Thread(target=study.optimize, kwargs=arguments, daemon=True)
    thread.start()
    thread.join(timeout=30.0)
    assert not thread.is_alive()


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution should be")
@pytest.mark.parametrize("warm", [False, True])
def test_choices_that_a_database_makes_lists_of_are_served_as_they_are_asked(
    tmp_path: Path, warm: bool
) -> None:
    def objective(trial: optuna.Trial) -> float:
        layers = trial.suggest_categorical("layers", [(64, 32), (32,), ()])
        assert isinstance(layers, tuple)
        return len(layers) + (trial.suggest_float("x", 0, 1) - AT) ** 2

    url = f"sqlite:///{tmp_path}/tuples.db"
    sources = [past(objective, storage=url)] if warm else None
    study = run(MetaGPSampler(sources, seed=0), objective, 10, study_name="new", storage=url)
    assert len(study.trials) == 10
    assert study.best_value < 0.1


def small(trial: optuna.Trial) -> float:
    return trial.suggest_int("i", 0, 3) + 10 * trial.suggest_categorical("c", [1, 2, 3])


@pytest.mark.parametrize("warm", [False, True])
def test_no_point_of_a_discrete_space_comes_twice(warm: bool) -> None:
    sources = [past(small, n_trials=6)] if warm else None
    study = run(MetaGPSampler(sources, seed=0), small, 12)
    assert len({tuple(sorted(trial.params.items())) for trial in study.trials}) == 12
    study.optimize(small, n_trials=1)  # nothing is left, and nothing raises


def test_trials_asked_at_once_are_different_and_complement_each_other() -> None:
    sources = [past(bowl(at), name=str(at), seed=i) for i, at in enumerate((0.1, 0.9))]
    study = optuna.create_study(sampler=MetaGPSampler(sources, seed=0))
    asked = [study.ask() for _ in range(2)]
    xs = [trial.suggest_float("x", 0, 1) for trial in asked]
    assert abs(xs[0] - xs[1]) > 0.3


@pytest.mark.parametrize(("n_past", "n_told"), [(0, 6), (1, 0), (3, 0), (3, 6)])
def test_what_workers_try_at_the_same_time_lies_apart(n_past: int, n_told: int) -> None:
    def plane(trial: optuna.Trial) -> float:
        return (trial.suggest_float("x", 0, 1) - 0.3) ** 2 + trial.suggest_float("y", 0, 1) ** 2

    sources = [past(plane, name=str(i), seed=i) for i in range(n_past)]
    study = run(MetaGPSampler(sources, seed=1), plane, n_told)
    asked = [study.ask() for _ in range(8)]
    X = np.array([[t.suggest_float("x", 0, 1), t.suggest_float("y", 0, 1)] for t in asked])
    apart = np.abs(X[:, None] - X[None]).max(axis=2)[np.triu_indices(8, 1)]
    assert apart.min() > 0.001


def test_workers_with_a_sampler_each_propose_different_points(tmp_path: Path) -> None:
    url, source = f"sqlite:///{tmp_path}/w.db", past(small, n_trials=6)
    optuna.create_study(study_name="shared", storage=url)
    workers = [
        optuna.load_study(
            study_name="shared", storage=url, sampler=MetaGPSampler([source], seed=0)
        )
        for _ in range(4)
    ]
    trials = [worker.ask() for worker in workers]
    points = {(t.suggest_int("i", 0, 3), t.suggest_categorical("c", [1, 2, 3])) for t in trials}
    assert len(points) == 4


def test_what_is_planned_is_read_by_one_thread_at_a_time() -> None:
    sampler, answers = MetaGPSampler(seed=0), list[dict[str, Any]]()
    study = optuna.create_study(sampler=sampler)
    study.ask()
    (trial,) = study.trials
    with sampler._lock:
        thread = threading.Thread(
            target=lambda: answers.append(sampler.sample_relative(study, trial, {})), daemon=True
        )
        thread.start()
        thread.join(timeout=0.2)
        assert thread.is_alive()
    thread.join(timeout=30.0)
    assert answers == [{}]


def test_four_threads_share_one_sampler() -> None:
    study = optuna.create_study(sampler=MetaGPSampler([past(small, n_trials=6)], seed=0))
    study.optimize(small, n_trials=12, n_jobs=4)
    points = {tuple(sorted(trial.params.items())) for trial in study.trials}
    assert len(points) == 12


def test_a_trial_knows_what_others_did_between_its_start_and_its_first_parameter() -> None:
    """As threads do that wait for one another: the calls of Optuna, in an order of theirs."""
    sampler = MetaGPSampler([past(small, n_trials=6)], seed=0)
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial({"i": 3, "c": 3})
    study.optimize(small, n_trials=1)
    early, late = study.ask(), study.ask()
    waiting = study.get_trials()[early.number]
    space = sampler.infer_relative_search_space(study, waiting)
    study.tell(late, small(late))
    study.optimize(small, n_trials=8)
    params = sampler.sample_relative(study, waiting, space)
    assert params not in [trial.params for trial in study.trials]


def test_a_trial_of_another_worker_that_has_some_parameters_is_imagined_to_its_end(
    tmp_path: Path,
) -> None:
    """Both workers would propose the far corner; the first has told only where it stands in x."""

    def corner(trial: optuna.Trial) -> float:
        return -trial.suggest_float("x", 0, 1) - trial.suggest_float("y", 0, 1)

    url, source = f"sqlite:///{tmp_path}/w.db", past(corner)
    optuna.create_study(study_name="shared", storage=url)
    one, other = (
        optuna.load_study(
            study_name="shared", storage=url, sampler=MetaGPSampler([source], seed=0)
        )
        for _ in range(2)
    )
    first = one.ask()
    x = first.suggest_float("x", 0, 1)
    second = other.ask()
    point = (second.suggest_float("x", 0, 1), second.suggest_float("y", 0, 1))
    assert point != (x, first.suggest_float("y", 0, 1))


def test_one_sampler_serves_several_studies() -> None:
    sampler = MetaGPSampler([past(bowl())], seed=0)
    one, other = run(sampler, bowl(), 3), run(sampler, bowl(sign=-1.0), 3, "maximize")
    one.optimize(bowl(), n_trials=2)
    assert len(one.trials) == 5
    assert other.best_value > -0.1


def tree(trial: optuna.Trial) -> float:
    kernel = trial.suggest_categorical("kernel", ["rbf", "poly"])
    if kernel == "rbf":
        return abs(trial.suggest_float("gamma", 0, 1) - 0.7)
    return 0.5 + 0.1 * trial.suggest_int("degree", 2, 5)


@pytest.mark.parametrize("warm", [False, True])
def test_conditional_parameters_are_modelled(warm: bool) -> None:
    sources = [past(tree, n_trials=25)] if warm else None
    study = run(MetaGPSampler(sources, seed=0), tree, 20)
    assert study.best_value < 0.03


def test_a_parameter_that_appears_later_and_a_range_that_changes_are_served() -> None:
    def objective(trial: optuna.Trial) -> float:
        value = trial.suggest_float("x", 0, 1 if trial.number < 3 else 2)
        return value + (trial.suggest_int("late", 0, 5) if trial.number >= 4 else 0)

    assert len(run(MetaGPSampler(seed=0, n_startup_trials=2), objective, 8).trials) == 8


@pytest.mark.parametrize("n_sources", [0, 1])
def test_where_ranges_were_narrowed_midway_no_point_comes_twice(n_sources: int) -> None:
    def wide(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 0, 100)

    def narrow(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0.5, 0.6) + trial.suggest_int("n", 40, 60, step=5)

    sampler = MetaGPSampler([past(wide)] * n_sources, seed=0)
    study = run(sampler, wide, 8)
    study.optimize(narrow, n_trials=12)
    assert len({(one.params["x"], one.params["n"]) for one in study.trials[8:]}) == 12


def test_a_surrogate_that_listens_to_no_source_begins_as_a_study_without_any_does() -> None:
    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0, 1) ** 2 + trial.suggest_float("y", 0, 1)

    deaf = MetaGPSampler([past(objective)], surrogate="none", seed=0, n_startup_trials=4)
    studies = [run(one, objective, 7) for one in (deaf, MetaGPSampler(seed=0, n_startup_trials=4))]
    first, second = ([trial.params for trial in study.trials] for study in studies)
    assert first == second
    kinds = [one.origin.kind for one in deaf.explain(studies[0]).trials]
    assert kinds == ["start-up"] * 4 + ["own model"] * 3


def test_enqueued_and_partially_fixed_parameters_are_kept() -> None:
    study = optuna.create_study(sampler=MetaGPSampler([past(bowl())], seed=0))
    study.enqueue_trial({"kind": "b"})
    study.optimize(bowl(), n_trials=1)
    assert study.trials[0].params["kind"] == "b"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.sampler = optuna.samplers.PartialFixedSampler({"x": 0.9}, study.sampler)
    study.optimize(bowl(), n_trials=2)
    assert all(trial.params["x"] == 0.9 for trial in study.trials[1:])


def test_what_is_fixed_by_a_sampler_around_it_is_known_when_the_rest_is_chosen() -> None:
    """With kind "a" the best x is .2, with "b", which is worse, .8."""

    def objective(trial: optuna.Trial) -> float:
        kind = trial.suggest_categorical("kind", ["a", "b"])
        x = trial.suggest_float("x", 0, 1)
        return float((x - (0.2 if kind == "a" else 0.8)) ** 2 + (kind == "b"))

    sampler = MetaGPSampler([past(objective)], seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        fixed = optuna.samplers.PartialFixedSampler({"kind": "b"}, sampler)
    study = optuna.create_study(sampler=fixed)
    study.optimize(objective, n_trials=8)
    found = [trial.params["x"] for trial in study.trials]
    assert len(set(found)) == len(found)
    assert min(abs(x - 0.8) for x in found) < 0.05
    assert all(x > 0.5 for x in found[4:])


def test_a_study_made_anew_under_its_name_is_not_served_the_plan_of_the_old_one() -> None:
    def new() -> optuna.Study:
        return optuna.create_study(study_name="same", sampler=sampler)

    sampler = MetaGPSampler([past(bowl())], seed=0)
    left = new().ask()
    left.suggest_float("x", 0, 1)
    study = new()
    study.enqueue_trial({"lr": 0.5})
    trial = study.ask()
    other = MetaGPSampler([past(bowl())], seed=0)
    alone = optuna.create_study(study_name="same", sampler=other)
    alone.enqueue_trial({"lr": 0.5})
    expected = alone.ask()
    for one in (trial, expected):
        one.suggest_float("lr", 1e-5, 1, log=True)
    assert trial.suggest_float("x", 0, 1) == expected.suggest_float("x", 0, 1)


def test_it_works_under_hyperband() -> None:
    def objective(trial: optuna.Trial) -> float:
        value = bowl()(trial)
        for step in range(1, 10):
            trial.report(value + 1.0 / step, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    study = optuna.create_study(
        study_name="hyperband",
        sampler=MetaGPSampler([past(bowl())], seed=0),
        pruner=optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9),
    )
    study.optimize(objective, n_trials=15)
    assert study.best_value < 0.1


def test_failed_trials_do_not_stop_it_and_are_not_repeated() -> None:
    def objective(trial: optuna.Trial) -> float:
        value = small(trial)
        return float("nan") if trial.number % 3 == 1 else value

    study = run(MetaGPSampler(seed=0, n_startup_trials=2), objective, 12)
    assert len({tuple(sorted(trial.params.items())) for trial in study.trials}) == 12


def test_global_random_state_error_state_and_threads_are_left_alone() -> None:
    from threadpoolctl import threadpool_info

    np.random.seed(0)
    random.seed(0)
    before = (np.random.get_state()[1].tolist(), random.getstate(), np.geterr())
    threads = [pool["num_threads"] for pool in threadpool_info()]
    run(MetaGPSampler([past(bowl())], seed=0), bowl(), 4)
    assert threads == [pool["num_threads"] for pool in threadpool_info()]
    assert before == (np.random.get_state()[1].tolist(), random.getstate(), np.geterr())


@pytest.mark.parametrize("warm", [False, True])
def test_a_user_who_lets_the_arithmetic_raise_can_use_it(warm: bool) -> None:
    with np.errstate(all="raise"):
        run(MetaGPSampler([past(bowl())] if warm else None, seed=0), bowl(), 8)


@pytest.mark.parametrize(
    ("kwargs", "error", "match"),
    [
        ({"surrogate": "best"}, ValueError, "surrogate must be one of"),
        ({"surrogate": 3}, TypeError, "got 3"),
        ({"seed": -1}, ValueError, "seed must be"),
        ({"n_startup_trials": 0}, ValueError, "n_startup_trials"),
        ({"source_studies": "name"}, TypeError, "storage="),
    ],
)
def test_wrong_arguments_raise_at_once(
    kwargs: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        MetaGPSampler(**kwargs)


def test_storage_alone_takes_every_other_study(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/all.db"
    past(bowl(), name="one", storage=url)
    past(bowl(0.4), name="two", storage=url, seed=1)
    sampler = MetaGPSampler(storage=url, seed=0)
    study = run(sampler, bowl(), 2, study_name="new", storage=url)
    assert {source.name for source in sampler.explain(study).sources} == {"one", "two"}
    assert study.best_value < 0.06


def test_an_own_surrogate_is_used() -> None:
    from optuna_metabo.ensembles.plain import NoTransfer

    sampler = MetaGPSampler([past(bowl())], surrogate=NoTransfer(), seed=0)
    study = run(sampler, bowl(), 3)
    assert sampler.explain(study).weight_without_sources == 1.0


def _scored_study(sampler: MetaGPSampler, n_trials: int) -> optuna.Study:
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1) - 0.3) ** 2, n_trials=n_trials)
    return study


def test_scores_are_highest_where_the_past_is_best_and_all_zero_while_nothing_is_known() -> None:
    candidates = [{"x": x} for x in np.linspace(0.0, 1.0, 41).tolist()]
    cold = MetaGPSampler(seed=0)
    for n_trials in (0, 3):
        assert (cold.score(_scored_study(cold, n_trials), candidates) == 0.0).all()
    past = _scored_study(MetaGPSampler(seed=1), 15)
    warm = MetaGPSampler([past], seed=0)
    new = optuna.create_study()
    scores = warm.score(new, candidates)
    assert scores.shape == (41,)
    assert abs(candidates[int(scores.argmax())]["x"] - 0.3) < 0.1
    assert new.trials == []


def test_scores_agree_with_what_is_proposed_and_do_not_depend_on_what_was_scored_before() -> None:
    sampler = MetaGPSampler(seed=0)
    study = _scored_study(sampler, 8)
    proposed = study.ask().suggest_float("x", 0, 1)
    candidates = [{"x": x} for x in (0.0, 0.1, 0.6, 0.8, 1.0)]
    study = _scored_study(MetaGPSampler(seed=0), 8)
    scores = sampler.score(study, [{"x": proposed}, *candidates])
    assert scores.argmax() == 0
    np.testing.assert_array_equal(sampler.score(study, candidates), scores[1:])
    np.testing.assert_array_equal(MetaGPSampler(seed=0).score(study, candidates), scores[1:])


def test_candidates_that_lack_a_parameter_or_have_others_are_scored() -> None:
    sampler = MetaGPSampler(seed=0)
    study = _scored_study(sampler, 8)
    scores = sampler.score(study, [{}, {"x": 0.3, "y": 1}, {"x": "strange"}])
    assert not np.isnan(scores).any()
    assert sampler.score(study, []).shape == (0,)


def peak(trial: optuna.Trial) -> float:
    return sum((trial.suggest_float(name, 0.0, 1.0) - 0.7) ** 2 for name in "xyz")


def opposed() -> list[optuna.Study]:
    return [past(lambda trial: -peak(trial), name=f"opposed-{i}", seed=i) for i in range(3)]


def test_the_first_trials_do_not_ask_for_the_optimum_of_the_past_again_and_again() -> None:
    """It is near the new one, and values around it hardly differ: where it lies is to be found."""

    def valley(at: float) -> Objective:
        def objective(trial: optuna.Trial) -> float:
            x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
            return (x - at) ** 2 + (y - 0.5) ** 2

        return objective

    for seed in range(3):
        sampler = MetaGPSampler([past(valley(0.35), seed=seed)], seed=seed)
        study = optuna.create_study(sampler=sampler)
        study.optimize(valley(0.3), n_trials=5)
        assert study.best_value < 0.25 * study.trials[0].value


def test_past_studies_of_a_mistaken_direction_are_of_use_as_well() -> None:
    study = optuna.create_study(sampler=MetaGPSampler(opposed(), seed=0))
    study.optimize(peak, n_trials=9)
    cold = optuna.create_study(sampler=MetaGPSampler(seed=0))
    cold.optimize(peak, n_trials=9)
    assert study.best_value < 0.2 * cold.best_value


def test_a_study_whose_sources_mislead_begins_as_one_without_any_where_they_expect_little() -> (
    None
):
    surrogate = Averaging(opposed=0.0)
    study = optuna.create_study(sampler=MetaGPSampler(opposed(), surrogate=surrogate, seed=0))
    study.optimize(peak, n_trials=9)
    cold = optuna.create_study(sampler=MetaGPSampler(seed=0, n_startup_trials=40))
    cold.optimize(peak, n_trials=40)
    kinds = [one.origin.kind for one in study.sampler.explain(study).trials]
    first, *others = [number for number, kind in enumerate(kinds) if kind == "anew"]
    assert 1 <= first <= 6
    assert study.trials[first].params in [trial.params for trial in cold.trials]
    assert others
    for number in others:
        assert study.trials[number].params == cold.trials[number].params
