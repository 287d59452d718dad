"""Random histories over random spaces with strange sources; two twins must agree on every answer.

`OPTUNA_METABO_FUZZ=5000 pytest tests/test_fuzz.py --hypothesis-seed=0` runs that many histories.
"""

from __future__ import annotations

import functools
import math
import os
import zlib
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from optuna_metabo import MetaGPSampler

N_HISTORIES = int(os.environ.get("OPTUNA_METABO_FUZZ", "0"))
# The sources know three parameters, and some studies have forty.
NAMES = ("a", "b", "c")
MANY_NAMES = (*NAMES, *[f"d{i:02d}" for i in range(37)])
DISTRIBUTIONS: tuple[BaseDistribution, ...] = (
    FloatDistribution(0.0, 1.0),
    FloatDistribution(1e-5, 1.0, log=True),
    FloatDistribution(0.0, 1.0, step=0.25),
    FloatDistribution(-1e300, 1e300),
    FloatDistribution(2.0, 2.0),
    IntDistribution(0, 3),
    IntDistribution(1, 1000, log=True),
    IntDistribution(0, 3 * 2**38, step=3),
    CategoricalDistribution(("x", "y", None)),
    # Not 1 beside True: Optuna stores both as the first of them.
    CategoricalDistribution(("1", True, 2.5, 0)),
    CategoricalDistribution(("only",)),
)
DISCRETE = tuple(d for d in DISTRIBUTIONS if getattr(d, "step", 1) is not None)
VALUES = (0.0, 1.0, -1.0, 0.5, math.inf, -math.inf, 1e300, 1e-300, 3.0)
values = st.sampled_from(VALUES)
few = st.lists(st.sampled_from(DISTRIBUTIONS), min_size=1, max_size=3)
many = st.lists(st.sampled_from(DISCRETE), min_size=20, max_size=40)


def any_value(distribution: BaseDistribution, i: int) -> Any:
    """One of its values, by a number."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[i % len(distribution.choices)]
    low, high = distribution.low, distribution.high
    if isinstance(distribution, IntDistribution):
        return min(low + (i % 4) * distribution.step, high)
    if distribution.step is not None:
        return min(low + (i % 4) * distribution.step, high)
    return low + (high / 7.0 - low / 7.0) * (i % 8)


@functools.cache
def source(kind: int) -> optuna.Study:
    """Strange past studies: other kinds of parameters, values, states, objectives, constraints."""
    directions = ["maximize", "minimize"] if kind % 5 == 4 else ["minimize"]
    study = optuna.create_study(study_name=f"source-{kind}", directions=directions)
    for i in range(0 if kind == 0 else 3 + kind):
        space = {
            name: DISTRIBUTIONS[(kind * 3 + j) % len(DISTRIBUTIONS)]
            for j, name in enumerate(NAMES)
            if (i + j + kind) % 4
        }
        value = VALUES[(i * kind) % len(VALUES)] if kind % 3 == 0 else math.sin(i * kind)
        state = TrialState.PRUNED if i % 5 == 4 and kind % 5 != 4 else TrialState.COMPLETE
        study.add_trial(
            optuna.create_trial(
                params={name: any_value(d, i * kind) for name, d in space.items()},
                distributions=space,
                values=[value] * len(directions) if state == TrialState.COMPLETE else None,
                intermediate_values={1: float(i)},
                system_attrs={"constraints": [float(i - 2)]} if kind % 4 == 1 else {},
                state=state,
            )
        )
    return study


class Twins(RuleBasedStateMachine):
    """Two studies with samplers of one seed, told the same."""

    @initialize(
        space=st.one_of(*[few] * 9, many),
        sources=st.sets(st.integers(0, 9), max_size=4),
        surrogate=st.sampled_from(["auto", "auto", "rgpe", "tst", "stacking", "none"]),
        two=st.booleans(),
        is_tree=st.booleans(),
        has_constraint=st.booleans(),
        seed=st.integers(0, 3),
    )
    def start(
        self,
        space: list[BaseDistribution],
        sources: set[int],
        surrogate: str,
        two: bool,
        is_tree: bool,
        has_constraint: bool,
        seed: int,
    ) -> None:
        self.space = dict(zip(MANY_NAMES, space, strict=False))
        self.is_tree, self.directions = is_tree, ["minimize", "maximize"][: 1 + two]
        function = (lambda t: [float(t.number % 3 - 1)]) if has_constraint else None
        self.studies = [
            optuna.create_study(
                study_name="target",
                directions=self.directions,
                sampler=MetaGPSampler(
                    [source(kind) for kind in sorted(sources)],
                    surrogate=surrogate,
                    seed=seed,
                    n_startup_trials=2,
                    constraints_func=function,
                ),
            )
            for _ in range(2)
        ]
        self.running: list[tuple[optuna.Trial, ...]] = []

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        for name, d in self.space.items():
            if self.is_tree and name == "b" and zlib.crc32(repr(trial.params["a"]).encode()) % 2:
                continue
            if isinstance(d, CategoricalDistribution):
                trial.suggest_categorical(name, d.choices)
            elif isinstance(d, FloatDistribution):
                trial.suggest_float(name, d.low, d.high, log=d.log, step=d.step)
            elif isinstance(d, IntDistribution):
                trial.suggest_int(name, d.low, d.high, log=d.log, step=d.step)
        return trial.params

    def check(self, params: dict[str, Any]) -> None:
        for name, value in params.items():
            d = self.space[name]
            if isinstance(d, CategoricalDistribution):
                assert any(type(choice) is type(value) and choice == value for choice in d.choices)
            else:
                assert type(value) is (int if isinstance(d, IntDistribution) else float)
                assert d._contains(d.to_internal_repr(value))

    @precondition(lambda self: len(self.running) < 3)
    @rule(fixed=st.booleans())
    def ask(self, fixed: bool) -> None:
        before = {repr(trial.params) for trial in self.studies[0].trials if trial.params}
        enqueued = self.studies[0].get_trials(states=(TrialState.WAITING,))
        is_known = self.studies[0].get_trials(states=(TrialState.COMPLETE,))
        if fixed and not self.is_tree:
            trials = tuple(study.ask(dict(self.space)) for study in self.studies)
            found = [trial.params for trial in trials]
        else:
            trials = tuple(study.ask() for study in self.studies)
            found = [self.suggest(trial) for trial in trials]
        assert repr(found[0]) == repr(found[1])
        self.check(found[0])
        if is_known and not enqueued:
            assert self.is_new_while_any_is_left(found[0], before)
        self.running.append(trials)

    def is_new_while_any_is_left(self, params: dict[str, Any], before: set[str]) -> bool:
        """Of a discrete space. Before the first trial ends, the space is a guess from sources."""
        sizes = [
            len(d.choices) if isinstance(d, CategoricalDistribution)
            else 1 if d.single()
            else math.inf if d.step is None
            else (d.high - d.low) / d.step + 1
            for d in self.space.values()
            if isinstance(d, (CategoricalDistribution, FloatDistribution, IntDistribution))
        ]  # fmt: skip
        is_left = len(before) < math.prod(sizes) < 1000
        return self.is_tree or not is_left or repr(params) not in before

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 2), value=values, other=values)
    def tell(self, which: int, value: float, other: float) -> None:
        trials = self.running.pop(which % len(self.running))
        for study, trial in zip(self.studies, trials, strict=True):
            study.tell(trial, [value, other][: len(self.directions)])

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 2))
    def fail(self, which: int) -> None:
        trials = self.running.pop(which % len(self.running))
        for study, trial in zip(self.studies, trials, strict=True):
            study.tell(trial, state=TrialState.FAIL)

    @precondition(lambda self: self.running and len(self.directions) == 1)
    @rule(which=st.integers(0, 2), report=st.one_of(st.none(), values, st.just(math.nan)))
    def prune(self, which: int, report: float | None) -> None:
        trials = self.running.pop(which % len(self.running))
        for study, trial in zip(self.studies, trials, strict=True):
            if report is not None:
                trial.report(report, 1)
            study.tell(trial, state=TrialState.PRUNED)

    @precondition(lambda self: hasattr(self, "studies"))
    @rule(i=st.integers(0, 7), name=st.sampled_from(NAMES))
    def enqueue(self, i: int, name: str) -> None:
        if name in self.space:
            for study in self.studies:
                study.enqueue_trial({name: any_value(self.space[name], i)})


# Not those of the arithmetic: an overflow, a division by 0 or a NaN that nobody expected.
TestFuzz = pytest.mark.filterwarnings("ignore", "error::RuntimeWarning")(Twins.TestCase)
TestFuzz.settings = settings(
    max_examples=N_HISTORIES or 30,
    stateful_step_count=12,
    deadline=None,
    derandomize=not N_HISTORIES,
    database=None,
    suppress_health_check=list(HealthCheck),
)
