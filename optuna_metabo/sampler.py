"""``MetaGPSampler``: the adapter between Optuna's sampler interface and the mathematics."""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.search_space import intersection_search_space
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import kendalltau

from optuna_metabo.encoding import Encoding, fits
from optuna_metabo.ensembles import by_name
from optuna_metabo.ensembles.plain import NoTransfer
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.explanation import Explanation, SourceExplanation
from optuna_metabo.proposal import Situation, propose, start_up
from optuna_metabo.sources import LeftOut, Sources, SourceStudy, SourceTask
from optuna_metabo.surrogate import Prior, Surrogate
from optuna_metabo.threads import single_threaded

# Plans of trials that never finish, and priors of search spaces no longer asked for, are dropped.
_MAX_PLANS, _MAX_PRIORS = 256, 16


@dataclass(frozen=True)
class Learned:
    """What the usable sources say about one search space."""

    prior: Prior
    used: tuple[SourceTask, ...]
    left_out: tuple[LeftOut, ...]

    def optima(self, p: int) -> Float[Array, "k p"]:
        """The best point of each source."""
        if not self.used:
            return np.zeros((0, p))
        return np.stack([source.task.X[source.task.y.argmax()] for source in self.used])


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
    ) -> None:
        if not isinstance(n_startup_trials, int) or n_startup_trials < 1:
            raise ValueError(f"n_startup_trials must be a positive int, got {n_startup_trials!r}")
        if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
            raise ValueError(f"seed must be a non-negative int or None, got {seed!r}")
        self._surrogate = by_name(surrogate) if isinstance(surrogate, str) else surrogate
        if not isinstance(self._surrogate, Surrogate):
            raise TypeError(f"surrogate must be a name or have a learn method, got {surrogate!r}")
        self._sources = Sources.of(source_studies, storage)
        self._seed = int(np.random.SeedSequence().generate_state(1)[0] if seed is None else seed)
        self._n_startup_trials = n_startup_trials
        self._plans: OrderedDict[tuple[str, int], dict[str, Any]] = OrderedDict()
        self._learned: OrderedDict[tuple[str, ...], Learned] = OrderedDict()
        self._warned: set[str] = set()
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
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
        space = intersection_search_space(_finished(study))
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
        """Forgets the trial's plan."""
        with self._lock:
            self._plans.pop((study.study_name, trial.number), None)

    def explain(self, study: Study) -> Explanation:
        """Says which sources count how much for ``study`` after its trials so far.

        Before the study's first trial, the search space is taken from the sources.
        """
        with self._lock, single_threaded(), np.errstate(all="ignore"):
            space = self._joint_space(study, {})
            if not space:
                reasons = self._sources.read(study)[1]
                return Explanation(tuple(_left_out(one) for one in reasons), 1.0)
            learned = self._learn(study, space)
            encoding = Encoding.of(space, _finished(study))
            target = encoding.task(_finished(study), study.direction)
            model = learned.prior.condition(target, target.X[:0])
            agreement = _rank_agreement(learned, encoding, target.X, target.y)
        used = [
            _used(source, space, float(weight), tau)
            for source, weight, tau in zip(learned.used, model.weights, agreement, strict=True)
        ]
        used.sort(key=lambda source: -source.weight)
        rest = max(0.0, 1.0 - float(np.sum(model.weights)))
        return Explanation((*used, *[_left_out(one) for one in learned.left_out]), rest)

    def _plan(
        self, study: Study, trial: FrozenTrial, asked: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        if len(study.directions) > 1:
            raise ValueError(
                f"study {study.study_name!r} has {len(study.directions)} objectives; "
                "MetaGPSampler expects one"
            )
        with self._lock, single_threaded(), np.errstate(all="ignore"):
            space = self._joint_space(study, {**trial.distributions, **asked})
            learned = self._learn(study, space)
            situation = self._situation(study, trial, space, asked)
            if len(situation.target):  # before, the space is a guess from the sources
                self._warn(learned.left_out)
            random = {"seed": self._seed, "number": trial.number}
            if not learned.used and len(situation.target) < self._n_startup_trials:
                plan = start_up(situation, **random)
            else:
                optima = learned.optima(situation.target.X.shape[1])
                plan = propose(situation, learned.prior, optima, **random)
            plan.update(trial.params)
            self._plans[study.study_name, trial.number] = plan
            while len(self._plans) > _MAX_PLANS:
                self._plans.popitem(last=False)
            return plan

    def _joint_space(
        self, study: Study, asked: Mapping[str, BaseDistribution]
    ) -> dict[str, BaseDistribution]:
        """Every parameter that this study has had; before its first trial, what sources have."""
        space: dict[str, BaseDistribution] = {}
        finished = _finished(study)
        if not finished:
            for source in self._sources.read(study)[0]:
                space = {**source.search_space, **space}
        for trial in finished:
            space.update(trial.distributions)
        space.update(asked)
        return {name: space[name] for name in sorted(space)}

    def _situation(
        self,
        study: Study,
        trial: FrozenTrial,
        space: Mapping[str, BaseDistribution],
        asked: Mapping[str, BaseDistribution],
    ) -> Situation:
        finished = _finished(study)
        shape = finished or [t for source in self._sources.read(study)[0] for t in source.trials]
        exists = {*trial.params, *asked}
        encoding = Encoding.of(space, shape, exists)
        running, blank = [], []
        for other in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if other.number == trial.number:
                continue
            plan = self._plans.get((study.study_name, other.number), {})
            params = {**plan, **other.params}
            if params:
                running.append(params)
            elif other.number < trial.number:
                blank.append(other.number)
        pending = encoding.encode_many(running)
        target = encoding.task(finished, study.direction)
        others = study.get_trials(deepcopy=False, states=(TrialState.PRUNED, TrialState.FAIL))
        others += [] if len(target) else finished
        told = encoding.encode_many([other.params for other in others])
        taken = encoding.domain.snap(np.concatenate([target.X, told, pending]))
        return Situation(encoding, target, pending, taken, blank, dict(trial.params))

    def _learn(self, study: Study, space: Mapping[str, BaseDistribution]) -> Learned:
        """The sources that say something about ``space``; learned once for each space."""
        key = (study.study_name, *(f"{name}={space[name]!r}" for name in space))
        if key in self._learned:
            self._learned.move_to_end(key)
            return self._learned[key]
        encoding = Encoding.of(space)
        studies, left_out = self._sources.read(study)
        found = [source.task_for(encoding) for source in studies]
        used = tuple(one for one in found if isinstance(one, SourceTask))
        reasons = (*left_out, *[one for one in found if isinstance(one, LeftOut)])
        surrogate = self._surrogate if used else NoTransfer()
        generator = np.random.default_rng(self._seed)
        tasks = [one.task for one in used]
        learned = Learned(
            surrogate.learn(tasks, encoding.domain, generator=generator), used, reasons
        )
        self._learned[key] = learned
        while len(self._learned) > _MAX_PRIORS:
            self._learned.popitem(last=False)
        return learned

    def _warn(self, left_out: Sequence[LeftOut]) -> None:
        """One warning for all sources that are left out, none for those named before."""
        new = [one for one in left_out if one.name not in self._warned]
        if new:
            self._warned.update(one.name for one in new)
            names = "; ".join(f"{one.name!r}: {one.reason}" for one in new)
            warnings.warn(f"source studies left out: {names}", stacklevel=2)


def _finished(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _serves(
    plan: Mapping[str, Any],
    params: Mapping[str, Any],
    name: str,
    distribution: BaseDistribution,
) -> bool:
    """Whether the plan holds the parameter, and the trial has kept to the plan so far."""
    kept = all(plan.get(other, value) == value for other, value in params.items())
    return kept and name in plan and fits(plan[name], distribution)


def _rank_agreement(
    learned: Learned,
    encoding: Encoding,
    X: Float[Array, "n p"],
    y: Float[Array, " n"],
) -> list[float | None]:
    if len(y) < 2 or not learned.used:
        return [None] * len(learned.used)
    models = SourceModels.learn([source.task for source in learned.used], encoding.domain)
    found = [float(kendalltau(mean, y).statistic) for mean in models.mean(X)]
    return [tau if np.isfinite(tau) else 0.0 for tau in found]


def _used(
    source: SourceTask,
    space: Mapping[str, BaseDistribution],
    weight: float,
    rank_agreement: float | None,
) -> SourceExplanation:
    study: SourceStudy = source.study
    return SourceExplanation(
        name=study.name,
        weight=weight,
        rank_agreement=rank_agreement,
        n_trials=len(source.task),
        shared=source.shared,
        missing=tuple(name for name in space if name not in source.shared),
        extra=tuple(name for name in study.search_space if name not in source.shared),
    )


def _left_out(one: LeftOut) -> SourceExplanation:
    return SourceExplanation(one.name, 0.0, None, 0, reason=one.reason)
