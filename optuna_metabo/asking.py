"""A study at the moment when a trial asks for parameters: what is modelled, and where."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from optuna_metabo.belief import Belief
from optuna_metabo.branches import untried
from optuna_metabo.columns import About, Columns, Several
from optuna_metabo.constraints import feasible
from optuna_metabo.encoding import Encoding, Points
from optuna_metabo.frame import Frame
from optuna_metabo.history import History
from optuna_metabo.learning import Learned, Learner
from optuna_metabo.limits import constraints, success
from optuna_metabo.past import Past
from optuna_metabo.ranges import Ranges, Space, agreed, holds
from optuna_metabo.shapes import Float
from optuna_metabo.situation import Situation
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.tasks import observed_together
from optuna_metabo.thinning import evenly

# Other processes' trials that are imagined to their end one by one.
_MAX_IMAGINED = 8
# Past studies that tell beside a study's own trials which of its parameters exist when, and how
# many trials of each.
_MAX_BESIDE, _TRIALS_BESIDE = 16, 64


def known_space(
    now: Snapshot, past: Past, history: History, here: Space, own: Ranges | None = None
) -> dict[str, BaseDistribution]:
    """The parameters of which something is known, each with a range that holds all of its ranges.

    These are those that trials of this study ended with, and those of the sources that none of
    these trials could have had: a branch that it has not tried yet is known from them. One of
    which nothing is known cannot be chosen any better than at random, and nothing is learned anew
    for its sake.

    Args:
        now: The study.
        past: The sources.
        history: Of the study.
        here: What a trial has been asked for so far.
        own: The ranges of the study, if they are not those that its trials have now.
    """
    own = history.ranges(now) if own is None else own
    lacks = history.lacking(now, past.tree, past.token)
    guessed = untried(past.tree, lacks, own.space, here)
    known = {name: one for name, one in here.items() if name in guessed or name in own.space}
    space = Ranges.over([Ranges.of([guessed]), own, Ranges.of([known])]).rounded
    return {name: space[name] for name in sorted(space)}


@dataclass(frozen=True)
class Ask:
    """What a trial asks for, and what there is to answer it.

    Args:
        now: The study.
        history: Remembers what was worked out of the study's trials.
        past: The sources.
        trial: The trial.
        asked: What it asks for now.
        plans: Of the trials that this process has under way, by number.
    """

    now: Snapshot
    history: History
    past: Past
    trial: FrozenTrial
    asked: Space
    plans: Mapping[int, Mapping[str, Any]]

    @cached_property
    def here(self) -> dict[str, BaseDistribution]:
        """What the trial has been asked for so far."""
        return {**self.trial.distributions, **self.asked}

    @cached_property
    def encoding(self) -> Encoding:
        """Of what is known, on whose axes everything is modelled."""
        return Encoding.of(known_space(self.now, self.past, self.history, self.here))

    @cached_property
    def unknown(self) -> dict[str, BaseDistribution]:
        """What the trial has been asked for and nothing is known of."""
        known = self.encoding.search_space
        return {name: self.here[name] for name in sorted(self.here) if name not in known}

    @cached_property
    def frame(self) -> Frame:
        """What the trial may propose of what is known."""
        return self._frame(self.trial, self.asked)

    @property
    def frame_of_unknown(self) -> tuple[Frame, Float[Array, "f p"]]:
        """What the trial may propose of what is unknown, and what others have taken of it."""
        encoding = Encoding.of(self.unknown)
        held = [self._held(one) for one in self._others]
        held = [one for one in held if not self.unknown.keys().isdisjoint(one)]
        return Frame.of(encoding, encoding, self.trial.params), encoding.encode_many(held)

    def situation(
        self, learner: Learner, constraints_of: Callable[[FrozenTrial], dict[str, float]]
    ) -> tuple[Situation, list[Learned]]:
        """What is known, and what the sources say about each objective."""
        now, past, encoding = self.now, self.past, self.encoding
        learned = learner.objectives(now.objectives, past, encoding.search_space)
        trials, rows = now.telling, self.history.encoded(now, encoding)
        X = rows[now.places(trials)]
        held = self.history.constraints(now, trials, constraints_of)
        seen, is_feasible = observed_together(X, now.values(trials), feasible(held))
        pending, unfinished = self._running()
        # Of one that failed before its first parameter no place is known.
        failed = [one for one in now.failed if one.params]
        succeeded = rows[now.places([one for one in trials if one.params])]
        constrained = constraints(learner, past, encoding, X, held)
        succeeds = success(learner, past, encoding, succeeded, failed)
        taken = np.concatenate([X, rows[now.places(failed)], pending])
        objectives = tuple(map(Belief, seen, [one.prior for one in learned]))
        situation = Situation(
            self.frame,
            objectives,
            tuple(constrained),
            succeeds,
            is_feasible,
            pending,
            taken,
            unfinished,
            len(failed),
            len(succeeded),
        )
        return situation, learned

    @property
    def _others(self) -> list[FrozenTrial]:
        return [one for one in self.now.running if one.number != self.trial.number]

    def _held(self, other: FrozenTrial) -> dict[str, Any]:
        """What a running trial holds, and what this process has planned for it."""
        return {**self.plans.get(other.number, {}), **other.params}

    def _running(self) -> tuple[Float[Array, "q p"], dict[int, Frame]]:
        """Points of the other running trials, and those of which parameters are to come.

        One that has no parameter yet and started later will take this one into account.
        """
        whole, unfinished = [], {}
        for other in self._others:
            held = self._held(other)
            frame = self._frame(other, {}, held)
            if not held and other.number > self.trial.number:
                continue
            if frame.is_whole:
                whole.append(frame.point)
            else:
                unfinished[other.number] = frame
        for number in sorted(unfinished)[:-_MAX_IMAGINED]:
            frame = unfinished.pop(number)
            whole += [frame.point] * bool(frame.fixed)
        return np.array(whole).reshape(len(whole), len(self.encoding.domain.groups)), unfinished

    def _frame(
        self, trial: FrozenTrial, asked: Space, held: Mapping[str, Any] | None = None
    ) -> Frame:
        """On the ranges that a trial has, and those of what it has not been asked for.

        The latter are the joint ones, or narrower ones on which the study has settled.
        """
        held = trial.params if held is None else held
        space = dict(self.encoding.search_space)
        for name, distribution in {**self._settled, **trial.distributions, **asked}.items():
            if name in space and holds(space[name], distribution):
                space[name] = distribution
        exists = frozenset({*held, *asked})
        key = (exists, *map(repr, space.items()))
        if key not in self._encodings:
            self._encodings[key] = Encoding.of(space, self._shapes, exists)
        return Frame.of(self._encodings[key], self.encoding, held)

    @cached_property
    def _settled(self) -> Space:
        return agreed(self.now.ended, self.encoding.names)

    @cached_property
    def _encodings(self) -> dict[Hashable, Encoding]:
        """Those of frames: many running trials have the same parameters with the same ranges."""
        return {}

    @cached_property
    def _shapes(self) -> list[Points]:
        """The trials that tell which parameters exist when.

        A few trials of the study are often told apart by accident, too. Past studies that have
        the same parameters know better, as far as they agree with it. Of parameters that none of
        its trials has had past studies alone tell.
        """
        telling, studies = self.now.telling, self.past.studies
        tried = {name for trial in telling for name in trial.params}
        new = frozenset(self.encoding.names) - tried
        beside: list[Points] = [About(self.past.shapes, new)] if new and studies else []
        if not telling:
            return beside
        past = [studies[i].telling for i in evenly(np.arange(len(studies)), _MAX_BESIDE).tolist()]
        alike = [one for one in past if tried.issubset(one.names)]
        is_whole = all(tried <= trial.params.keys() for trial in telling)
        if is_whole and all(tried <= one.always for one in alike):
            return beside  # every parameter that was tried exists always
        own = Columns.of(telling)
        few = [one[evenly(np.arange(len(one)), _TRIALS_BESIDE)] for one in alike]
        return [Several([own, *few]), own, *beside]
