"""One proposal: what is known of a study in, parameters out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition import NATS, Acquisition, maximise, settled_as
from optuna_metabo.acquisition.gain import (
    CAREFUL,
    CURIOUS,
    expected,
    hypervolume_improvement,
    improvement_on,
    improvement_on_best,
    log_chance,
    undominated,
    value,
)
from optuna_metabo.belief import past_counts, would_tell
from optuna_metabo.exploration import N_LOOKED_AT, Prospect, quasi_random
from optuna_metabo.frame import Frame
from optuna_metabo.scaling import searched
from optuna_metabo.shapes import Float
from optuna_metabo.situation import Situation
from optuna_metabo.surrogate import N_LED, Model, TransferModel

# The target's best points from which the search for the next one starts.
_N_INCUMBENTS = 5
# Before the first value the search ends where less is promised: ranks near the best are crowded.
_RANK = 1e-6
# What the worth of points differs by at least where no chance to be feasible makes up for it.
_MORE = 1e9
# The weight of what does not go with past studies from which on others choose, too; and the number
# of points that tell what is expected all over the space, or a part of it.
_DOUBTED, _EVERYWHERE = 0.3, 64
# Sources whose optima are looked at.
_MAX_OPTIMA = 64
# Where in the quasi-random sequence the points begin of trials that others, which may not know of
# one another, choose beside.
_BESIDE_OTHERS = 2**14
# The logarithm of what a trial that does not fail is worth where trials fail, a part of what it is
# expected to be better than the median feasible value; and the power of the chance that it does
# not: what sources promise beyond a border they are sure of. With the chance squared and a
# thousandth 23 of 30 trials failed where the optimum of all past studies does (best value .42),
# now 18 (.38); with as much for each success 20 (.40), and the likeliest one was repeated.
_WORTH, _CAUTION = np.log(1e-2), 3.0


def propose(
    situation: Situation,
    optima: Float[Array, "k p"],
    *,
    seed: int,
    number: int,
    is_start_up: bool = False,
) -> dict[str, Any]:
    """The parameters that promise the largest expected improvement, or a quasi-random point.

    What other processes' trials are still to ask for is imagined first, for each as the process
    that it belongs to would have answered, so that workers starting together complement each
    other.

    Args:
        situation: The study.
        optima: The best points of the sources.
        seed: With the trial's number, all that the answer's randomness depends on.
        number: The number of the trial.
        is_start_up: Whether there is too little to be modelled.
    """
    search = Search.of(situation, optima, is_start_up=is_start_up)
    for other, frame in situation.unfinished.items():
        x = search.answer(frame, seed=seed, number=other)
        search = search.after(frame.embedding(x[None]))
    return situation.frame.encoding.decode(
        search.answer(situation.frame, seed=seed, number=number)
    )


@dataclass(frozen=True)
class Search:
    """The question for the best next point, given the points that are under way.

    Args:
        now: The study, with its objectives as a search looks at them.
        optima: The best points of the sources, those of one objective after those of another.
        is_start_up: Whether there is too little to be modelled.
    """

    now: Situation
    optima: Float[Array, "k p"]
    is_start_up: bool = False

    @classmethod
    def of(
        cls, situation: Situation, optima: Float[Array, "k p"], *, is_start_up: bool = False
    ) -> Search:
        """The trial's own question."""
        groups = situation.frame.encoding.domain.groups
        objectives = tuple(searched(situation.objectives, groups))
        return cls(replace(situation, objectives=objectives), optima, is_start_up)

    def after(self, X: Float[Array, "q p"]) -> Search:
        """The question when further points are under way too."""
        return replace(self, now=self.now.after(X))

    def answer(self, frame: Frame, *, seed: int, number: int) -> Float[Array, " p"]:
        """For one trial, on its own axes."""
        now, prospect = self.now, self._prospect
        if prospect.stage == "start-up":
            return quasi_random(frame, now.taken, seed=seed, number=number)
        if prospect.stage == "anew":
            first = _BESIDE_OTHERS + N_LOOKED_AT * number if now.unfinished else number
            return quasi_random(frame, now.taken, seed=seed, number=first, worth=self._telling)
        x = self.best(frame, np.random.default_rng([seed, number]))
        if prospect.spent_on(frame.embedding(x[None]), number) == "elsewhere":
            return quasi_random(frame, now.taken, seed=seed, number=number)
        return x

    def best(self, frame: Frame, generator: np.random.Generator) -> Float[Array, " p"]:
        """Where a trial promises most, on its own axes."""
        subspace, is_first = frame.subspace(self.now.taken), not self.now.n_seen
        embedding = frame.embedding
        on_joint_axes = self._acquisition(self._within(frame) if frame.fixed else None)

        def promise(X: Float[Array, "m p"]) -> Float[Array, " m"]:
            """On the trial's axes."""
            return on_joint_axes(embedding(X))

        tolerance, given = _RANK if is_first else NATS, self._starts()
        starts, places = embedding.back(given), embedding.places(given)
        x = maximise(promise, subspace, starts, generator=generator, tolerance=tolerance)
        if is_first and len(given) and not len(self.now.pending):
            x = settled_as(promise, subspace, x, places, generator=generator, tolerance=tolerance)
        return x

    def scores(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """What each point of the joint axes promises; only the order means something.

        As long as there is too little to be modelled all promise the same; where the study begins
        anew, all points that would tell.
        """
        stage = self._prospect.stage
        if stage == "start-up":
            return np.zeros(len(X))
        return self._telling(X) if stage == "anew" else self._acquisition()(X)

    @property
    def _prospect(self) -> Prospect:
        """What decides what a trial is spent on."""
        now = self.now
        return Prospect(
            lambda: self._believed,
            [one.seen for one in now.objectives],
            now.n_failed,
            now.n_succeeded,
            is_limited=now.is_limited,
            is_start_up=self.is_start_up,
        )

    def _telling(self, X: Float[Array, "m p"]) -> Float[Array, " m"]:
        """What points are worth to a study that begins anew: those that would tell more than any
        other, and of these all the same but for the chance that they are feasible.

        Where most trials fail any that does not would tell.
        """
        if self._prospect.is_led_to_failures:
            return self._chance()(X)
        worth = np.where(would_tell(self._believed, X), 0.0, -_MORE)
        return worth + self._chance()(X) if self.now.is_limited else worth

    def _starts(self) -> Float[Array, "i p"]:
        """The target's best points, the best feasible ones, and the sources' optima."""
        now, tasks = self.now, [belief.seen for belief in self.now.objectives]
        best = [task.X[np.argsort(-task.y, kind="stable")[:_N_INCUMBENTS]] for task in tasks]
        if now.is_limited and now.feasible.any():
            good = tasks[0].only(now.feasible)
            best.append(good.X[good.y.argsort()[-_N_INCUMBENTS:]])
        return np.concatenate([*best, self._promising])

    @property
    def _promising(self) -> Float[Array, "i p"]:
        """The optima of the sources that count most."""
        if len(self.optima) <= _MAX_OPTIMA:
            return self.optima
        weights = np.concatenate([model.weights for model in self._models])
        return self.optima[np.sort(np.argsort(-weights, kind="stable")[:_MAX_OPTIMA])]

    @cached_property
    def _believed(self) -> list[TransferModel]:
        """What is believed of the objectives."""
        return [belief.condition(self.now.pending) for belief in self.now.objectives]

    @cached_property
    def _models(self) -> list[TransferModel]:
        """What is believed of the objectives, as it chooses."""
        models = [one.acting for one in self._believed]
        return models if len(models) == 1 else [one.beside_others for one in models]

    def _within(self, frame: Frame) -> Float[Array, "r p"]:
        """Points that a trial may still go to, on the joint axes, and those that were seen."""
        subspace, embedding = frame.subspace(self.now.taken[:0]), frame.embedding
        some = subspace.sample(_EVERYWHERE, generator=np.random.default_rng(0))
        seen = embedding.places(self.now.objectives[0].seen.X)
        there = np.isclose(seen, subspace.values)[:, subspace.fixed].all(axis=1)
        return embedding(np.concatenate([some, seen[there]]))

    def _acquisition(self, within: Float[Array, "r p"] | None = None) -> Acquisition:
        """The logarithm of the improvement expected of a point, times its chance to be feasible.

        As long as no trial is feasible, or nothing is known of the objectives, the chance alone.

        Args:
            within: Points of the part of the space that the trial is bound to, if it is to one.
        """
        chance, feasible = self._chance(), self.now.feasible
        is_known = feasible.any() if len(feasible) else len(self.optima)
        if not is_known:
            return chance
        models = self._models
        is_one = len(models) == 1
        gain = self._single_gain(models[0], within) if is_one else self._several_gain(models)
        return (lambda X: gain(X) + chance(X)) if self.now.is_limited else gain

    def _chance(self) -> Acquisition:
        """The logarithm of the chance that all limits hold, that of success to a power."""
        now = self.now
        success = [] if now.success is None else [now.success]
        models = [belief.condition(now.pending) for belief in (*now.limits, *success)]
        powers = [1.0] * len(now.limits) + [_CAUTION] * len(success)
        return partial(log_chance, models, powers)

    def _single_gain(self, model: Model, within: Float[Array, "r p"] | None) -> Acquisition:
        """Log expected improvement, where trials may fail with the worth of a success added.

        Where nothing is left to improve but beyond the border of what fails, the next trial would
        fail again and again. A success is worth what it is expected to be better than the median:
        were all worth the same, the one that is likeliest would be repeated, however bad it is.
        """
        gain = self._improvement(model, within)
        if self.now.success is None or not self.now.feasible.any():
            return gain
        middle = float(np.median(self._values()[self.now.feasible]))
        return lambda X: np.logaddexp(gain(X), _WORTH + improvement_on(model, middle, X))

    def _improvement(self, model: Model, within: Float[Array, "r p"] | None) -> Acquisition:
        """Log expected improvement on what there is to improve upon.

        This is the best that each expert expects of a point that was seen or is under way: the
        best value itself may be luck. Without anything it is the expected value; where that is to
        be weighed by a chance, the improvement on 0, an average point of the sources. Points that
        are asked for at the same time so complement each other: of a study's first ones each
        covers, greedily, the optima of sources that those before do not.
        """
        now = self.now
        seen = now.objectives[0].seen.only(now.feasible)
        if len(seen) or len(now.pending):
            all_over = (self._all_over if within is None else within) if self._is_led else None
            caution = CAREFUL if self._believed[0].knows_all else CURIOUS
            return improvement_on_best(model, seen, now.pending, within, all_over, caution)
        return partial(improvement_on, model, 0.0) if now.is_limited else partial(value, model)

    @property
    def _is_led(self) -> bool:
        """Whether past studies choose: the first few points, and others where they are hardly
        doubted. After a single value, or equal ones, improvement looks largest where they expect
        the worst and know least. What they expect most of may be no place for a limited trial.
        """
        now = self.now
        if not now.n_seen or now.is_limited or not past_counts(self._models):
            return False
        believed = self._believed[0]
        doubt = 1.0 - believed.weights.sum() + believed.opposition
        return bool(now.n_seen < N_LED or doubt < _DOUBTED)

    @property
    def _all_over(self) -> Float[Array, "a p"]:
        """Points that stand for all."""
        frame, generator = self.now.frame, np.random.default_rng(0)
        return frame.embedding(frame.encoding.domain.sample(_EVERYWHERE, generator=generator))

    def _several_gain(self, models: Sequence[Model]) -> Acquisition:
        """Log expected hypervolume improvement on the feasible and the pending points."""
        known = np.concatenate([self._values(), expected(models, self._promising)])
        good = self._values()[self.now.feasible]
        under_way = expected(models, self.now.pending)
        corners = undominated(known, np.concatenate([good, under_way]))
        return partial(hypervolume_improvement, models, corners)

    def _values(self) -> Float[Array, "n m"]:
        return np.stack([belief.seen.y for belief in self.now.objectives], axis=1)
