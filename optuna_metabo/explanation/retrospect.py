"""A study looked back upon: what was believed when each of its trials was asked for.

Everything is worked out anew from the trials: nothing of it is kept while the sampler is asked.
What led to a trial is told over the search space that was known when it asked, so that it stays
the same whatever parameters come later. Values are those that a proposal looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.trial import FrozenTrial

from optuna_metabo.arguments import check_count
from optuna_metabo.asking import known_space
from optuna_metabo.belief import Belief, trusted
from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.explanation.known import Known, Step
from optuna_metabo.explanation.moments import Ended, Growth, ended_before, running_at, was_added
from optuna_metabo.explanation.names import told_apart
from optuna_metabo.explanation.origin import Origin, chosen_by, shares, together
from optuna_metabo.explanation.predictions import Prediction, check_points
from optuna_metabo.exploration import Prospect
from optuna_metabo.history import History
from optuna_metabo.learning import Learned, Learner, is_start_up
from optuna_metabo.limits import learned_of_success, may_fail
from optuna_metabo.memory import Memory, digest_of
from optuna_metabo.objectives import divided
from optuna_metabo.past import Past
from optuna_metabo.past_study import LeftOut
from optuna_metabo.ranges import Space
from optuna_metabo.shapes import Float
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.surrogate import Model, Task
from optuna_metabo.tasks import observed_together, unit_of


@dataclass(frozen=True)
class Retrospect:
    """A study and what its past studies say over one search space.

    Args:
        now: The study.
        encoding: Of the search space, that of all that is known but for :meth:`step`.
        rows: All its trials, shape [n p].
        learned: What the past studies say of each objective.
        past: The past studies.
        history: Remembers what was worked out of its trials.
        constrained: The numbers of its trials that have constraints.
        fails_in_past: Whether past studies tell where trials fail.
        n_startup_trials: Trials before the first proposal if no past study can be used.
        memory: Of steps, which cannot change, and of what is learned.
        over: The same study over another search space.
    """

    now: Snapshot
    encoding: Encoding
    rows: Float[Array, "n p"]
    learned: Sequence[Learned]
    past: Past
    history: History
    constrained: frozenset[int]
    fails_in_past: bool
    n_startup_trials: int
    memory: Memory[Any] = field(repr=False)
    over: Callable[[Space], Retrospect] = field(repr=False)
    _then: Memory[Retrospect] = field(default_factory=lambda: Memory(0), repr=False)
    _last: dict[tuple[int, ...], Known] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        now: Snapshot,
        past: Past,
        history: History,
        learner: Learner,
        constraints_of: Callable[[FrozenTrial], dict[str, float]],
        *,
        n_startup_trials: int,
        memory: Memory[Any],
    ) -> Retrospect:
        """Of a study; as long as no parameter is known nothing is learned.

        Args:
            now: The study.
            past: The past studies.
            history: Remembers what was worked out of the study's trials.
            learner: Learns from the past studies.
            constraints_of: Those of a trial that holds none itself.
            n_startup_trials: As of the class.
            memory: Likewise.
        """
        held = history.constraints(now, now.telling, constraints_of)
        pairs = zip(now.telling, held, strict=True)
        constrained = frozenset(one.number for one, constraints in pairs if constraints)

        def over(space: Space) -> Retrospect:
            """What is learned over a search space."""
            encoding = Encoding.of(space)
            learned = learner.objectives(now.objectives, past, space) if space else []
            rows = history.encoded(now, encoding) if space else np.zeros((len(now.trials), 0))
            fails = bool(space) and bool(learned_of_success(learner, past, encoding).used)
            given = now, encoding, rows, learned, past, history
            return cls(*given, constrained, fails, n_startup_trials, memory, over)

        return over(known_space(now, past, history, {}))

    @property
    def trust(self) -> float:
        """How far sources are believed before any value."""
        return trusted(one.prior for one in self.learned if one.used)

    @property
    def trials(self) -> list[FrozenTrial]:
        """Those that were asked for a parameter."""
        return [one for one in self.now.trials if one.params]

    @cached_property
    def names(self) -> dict[Hashable, str]:
        """What each past study is called, by its key."""
        keys = [one.key for one in self.past.studies]
        return dict(zip(keys, self._told_apart, strict=False))

    @property
    def unread(self) -> list[LeftOut]:
        """Past studies that are left out of all objectives, as they are called."""
        names = self._told_apart[len(self.past.studies) :]
        return [replace(x, name=n) for x, n in zip(self.past.left_out, names, strict=True)]

    @cached_property
    def _told_apart(self) -> list[str]:
        """The names of past studies in their order, those that are left out of all last."""
        names = [one.name for one in self.past.studies]
        return told_apart([*names, *(one.name for one in self.past.left_out)])

    @cached_property
    def _growth(self) -> Growth:
        return Growth.of(self.now.ended)

    def _as_known_to(self, trial: FrozenTrial, ended: Sequence[FrozenTrial]) -> Retrospect:
        """The study over the search space that was known when a trial asked.

        The last one is kept: spaces grow, and seldom. What past studies have beside and this one
        turned out to lack has no say in it; where nothing of it was known, any space will do.
        """
        then, own = replace(self.now, trials=tuple(ended)), self._growth.before(trial)
        known = known_space(then, self.past, self.history, trial.distributions, own)
        has = self.encoding.search_space.keys() | trial.params.keys()
        space = {name: one for name, one in known.items() if name in has}
        is_same = digest_of(space) == digest_of(self.encoding.search_space)
        if is_same or trial.params.keys().isdisjoint(space):
            return self
        return self._then.get(digest_of(space), lambda: self.over(space))

    def _is_limited(self, ended: Ended) -> bool:
        """Whether these trials have constraints or may fail: then none looks elsewhere."""
        is_held = any(one.number in self.constrained for one in ended.told)
        return is_held or may_fail(*ended.n_placed, is_told=self.fails_in_past)

    def seen(self, told: Sequence[FrozenTrial]) -> list[Task]:
        """The values of some trials, one task an objective, as a proposal looks at them."""
        values = [one.values(told) for one in self.now.objectives]
        X = self.rows[self.now.places(told)]
        found, _ = observed_together(X, values, np.ones(len(told), bool))
        return found

    def known(self, told: Sequence[FrozenTrial]) -> Known:
        """What was known of each objective when these trials had ended.

        The last answer is kept: trials that ran at one time knew the same.
        """
        key = tuple(one.number for one in told)
        if key not in self._last:
            parts = zip(self.seen(told), self.learned, strict=True)
            beliefs = [Belief(seen, one.prior) for seen, one in parts]
            self._last.clear()
            self._last[key] = Known(beliefs, self.encoding.domain.groups)
        return self._last[key]

    def step(self, trial: FrozenTrial) -> Step:
        """What was believed when a trial began, and what led to it."""
        before = ended_before(self.now.ended, trial)
        ended = Ended(*divided(before, self.now.objectives))
        told, (n_failed, _) = tuple(one.number for one in ended.told), ended.n_placed
        under_way = running_at(self.trials, trial)
        running = tuple((one.number, len(one.params)) for one in under_way)
        then = self._as_known_to(trial, before)
        seen = told, n_failed, then._is_limited(ended), running
        key = digest_of((then._key, trial.number, trial.datetime_start, *seen))
        return self.memory.get(key, lambda: then._step(trial, ended, under_way))

    def weights(self, models: Sequence[Model]) -> dict[Hashable, float]:
        """Of each past study that is used, by its key: the mean over the objectives.

        One that only some objectives use has weight 0 for the others.
        """
        found: dict[Hashable, float] = {}
        for part, model in zip(self.learned, models, strict=True):
            for source, weight in zip(part.used, model.weights.tolist(), strict=True):
                key = source.study.key
                found[key] = found.get(key, 0.0) + weight / len(self.learned)
        return found

    def source_models(self, objective: int) -> SourceModels:
        """Of the past studies that say something of an objective, one at least."""
        learned, domain = self.learned[objective], self.encoding.domain
        key = (self._key, objective)
        tasks = [source.task for source in learned.used]
        return self.memory.get(key, lambda: SourceModels.learn(tasks, domain))

    @cached_property
    def _key(self) -> bytes:
        """Tells the study, its space and what it learns from; past studies may come and go."""
        described = [one.description for one in self.learned]
        own = tuple(one.own.tobytes() if one else None for one in described)
        used = tuple(tuple(one.study.key for one in part.used) for part in self.learned)
        called = tuple(self.names[key] for part in used for key in part)
        study = self.now.name, self.now.objectives, self.encoding.search_space
        return digest_of((*study, own, used, called))

    def _step(self, trial: FrozenTrial, ended: Ended, under_way: Sequence[FrozenTrial]) -> Step:
        told, x = ended.told, self.rows[self.now.places([trial])]
        known = self.known(told)
        return Step(
            len(told),
            self.weights(known.models),
            self.trust,
            self._origin(trial, known, ended, under_way),
            Prediction.together(self._predictions(told, x)) if all(map(len, known.seen)) else None,
        )

    def _origin(
        self, trial: FrozenTrial, known: Known, ended: Ended, under_way: Sequence[FrozenTrial]
    ) -> Origin:
        pending = self.rows[self.now.places(under_way)]
        models, seen = known.searching(pending), known.seen
        given: Mapping[str, Any] = trial.system_attrs.get("fixed_params", {})
        if trial.params.keys() <= given.keys():
            return Origin("enqueued")
        if was_added(trial):
            return Origin("added")
        x, n_ended = self.rows[self.now.places([trial])], len(seen[0]) + len(ended.failed)
        prospect = Prospect(
            lambda: models,
            seen,
            *ended.n_placed,
            is_limited=self._is_limited(ended),
            is_start_up=is_start_up(self.learned, n_ended, self.n_startup_trials),
        )
        spent = prospect.spent_on(x, trial.number)
        if spent != "best":
            return Origin(spent)
        # One row a source and objective: the best trial differs from objective to objective.
        shared = together([shares(model) for model in models], is_told=len(seen[0]) > 0)
        used = [one for part in self.learned for one in part.used]
        names, tasks = [self.names[x.study.key] for x in used], [x.task for x in used]
        opposite = [model.acting.opposition for model in models]
        return chosen_by(x[0], shared, names, tasks, sum(opposite) / len(opposite))

    def expected(
        self, points: Sequence[Mapping[str, Any]], n_told: int | None
    ) -> list[Prediction]:
        """As :meth:`MetaGPSampler.predict`.

        Raises:
            ValueError: If nothing is known of a parameter, or of any, one has no such value, or
                ``n_told`` is no count.
        """
        if not self.encoding.names:
            when = "in any of its trials" if self.now.trials else "before its first trial"
            raise ValueError(f"no parameter of {self.now.name!r} is known {when}")
        check_points(points, self.encoding.search_space)
        if n_told is not None:
            check_count("n_told", n_told, least=0)
        told = self.now.telling[:n_told]
        return self._predictions(told, self.encoding.encode_many(points))

    def _predictions(
        self, told: Sequence[FrozenTrial], X: Float[Array, "m p"]
    ) -> list[Prediction]:
        """In the units of the objectives, given the values of some trials."""
        return [
            Prediction.of(
                found.model.posterior(X), one.sign * unit_of(one.values(told)), found.back
            )
            for found, one in zip(self.known(told).reported, self.now.objectives, strict=True)
        ]
