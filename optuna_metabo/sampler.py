"""``MetaGPSampler``: the adapter between Optuna's sampler interface and the mathematics."""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.search_space import intersection_search_space
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.encoding import Encoding, fits
from optuna_metabo.ensembles import by_name
from optuna_metabo.explanation import Explanation, explain, merged, unexplained
from optuna_metabo.learning import Learned, Learner, Space
from optuna_metabo.limits import constraints, success
from optuna_metabo.memory import Memory
from optuna_metabo.outputs import ConstraintsFunc, constraints_of, feasible
from optuna_metabo.proposal import Belief, Situation, propose, start_up
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import Sources
from optuna_metabo.surrogate import Surrogate, Task, observed
from optuna_metabo.threads import single_threaded

# Trials that are asked for at a time, before the plans of the oldest are dropped.
_MAX_TRIALS_KEPT = 256
# Of the values of ``constraints_func``: those of a hundred thousand trials and more.
_CONSTRAINT_BYTES = 2**24

V = TypeVar("V")


class MetaGPSampler(BaseSampler):
    """A Gaussian process sampler that starts from completed studies.

    With usable sources the very first trial is already chosen by what they know; the weight of
    each is the evidence that the new study's own values give it, and a plain Gaussian process
    stands as a rival to all of them. Without any it is a plain Gaussian process sampler.

    Args:
        source_studies: Completed studies: ``Study`` objects, or (with ``storage``) study names, a
            glob such as ``"resnet-*"``, or a predicate over study names.
        storage: A URL or a storage object in which the named studies are looked up. With
            ``storage`` alone, every other study there that shares a parameter is a source.
        surrogate: ``"auto"`` (model averaging, the default), ``"rgpe"``, ``"tst"``,
            ``"stacking"``, ``"ranknet"``, ``"none"`` or an object that satisfies
            :class:`optuna_metabo.surrogate.Surrogate`.
        seed: Seeds everything random. The same seed gives the same trials, also in another
            process and after a resume.
        n_startup_trials: Quasi-random trials before the first proposal of a study without any
            usable source; with sources there are none.
        constraints_func: From a finished trial to its constraints, feasible at 0 and below, for
            objectives that do not set them by ``trial.set_constraint``. Its values are not
            written to the storage.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If a study or a surrogate of that name does not exist.
    """

    def __init__(
        self,
        source_studies: Sequence[Study | str] | str | Callable[[str], bool] | None = None,
        *,
        storage: str | BaseStorage | None = None,
        surrogate: str | Surrogate = "auto",
        seed: int | None = None,
        n_startup_trials: int = 5,
        constraints_func: ConstraintsFunc | None = None,
    ) -> None:
        if not isinstance(n_startup_trials, int) or n_startup_trials < 1:
            raise ValueError(f"n_startup_trials must be a positive int, got {n_startup_trials!r}")
        if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
            raise ValueError(f"seed must be a non-negative int or None, got {seed!r}")
        if constraints_func is not None and not callable(constraints_func):
            raise TypeError(f"constraints_func must be callable, got {constraints_func!r}")
        surrogate = by_name(surrogate) if isinstance(surrogate, str) else surrogate
        if not isinstance(surrogate, Surrogate):
            raise TypeError(f"surrogate must be a name or have a learn method, got {surrogate!r}")
        self._sources = Sources.of(source_studies, storage)
        self._seed = int(np.random.SeedSequence().generate_state(1)[0] if seed is None else seed)
        self._learner = Learner(self._sources, surrogate, self._seed)
        self._constraints_func = constraints_func
        self._constraints: Memory[dict[str, float]] = Memory(_CONSTRAINT_BYTES)
        self._n_startup_trials = n_startup_trials
        self._plans: OrderedDict[tuple[str, int], dict[str, Any]] = OrderedDict()
        self._snapshots: OrderedDict[tuple[str, int], Snapshot] = OrderedDict()
        self._warned: set[str] = set()
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
        state["_snapshots"] = OrderedDict()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    def reseed_rng(self) -> None:
        """Does nothing: every trial's randomness comes from the seed and the trial's number."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The parameters that every finished trial of this study has; none before the first."""
        now = Snapshot.of(study)
        with self._lock:  # for the plan that is asked for next
            _keep(self._snapshots, (now.name, trial.number), now)
        space = intersection_search_space(now.completed)
        return {name: space[name] for name in sorted(space) if not space[name].single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Plans the whole trial and hands out the parameters of ``search_space``."""
        if not search_space:
            return {}
        plan = self._plan(study, trial, search_space)
        return {name: plan[name] for name in search_space}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Serves a parameter from the trial's plan, or makes a plan from what it holds so far."""
        with self._lock:
            plan = self._plans.get((study.study_name, trial.number))
            if plan is None or not _serves(plan, trial.params, param_name, param_distribution):
                plan = self._plan(study, trial, {param_name: param_distribution})
            return plan[param_name]

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Forgets the trial's plan, and asks ``constraints_func``, whose errors are the user's."""
        key = (study.study_name, trial.number)
        with self._lock:
            self._plans.pop(key, None)
            self._snapshots.pop(key, None)
            if self._constraints_func and state in (TrialState.COMPLETE, TrialState.PRUNED):
                self._constraints_of(study.study_name, trial)

    def explain(self, study: Study) -> Explanation:
        """Says which sources count how much for ``study`` after its trials so far.

        Before the study's first trial, the search space is taken from the sources.
        """
        with self._lock, single_threaded(), np.errstate(all="ignore"):
            now = Snapshot.of(study)
            space = self._joint_space(now, {})
            if not space:
                return unexplained(self._sources.read(now)[1])
            trials = now.telling
            encoding = Encoding.of(space, trials)
            X = encoding.encode_many([one.params for one in trials])
            return merged(
                [
                    explain(learned, encoding, Task.observed(X, values))
                    for learned, values in zip(
                        self._learner.objectives(now, space), now.values(trials), strict=True
                    )
                ]
            )

    def _plan(
        self, study: Study, trial: FrozenTrial, asked: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        key = (study.study_name, trial.number)
        with self._lock, single_threaded(), np.errstate(all="ignore"):
            now = self._snapshots.pop(key, None) or Snapshot.of(study)
            space = self._joint_space(now, {**trial.distributions, **asked})
            learned = self._learner.objectives(now, space)
            situation = self._situation(now, trial, space, asked, learned)
            if situation.n_seen:  # before, the space is a guess from the sources
                self._warn(learned)
            random = {"seed": self._seed, "number": trial.number}
            if situation.n_seen < self._n_startup_trials and not any(o.used for o in learned):
                plan = start_up(situation, **random)
            else:
                p = len(situation.encoding.domain.groups)
                optima = np.concatenate([one.optima(p) for one in learned])
                plan = propose(situation, optima, **random)
            plan.update(trial.params)
            _keep(self._plans, key, plan)
            return plan

    def _joint_space(
        self, now: Snapshot, asked: Mapping[str, BaseDistribution]
    ) -> dict[str, BaseDistribution]:
        """Every parameter that this study has had; before its first trial, what sources have."""
        space: dict[str, BaseDistribution] = {}
        if not now.completed:
            for source in self._sources.read(now)[0]:
                space = {**source.search_space, **space}
        for trial in now.completed:
            space.update(trial.distributions)
        space.update(asked)
        return {name: space[name] for name in sorted(space)}

    def _situation(
        self,
        now: Snapshot,
        trial: FrozenTrial,
        space: Space,
        asked: Mapping[str, BaseDistribution],
        learned: Sequence[Learned],
    ) -> Situation:
        trials = now.telling
        shape = trials or [t for source in self._sources.read(now)[0] for t in source.trials]
        encoding = Encoding.of(space, shape, {*trial.params, *asked})
        X = encoding.encode_many([one.params for one in trials])
        held = [self._constraints_of(now.name, one) for one in trials]
        seen, is_feasible = observed(X, now.values(trials), feasible(held))
        pending, blank = self._running(now, trial, encoding)
        # Of one that failed before its first parameter no place is known.
        failed = encoding.encode_many([one.params for one in now.failed if one.params])
        succeeded = X[[bool(one.params) for one in trials]]
        return Situation(
            encoding=encoding,
            objectives=tuple(map(Belief, seen, [one.prior for one in learned])),
            limits=(
                *constraints(self._learner, now, space, encoding, X, held),
                *success(encoding, succeeded, failed),
            ),
            feasible=is_feasible,
            pending=pending,
            taken=encoding.domain.snap(np.concatenate([X, failed, pending])),
            blank=blank,
            fixed=dict(trial.params),
        )

    def _running(
        self, now: Snapshot, trial: FrozenTrial, encoding: Encoding
    ) -> tuple[Float[Array, "q p"], list[int]]:
        """Points of the other running trials, and numbers of those that have no parameter yet."""
        running, blank = [], []
        for other in now.running:
            if other.number == trial.number:
                continue
            params = {**self._plans.get((now.name, other.number), {}), **other.params}
            if params:
                running.append(params)
            elif other.number < trial.number:
                blank.append(other.number)
        return encoding.encode_many(running), blank

    def _constraints_of(self, study_name: str, trial: FrozenTrial) -> dict[str, float]:
        if self._constraints_func is None:
            return constraints_of(trial, None)
        # Another study may have the name of one that was deleted.
        key = (study_name, trial.number, trial.datetime_start)
        return self._constraints.get(key, lambda: constraints_of(trial, self._constraints_func))

    def _warn(self, learned: Sequence[Learned]) -> None:
        """One warning for all sources that no objective can use, none for those named before."""
        used = {source.study.name for one in learned for source in one.used}
        left_out = {one.name: one for part in learned for one in part.left_out}
        new = [one for one in left_out.values() if one.name not in self._warned | used]
        if new:
            self._warned.update(one.name for one in new)
            names = "; ".join(f"{one.name!r}: {one.reason}" for one in new)
            warnings.warn(f"source studies left out: {names}", stacklevel=2)


def _keep(kept: OrderedDict[tuple[str, int], V], key: tuple[str, int], value: V) -> None:
    """Keeps what belongs to a trial; of trials that never finish the oldest are dropped."""
    kept[key] = value
    while len(kept) > _MAX_TRIALS_KEPT:
        kept.popitem(last=False)


def _serves(
    plan: Mapping[str, Any],
    params: Mapping[str, Any],
    name: str,
    distribution: BaseDistribution,
) -> bool:
    """Whether the plan holds the parameter, and the trial has kept to the plan so far."""
    kept = all(plan.get(other, value) == value for other, value in params.items())
    return kept and name in plan and fits(plan[name], distribution)
