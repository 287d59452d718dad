from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import RandomSampler
from optuna.search_space import intersection_search_space
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo import MetaGPSampler
from optuna_metabo.replay import Archive, Pool, Target, by_proposals, by_scores, default_orders
from optuna_metabo.replay import orders as module
from optuna_metabo.replay.orders import FREE, ORDERS, cold_of, with_cold
from tests.replay.making import bowl, bowls, strange

HAS_TORCH = importlib.util.find_spec("torch") is not None
NAMES = [one for one in ORDERS if "ranknet" not in one and (HAS_TORCH or one[:2] != "gp")]


def _target() -> Target:
    return Archive.read(bowls(n_trials=8)).targets("bowl-0")[0][0]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.mark.parametrize("name", [*FREE, *NAMES])
@pytest.mark.filterwarnings("ignore")
def test_every_order_takes_each_trial_once_and_depends_on_the_seed_alone(name: str) -> None:
    order = FREE[name][0] if name in FREE else ORDERS[name]
    rows = list(order(_target(), 3))
    assert sorted(rows) == list(range(8))
    assert list(order(_target(), 3)) == rows


@pytest.mark.parametrize("name", ["tpe", "metagp", "metagp-cold", "metagp-nearest"])
@pytest.mark.filterwarnings("ignore")
def test_strange_studies_are_replayed_to_their_end(name: str) -> None:
    storage = InMemoryStorage()
    for i in range(3):
        strange(f"strange-{i}", i, storage)
    target = Archive.read(storage).targets("strange-1")[0][0]
    assert sorted(ORDERS[name](target, 0)) == list(range(len(target.pool)))


class _Spy(RandomSampler):
    """Remembers what it was told of."""

    def __init__(self) -> None:
        super().__init__(seed=0)
        self.seen: list[list[optuna.trial.FrozenTrial]] = []

    def before_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        self.seen.append(study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED)))


def test_a_sampler_is_told_what_the_owner_found_and_nothing_else() -> None:
    target, spy = _target(), _Spy()
    rows = list(by_proposals(target, 0, spy))
    for n, seen in enumerate(spy.seen):
        assert [t.number for t in seen] == list(range(n))
        expected = [target.pool.trials[row] for row in rows[:n]]
        assert [(t.params, t.values) for t in seen] == [(t.params, t.values) for t in expected]


class _Steady(RandomSampler):
    """Asks for the same parameters again and again, and notes of which it was asked."""

    def __init__(self, **params: Any) -> None:
        super().__init__(seed=0)
        self.params, self.asked = params, list[list[str]]()

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self.asked.append([])

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, name: str, of: BaseDistribution
    ) -> Any:
        self.asked[-1].append(name)
        return self.params[name]


class _Joint(_Steady):
    """Knows the parameters that all trials so far have, as samplers of relations do."""

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return intersection_search_space(study.get_trials(states=(TrialState.COMPLETE,)))

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {name: self.params[name] for name in space}


def _pool(*trials: tuple[dict[str, Any], dict[str, BaseDistribution]]) -> Target:
    study = optuna.create_study()
    for i, (params, space) in enumerate(trials):
        study.add_trial(optuna.create_trial(params=params, distributions=space, value=float(i)))
    return Target(Pool.of(study), ())


def test_one_proposal_made_again_and_again_is_served_what_is_nearest_of_the_rest() -> None:
    places = np.random.default_rng(0).permutation(9) / 8
    target = _pool(*[({"x": float(x)}, {"x": FloatDistribution(0, 1)}) for x in places])
    rows = list(by_proposals(target, 0, _Steady(x=0.3)))
    assert rows == np.argsort(np.abs(places - 0.3)).tolist()


def test_parameters_are_asked_for_only_where_they_exist() -> None:
    kind, x = CategoricalDistribution(("a", "b")), FloatDistribution(0, 1)
    trees = [
        ({"kind": "a"}, {"kind": kind}),
        *[({"kind": "b", "x": i / 4}, {"kind": kind, "x": x}) for i in range(4)],
    ]
    for chosen, expected in (("a", ["kind"]), ("b", ["kind", "x"])):
        sampler = _Steady(kind=chosen, x=0.4)
        rows = list(by_proposals(_pool(*trees), 0, sampler))
        assert sorted(rows) == list(range(5))
        assert sampler.asked == [expected] * 5


@pytest.mark.parametrize(
    ("so_far", "later", "value", "further"),
    [
        (CategoricalDistribution("ab"), CategoricalDistribution("abc"), "a", "c"),
        (FloatDistribution(1, 8), FloatDistribution(1, 8, log=True), 2.0, 7.0),
        (IntDistribution(1, 8), FloatDistribution(1, 8), 2, 7.5),
    ],
    ids=["choices", "scale", "kind"],
)
def test_a_sampler_of_relations_goes_on_where_a_distribution_changed(
    so_far: BaseDistribution, later: BaseDistribution, value: Any, further: Any
) -> None:
    """It knows those of the trials so far; one of another kind would end its run."""
    first, last = ({"x": value}, {"x": so_far}), ({"x": further}, {"x": later})
    rows = list(by_proposals(_pool(first, first, last, last), 0, _Joint(x=value)))
    assert sorted(rows[:2]) == [0, 1]
    assert sorted(rows[2:]) == [2, 3]


def test_what_is_queued_comes_first_as_far_as_it_is_legal() -> None:
    target = _target()
    wanted = [target.pool.trials[5].params, {"x": 7.0, "n": 9, "other": 1}]
    rows = list(islice(by_proposals(target, 0, RandomSampler(seed=0), wanted), 2))
    assert rows[0] == 5
    assert target.pool.trials[rows[1]].params["n"] >= 7


def test_the_best_of_the_sources_is_enqueued() -> None:
    pytest.importorskip("torch")
    target = _target()
    best = target.sources[0].best_trial.params
    expected = target.pool.nearest(
        best, np.ones(8, dtype=bool), generator=np.random.default_rng(0)
    )
    assert next(ORDERS["gp+enqueued"](target, 0)) == expected


def test_of_many_sources_the_best_of_the_first_ten_are_enqueued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources = tuple(bowl(f"bowl-{i}", n_trials=2, seed=i) for i in range(12))
    monkeypatch.setattr(module, "gp_sampler", lambda seed: _Steady(x=0.5, n=5))
    monkeypatch.setattr(module, "by_proposals", lambda target, seed, sampler, queue: iter(queue))
    queue = list(ORDERS["gp+enqueued"](Target(Pool.of(bowl()), sources), 0))
    assert queue == [source.best_params for source in sources[:10]]


def test_what_shares_no_parameter_is_not_enqueued(monkeypatch: pytest.MonkeyPatch) -> None:
    other = optuna.create_study(study_name="other", sampler=RandomSampler(seed=0))
    other.optimize(lambda trial: trial.suggest_float("z", 0, 1), n_trials=2)
    monkeypatch.setattr(module, "gp_sampler", lambda seed: _Steady(x=0.5, n=5))
    monkeypatch.setattr(module, "by_proposals", lambda target, seed, sampler, queue: iter(queue))
    source = bowl("past", n_trials=2, seed=1)
    queue = list(ORDERS["gp+enqueued"](Target(Pool.of(bowl()), (other, source)), 0))
    assert queue == [source.best_params]


class _Scored(MetaGPSampler):
    """Two configurations promise the same, and the others less."""

    def score(self, study: optuna.Study, candidates: Iterable[Mapping[str, Any]]) -> Any:
        return np.array([1.0 if i in (2, 5) else 0.0 for i, _ in enumerate(candidates)])


def test_of_what_promises_the_same_either_comes_first() -> None:
    target = _target()
    assert {next(by_scores(target, seed, _Scored())) for seed in range(20)} == {2, 5}


@pytest.mark.parametrize("whole", [FloatDistribution(0, 8), IntDistribution(1, 4)])
def test_the_whole_range_is_asked_for_unless_its_kind_or_what_it_holds_is_another_one_so_far(
    whole: BaseDistribution,
) -> None:
    so_far = IntDistribution(1, 8)
    assert module._compatible(whole, so_far) is so_far
    assert module._compatible(IntDistribution(0, 9), so_far) == IntDistribution(0, 9)
    assert module._compatible(whole, None) is whole


def test_with_alike_sources_the_first_choice_is_among_the_best() -> None:
    target = _target()
    values = [trial.values[0] for trial in target.pool.trials]
    first = next(by_scores(target, 0, MetaGPSampler(target.sources, seed=0)))
    assert np.argsort(np.argsort(values))[first] <= 2


def test_a_storage_is_left_as_it_was() -> None:
    storage = bowls()
    before = [study.trials for study in Archive.read(storage).studies]
    target = Archive.read(storage).targets("bowl-0")[0][0]
    list(ORDERS["metagp"](target, 0))
    assert [study.trials for study in Archive.read(storage).studies] == before


def test_objectives_keep_their_names() -> None:
    study = bowl()
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        study.set_metric_names(["loss"])
    names: list[list[str] | None] = []

    class Sampler(RandomSampler):
        def before_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
            names.append(study.metric_names)

    next(by_proposals(Target(Pool.of(study), ()), 0, Sampler()))
    assert names == [["loss"]]


def test_each_of_ours_is_compared_with_the_cold_one_that_is_served_alike() -> None:
    assert cold_of("metagp-rgpe") == "metagp-cold"
    assert cold_of("metagp-rgpe-nearest") == "metagp-cold-nearest"
    assert set(default_orders()) <= set(ORDERS)


def test_others_and_the_cold_ones_themselves_are_compared_with_none() -> None:
    for name in ("tpe", "gp", "metagp-cold", "metagp-cold-nearest"):
        assert cold_of(name) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("metagp",), ("metagp-cold", "metagp")),
        (("metagp", "metagp-cold"), ("metagp", "metagp-cold")),
        (
            ("tpe", "metagp-rgpe", "metagp-tst"),
            ("tpe", "metagp-cold", "metagp-rgpe", "metagp-tst"),
        ),
        (("metagp-nearest", "gp"), ("metagp-cold-nearest", "metagp-nearest", "gp")),
        (("tpe", "gp+enqueued", "metagp-cold"), ("tpe", "gp+enqueued", "metagp-cold")),
        (default_orders(), default_orders()),
    ],
)
def test_with_a_sampler_goes_what_it_is_compared_with(
    names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert with_cold(names) == expected
