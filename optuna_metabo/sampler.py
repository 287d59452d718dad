"""``MetaGPSampler``: the adapter between Optuna's sampler interface and the mathematics."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

from optuna_metabo.announce import Announcer
from optuna_metabo.arguments import call, check_count, configurations
from optuna_metabo.checking import checked
from optuna_metabo.constraints import ConstraintsFunc, constraints_of
from optuna_metabo.encoding import as_choice, is_kept_by_databases
from optuna_metabo.ensembles import by_name
from optuna_metabo.features import Features
from optuna_metabo.history import History
from optuna_metabo.memory import Memory
from optuna_metabo.plans import Plan, Plans, key_of
from optuna_metabo.shapes import Float
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.sources import Sources
from optuna_metabo.surrogate import Surrogate
from optuna_metabo.threads import single_threaded

if TYPE_CHECKING:
    from optuna_metabo.answering import Answerer
    from optuna_metabo.explanation import Explanation, Prediction, Retrospect
    from optuna_metabo.transfer_prior import TransferPrior

# Values of ``constraints_func`` of a hundred thousand trials, explanations of some hundred.
_BYTES_KEPT = 2**24
# NumPy's own settings, whatever the user's are: only what vanishes next to 1 is no event.
_ARITHMETIC: dict[str, Any] = {
    "divide": "warn",
    "over": "warn",
    "invalid": "warn",
    "under": "ignore",
}


class MetaGPSampler(BaseSampler):
    """A Gaussian process sampler that starts from completed studies.

    With usable sources the very first trial is already chosen by what they know; the weight of
    each is the evidence that the new study's own values give it, and a plain Gaussian process
    stands as a rival to all of them. Without any it is a plain Gaussian process sampler.

    Args:
        source_studies: Completed studies: ``Study`` objects, or (with ``storage``) study names, a
            glob such as ``"resnet-*"``, or a predicate over study names.
        storage: A URL or a storage object in which the named studies are looked up; it is only
            read, and no file is made. With ``storage`` alone, every other study there that shares
            a parameter is a source; a file that does not exist yet is then a warning, and is
            looked for again when a trial asks.
        surrogate: ``"auto"`` (model averaging, the default), ``"rgpe"``, ``"tst"``,
            ``"stacking"``, ``"ranknet"``, ``"none"`` or an object that satisfies
            :class:`optuna_metabo.surrogate.Surrogate`.
        seed: Seeds everything random. The same seed gives the same trials, also in another
            process and after a resume.
        n_startup_trials: Quasi-random trials before the first proposal of a study without any
            usable source; one that repeats a point does not count. With sources there are none at
            first; some follow, until the ninth trial at the latest, where their first proposals
            show that they mislead.
        constraints_func: From a finished trial to its constraints, feasible at 0 and below, for
            objectives that do not set them by ``trial.set_constraint``. Its values are not
            written to the storage.
        prior: Past studies and what was learned from them: a :class:`.TransferPrior`, or the path
            of its file. They are sources besides those that are asked for.
        features: Numbers that are known of each study before its first value, such as the size
            of its data set: names of user attributes of the studies, or a mapping from the names
            of the studies, the new one's included, to numbers by name. Where past studies with
            alike features turn out to be alike, those like the new study have more weight from
            the first trial on. Only ``surrogate="auto"`` listens to them.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If there is no study or surrogate of a name, no storage at a URL in which
            studies are asked for, or a number is out of range.
        ImportError: If a surrogate needs a package that is not installed.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> def objective(trial):
        ...     return (trial.suggest_float("x", 0, 1) - 0.3) ** 2
        >>> past = optuna.create_study(study_name="past", sampler=optuna.samplers.RandomSampler(0))
        >>> past.optimize(objective, n_trials=20)
        >>> study = optuna.create_study(sampler=MetaGPSampler([past], seed=0))
        >>> study.optimize(objective, n_trials=1)
        >>> abs(study.best_params["x"] - 0.3) < 0.1
        True
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
        prior: TransferPrior | str | PathLike[str] | None = None,
        features: Sequence[str] | Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        check_count("n_startup_trials", n_startup_trials, least=1)
        if seed is not None:
            check_count("seed", seed, least=0)
        if constraints_func is not None and not callable(constraints_func):
            raise TypeError(f"constraints_func must be callable, got {constraints_func!r}")
        self._arguments = {
            "source_studies": source_studies,
            "storage": storage,
            "surrogate": surrogate,
            "seed": seed,
            "n_startup_trials": n_startup_trials,
            "constraints_func": constraints_func,
            "prior": prior,
            "features": features,
        }
        from optuna_metabo.learning import Learner

        surrogate = by_name(surrogate) if isinstance(surrogate, str) else checked(surrogate)
        self._sources = Sources.of(source_studies, storage)
        self._learner = Learner(surrogate, features=Features.of(features))
        if prior is not None:
            from optuna_metabo.transfer_prior import held

            kept, known = held(prior, surrogate)
            self._sources = replace(self._sources, kept=kept)
            self._learner = replace(self._learner, known=known)
        self._seed = int(np.random.SeedSequence().generate_state(1)[0] if seed is None else seed)
        self._history = History()
        self._constraints_func = constraints_func
        self._constraints: Memory[dict[str, float]] = Memory(_BYTES_KEPT)
        self._n_startup_trials = n_startup_trials
        self._looked_back: Memory[Any] = Memory(_BYTES_KEPT)
        self._plans = Plans()
        self._announcer = Announcer()
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return call(type(self).__name__, self._arguments, type(self).__init__)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
        state["_plans"] = self._plans.without_reading()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Alone, on one thread, with arithmetic that is the same whatever the user has set."""
        with self._lock, single_threaded(), np.errstate(**_ARITHMETIC):
            yield

    def reseed_rng(self) -> None:
        """Does nothing: every trial's randomness comes from the seed and the trial's number."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The parameters that every completed trial of this study has; none before the first.

        Those are left out of which a database does not give the choices back as they were: what
        would be served here by the distribution of an earlier trial is not legal for a new one.
        """
        with self._lock:
            now = self._snapshot(study)
            space = self._history.intersection(now)
            inferred = {
                name: space[name]
                for name in sorted(space)
                if not space[name].single() and is_kept_by_databases(space[name])
            }
            self._plans.begin(key_of(study, trial), now, frozenset(inferred))
            return inferred

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Plans the whole trial and hands out the parameters of ``search_space``.

        Where this is a part of what was inferred, another sampler fixes the rest: then nothing is
        planned until the trial holds it.
        """
        with self._lock:
            inferred = self._plans.asked_together(key_of(study, trial))
        if not search_space or not inferred <= search_space.keys():
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
            plan = self._plans.serving(study, trial, param_name, param_distribution)
            if plan is None:
                plan = self._plan(study, trial, {param_name: param_distribution})
            return as_choice(plan[param_name], param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Forgets the trial's plan, and asks ``constraints_func``, whose errors are the user's."""
        with self._lock:
            self._plans.forget(key_of(study, trial))
            if self._constraints_func and state in (TrialState.COMPLETE, TrialState.PRUNED):
                self._constraints_of(study.study_name, trial)

    def explain(self, study: Study) -> Explanation:
        """Says which sources count how much for ``study``, and what led to each of its trials.

        Before the study's first trial, the search space is taken from the sources.

        Example:
            >>> import optuna
            >>> from optuna_metabo import MetaGPSampler
            >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0))
            >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=6)
            >>> study.sampler.explain(study).weight_without_sources
            1.0
        """
        from optuna_metabo.explanation import explain

        with self._working():
            return explain(self._look_back(study))

    def predict(
        self, study: Study, points: Iterable[Mapping[str, Any]], *, n_told: int | None = None
    ) -> list[Prediction]:
        """What is expected of some parameters, one prediction for each objective.

        Args:
            study: The study.
            points: Values of parameters; one that a point lacks does not exist there.
            n_told: How many trials with values are known, all if not given. Of none a prediction
                is an order alone: what past studies expect a point to be worth, from 0 at their
                median and below to 1 at the best, or to -1 where the objective is minimised.

        Returns:
            One prediction for each objective, of all points.

        Raises:
            TypeError: If ``points`` holds anything but mappings.
            ValueError: If nothing is known of a parameter, or of any, one has no such value, or
                ``n_told`` is no count.

        Example:
            >>> import optuna
            >>> from optuna_metabo import MetaGPSampler
            >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0))
            >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=8)
            >>> [prediction] = study.sampler.predict(study, [{"x": 0.5}])
            >>> bool(prediction.low[0] < 0.25 < prediction.high[0])
            True
        """
        points = configurations("points", points)
        with self._working():
            return self._look_back(study).expected(points, n_told)

    def _look_back(self, study: Study) -> Retrospect:
        from optuna_metabo.explanation import Retrospect

        now = self._snapshot(study)
        past = self._sources.read(now)
        constraints_of = partial(self._constraints_of, now.name)
        parts = now, past, self._history, self._learner.about(now), constraints_of
        return Retrospect.of(
            *parts, n_startup_trials=self._n_startup_trials, memory=self._looked_back
        )

    def best_guess(self, study: Study) -> FrozenTrial:
        """The trial that is best in expectation: the one to use where values are noisy.

        ``study.best_trial`` is the one with the best value, often the luckiest of good ones. This
        is the completed trial with the best posterior mean, given all values and the sources;
        constraints hold for it. Without noise both agree.

        Raises:
            ValueError: If ``study`` has several objectives, or no completed trial that breaks no
                constraint.

        Example:
            >>> import optuna
            >>> from optuna_metabo import MetaGPSampler
            >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0))
            >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=8)
            >>> study.sampler.best_guess(study).number == study.best_trial.number
            True
        """
        from optuna_metabo.best_guess import best_guess

        with self._working():
            now = self._snapshot(study)
            constraints_of = partial(self._constraints_of, now.name)
            past = self._sources.read(now)
            learner = self._learner.about(now)
            return best_guess(now, past, self._history, learner, constraints_of)

    def score(self, study: Study, candidates: Iterable[Mapping[str, Any]]) -> Float[Array, " m"]:
        """How much each of some configurations promises as the next trial of ``study``.

        For a choice among what is listed: machines that exist, experiments that were recorded.
        What is larger promises more; the numbers mean nothing else, and are not to be compared
        with those of another call. As long as nothing is known, they are all 0.

        Args:
            study: The study.
            candidates: The parameters of each configuration; those of which nothing is known yet
                count for nothing.

        Returns:
            Shape [m]: the logarithm of the improvement that is expected, or what stands in for it.

        Raises:
            TypeError: If ``candidates`` holds anything but mappings.

        Example:
            >>> import optuna
            >>> from optuna_metabo import MetaGPSampler
            >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0))
            >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=8)
            >>> near, far = study.sampler.score(study, [{"x": 0.01}, {"x": 0.9}])
            >>> bool(near > far)
            True
        """
        from optuna_metabo.asking import Ask

        candidates = configurations("candidates", candidates)
        with self._working():
            now = self._snapshot(study)
            trial = create_trial(state=TrialState.RUNNING)
            trial.number = len(now.trials)
            ask = Ask(now, self._history, self._sources.read(now), trial, {}, {})
            return self._answerer(now).scores(ask, candidates)

    def _plan(
        self, study: Study, trial: FrozenTrial, asked: Mapping[str, BaseDistribution]
    ) -> Plan:
        from optuna_metabo.asking import Ask

        key = key_of(study, trial)
        with self._working():
            now = self._plans.read(key) or self._snapshot(study)
            past, plans = self._sources.read(now, trial.number), self._plans.of(study, now.running)
            ask = Ask(now, self._history, past, trial, asked, plans)
            plan = {**self._answerer(now).parameters(ask), **trial.params}
            self._plans.keep(key, plan)
            return plan

    def _answerer(self, now: Snapshot) -> Answerer:
        from optuna_metabo.answering import Answerer

        parts = self._learner.about(now), partial(self._constraints_of, now.name)
        return Answerer(*parts, self._announcer, self._seed, self._n_startup_trials)

    def _snapshot(self, study: Study) -> Snapshot:
        return Snapshot.of(study, with_attributes=self._learner.features is not None)

    def _constraints_of(self, study_name: str, trial: FrozenTrial) -> dict[str, float]:
        """What ``constraints_func`` says of a trial, asked once; nothing where there is none."""
        if self._constraints_func is None:
            return {}
        # Another study may have the name of one that was deleted.
        key = (study_name, trial.number, trial.datetime_start)
        return self._constraints.get(key, lambda: constraints_of(trial, self._constraints_func))
