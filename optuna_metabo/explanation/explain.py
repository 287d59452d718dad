"""The explanation of a study, out of what is seen looking back on it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array
from optuna.trial import FrozenTrial

from optuna_metabo.encoding import Encoding
from optuna_metabo.explanation.agreement import error_of_each, is_spread, tau
from optuna_metabo.explanation.parts import (
    Explanation,
    FeaturesExplanation,
    SourceExplanation,
    TrialExplanation,
)
from optuna_metabo.explanation.retrospect import Retrospect
from optuna_metabo.learning import Description, Learned
from optuna_metabo.past_study import LeftOut, SourceTask
from optuna_metabo.ranges import Space, holds
from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Task
from optuna_metabo.thinning import evenly

# Trials that are explained: those of the beginning, where past studies matter most, and a spread.
_MOST, _FIRST = 64, 32
_UNHEARD = "is not listened to by this surrogate"


@dataclass(frozen=True)
class Agreement:
    """How a source orders the target's points.

    Args:
        tau: Kendall's, the mean over the objectives that use it; ``None`` of too few values.
        n: The number of values.
        is_spread: Whether some are of points of which it expects little, in each objective.
    """

    tau: float | None
    n: int
    is_spread: bool

    @property
    def telling(self) -> float:
        """The tau that can be told: of points that are not spread none below 0."""
        told = self.tau or 0.0
        return told if self.is_spread else max(told, 0.0)


def explain(back: Retrospect) -> Explanation:
    """Of one objective, or of several with means over them."""
    if not back.encoding.names:
        unlike = [LeftOut(name, "shares no parameter") for name in back.names.values()]
        left_out, n_told = tuple(map(_left_out, [*back.unread, *unlike])), len(back.now.telling)
        return Explanation(left_out, 1.0, study_name=back.now.name, n_told=n_told)
    told, used = back.now.telling, _used(back.learned)
    models = back.known(told).models
    weights = _in_order(back.weights(models), used)
    agreement, likeness = _agreement(back, told), _likeness(back.learned)
    taus = [one.telling for one in agreement.values() if one.tau is not None]
    error = error_of_each(taus, max((one.n for one in agreement.values()), default=0))
    is_heard = any(one.is_heard for one in back.learned)
    sources = [
        replace(
            _source(one, back.encoding, float(weight), agreement[key]),
            name=back.names[key],
            likeness=likeness.get(key),
            error=error,
            reason=None if is_heard else _UNHEARD,
        )
        for (key, one), weight in zip(used.items(), weights, strict=True)
    ]
    order = np.argsort(-weights, kind="stable").tolist()
    trials = [_trial(back, trial, used, order) for trial in _chosen(back.trials)]
    return Explanation(
        (*[sources[i] for i in order], *map(_left_out, _all_left_out(back, used))),
        max(0.0, 1.0 - float(weights.sum())),
        tuple(trials),
        back.now.name,
        len(told),
        tuple(one.sign > 0.0 for one in back.now.objectives),
        tuple(_features(one.description) for one in back.learned if one.description),
        sum(model.opposition for model in models) / len(models),
        _trust(back),
        len(back.trials),
    )


def _trust(back: Retrospect) -> float:
    """As the first trials had it, over their parameters; before any, over what is known."""
    return back.step(back.trials[0]).trust if back.trials else back.trust


def _used(learned: Sequence[Learned]) -> dict[Hashable, SourceTask]:
    """The sources that any objective uses, by what tells them apart."""
    found: dict[Hashable, SourceTask] = {}
    for part in learned:
        for source in part.used:
            found.setdefault(source.study.key, source)
    return found


def _in_order(weights: Mapping[Hashable, float], keys: Iterable[Hashable]) -> Float[Array, " k"]:
    """The weights of some sources, 0 of one that was not used."""
    return np.array([weights.get(key, 0.0) for key in keys])


def _likeness(learned: Sequence[Learned]) -> dict[Hashable, float]:
    """What the features say of each source, the mean over the objectives that use it."""
    found: dict[Hashable, list[float]] = {}
    for part in learned:
        weights = part.description.weights if part.description else np.zeros(0)
        for source, weight in zip(part.used, weights.tolist(), strict=False):
            found.setdefault(source.study.key, []).append(weight)
    return {key: sum(weights) / len(weights) for key, weights in found.items()}


def _features(description: Description) -> FeaturesExplanation:
    found = description.likeness
    total = float(found.rates.sum()) or 1.0
    importance = dict(zip(description.names, (found.rates / total).tolist(), strict=True))
    return FeaturesExplanation(importance, found.gain, found.error)


def _agreement(back: Retrospect, told: Sequence[FrozenTrial]) -> dict[Hashable, Agreement]:
    """Of each source over the objectives that use it."""
    found: dict[Hashable, list[tuple[float | None, bool]]] = {}
    n = 0
    for i, seen in enumerate(back.seen(told)):
        n = max(n, len(seen))
        for source, one in zip(back.learned[i].used, _orders(back, i, seen), strict=True):
            found.setdefault(source.study.key, []).append(one)
    return {
        key: Agreement(_mean([tau for tau, _ in ones]), n, all(spread for _, spread in ones))
        for key, ones in found.items()
    }


def _orders(back: Retrospect, objective: int, seen: Task) -> list[tuple[float | None, bool]]:
    """Of each source of an objective tau, and whether the points are spread."""
    used = back.learned[objective].used
    if len(seen) < 2 or not used:
        return [(None, False)] * len(used)
    models = back.source_models(objective)
    own = [models.mean(one.task.X, np.array([i]))[0] for i, one in enumerate(used)]
    predicted = models.mean(seen.X)
    return [(tau(p, seen.y), is_spread(p, o)) for p, o in zip(predicted, own, strict=True)]


def _mean(taus: Sequence[float | None]) -> float | None:
    known = [one for one in taus if one is not None]
    return sum(known) / len(known) if known else None


def _source(
    source: SourceTask, encoding: Encoding, weight: float, agreement: Agreement
) -> SourceExplanation:
    space = encoding.search_space
    shared = tuple(x for x in space if x in source.shared or _has_constant(source, x, space))
    return SourceExplanation(
        name=source.study.name,
        weight=weight,
        rank_agreement=agreement.tau,
        n_trials=len(source.task),
        shared=shared,
        missing=tuple(name for name in space if name not in shared),
        extra=tuple(name for name in source.study.search_space if name not in shared),
        n_compared=agreement.n,
        is_spread=agreement.is_spread,
        n_finished=source.study.n_finished,
    )


def _has_constant(source: SourceTask, name: str, space: Space) -> bool:
    """Whether a parameter has one value alone, which the source's range holds: it teaches nothing
    of that one, and lacks nothing.
    """
    own = source.study.search_space.get(name)
    return own is not None and space[name].single() and holds(own, space[name])


def _left_out(one: LeftOut) -> SourceExplanation:
    return SourceExplanation(one.name, 0.0, None, 0, reason=one.reason)


def _all_left_out(back: Retrospect, used: dict[Hashable, SourceTask]) -> list[LeftOut]:
    """Those that no objective uses, each once."""
    found: dict[Hashable, LeftOut] = {}
    for part in back.learned:
        here = {source.study.key for source in part.used}
        unused = [one.key for one in back.past.studies if one.key not in here]
        for key, one in zip(unused, part.left_out, strict=True):
            if key not in used:
                found.setdefault(key, replace(one, name=back.names[key]))
    return [*back.unread, *found.values()]


def _chosen(trials: Sequence[FrozenTrial]) -> Sequence[FrozenTrial]:
    if len(trials) <= _MOST:
        return trials
    rest = evenly(np.arange(_FIRST, len(trials)), _MOST - _FIRST)
    return [*trials[:_FIRST], *[trials[i] for i in rest.tolist()]]


def _trial(
    back: Retrospect, trial: FrozenTrial, used: dict[Hashable, SourceTask], order: Sequence[int]
) -> TrialExplanation:
    step = back.step(trial)
    return TrialExplanation(
        trial.number,
        step.origin,
        step.n_told,
        tuple(_in_order(step.weights, used)[list(order)].tolist()),
        None if trial.values is None else tuple(trial.values),
        step.prediction,
    )
