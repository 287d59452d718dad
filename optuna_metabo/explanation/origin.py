"""What a trial came from, told afterwards from what was believed when it was asked for.

The definition holds for every surrogate, because it needs nothing but weights and points:

1. its parameters were given by ``enqueue_trial``: **enqueued**; it was never asked for but put
   into the study with its values: **added**;
2. no past study could be used, and too little was known to propose anything: **start-up**; or
   those that were used had misled, or tell nothing of each other, or most of the first few trials
   had failed, or all: **began anew**; or too little was to be gained where most was promised:
   **looked elsewhere**;
3. more than half of the belief that chose it was the new study's own, of which there is nothing
   before its first value: **own model**;
4. else past studies chose it. If more than half of this is belief in the opposite of what they
   say: **their opposite**;
5. if it lies within a twentieth of every range (and has the same
   choices) of the best trial of one that counted, in the parameters that this one has: **that
   study's optimum**; of several as near as that, all of them;
6. if one past study has more than two thirds of what all of them count: **that study**;
7. else what is **common to** those that counted.

A study counts with a hundredth of the heaviest one's weight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Bool, Float
from optuna_metabo.surrogate import Task, TransferModel

Kind = Literal[
    "enqueued",
    "added",
    "start-up",
    "anew",
    "elsewhere",
    "own model",
    "opposite",
    "optimum",
    "source",
    "common",
]

# How far a trial may lie from an optimum, in lengths of each range.
_NEAR = 0.05
# The part of the heaviest study's weight with which another one counts.
_COUNTS = 0.01
# More than a half, and not by rounding alone.
_MOST = 0.5 + 1e-9
# With little more than a half the others say nearly as much, and may say something else.
_CLEARLY = 2.0 / 3.0 + 1e-9
# More names than this are counted, not listed.
_MOST_NAMED = 2


@dataclass(frozen=True)
class Origin:
    """What one trial came from; printed, it is a few words.

    Args:
        kind: One of ``"enqueued"``, ``"added"``, ``"start-up"``, ``"anew"``,
            ``"elsewhere"``, ``"own model"``, ``"opposite"``, ``"optimum"``, ``"source"`` and
            ``"common"``.
        sources: The past studies that it came from, if it did.

    Example:
        >>> from optuna_metabo.explanation import Origin
        >>> print(Origin("optimum", ("rf-cancer",)))
        rf-cancer's optimum
        >>> print(Origin("common", ("rf-cancer", "rf-wine", "rf-iris")))
        common to 3 studies
    """

    kind: Kind
    sources: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "common":
            return f"common to {len(self.sources)} studies"
        if self.kind == "source":
            return f"learned from {self.sources[0]}"
        if self.kind == "anew":
            return "began anew"
        if self.kind == "elsewhere":
            return "looked elsewhere"
        if self.kind == "opposite":
            several = f"{len(self.sources)} studies"
            return f"the opposite of {self.sources[0] if len(self.sources) == 1 else several}"
        if self.kind != "optimum":
            return self.kind
        if len(self.sources) > _MOST_NAMED:
            return f"the optimum of {len(self.sources)} studies"
        return " and ".join(f"{name}'s" for name in self.sources) + " optimum"


def shares(model: TransferModel) -> Float[Array, " k+1"]:
    """How much of the choice was each past study's, last the new study's own; they sum to 1.

    A model may leave the choice to a part of itself, ``acting``. What that part does not give to
    past studies is the new study's only if it gives them nothing.
    """
    chosen, all_of_it = model.acting.weights, model.weights
    is_whole = chosen.shape == all_of_it.shape and np.allclose(chosen, all_of_it)
    own = 1.0 - chosen.sum() if is_whole else float(not chosen.any())
    found = np.r_[chosen, max(own, 0.0)]
    total = found.sum()
    return found / total if total > 0.0 else np.r_[np.zeros(len(chosen)), 1.0]


def together(parts: Sequence[Float[Array, " _"]], *, is_told: bool) -> Float[Array, " k+1"]:
    """The shares of several objectives in one choice, the objectives' sources in turn.

    Before the first value there is nothing of the study's own that could choose: what past studies
    lack then is their doubt of themselves, and nobody's if they have any share.

    Args:
        parts: Those of :func:`shares`, one an objective.
        is_told: Whether any value of the study is known.
    """
    weights = np.concatenate([part[:-1] for part in parts]) / len(parts)
    own = 1.0 - weights.sum() if is_told or not weights.any() else 0.0
    return np.r_[weights, max(own, 0.0)]


def chosen_by(
    x: Float[Array, " p"],
    shares: Float[Array, " k+1"],
    names: Sequence[str],
    tasks: Sequence[Task],
    opposition: float = 0.0,
) -> Origin:
    """Rules 3 to 7 of the module.

    Args:
        x: The trial.
        shares: Those of :func:`together`.
        names: Of the k past studies; one that is there for each of several objectives counts
            with all its shares.
        tasks: Their trials.
        opposition: The part of the belief that is in the opposite of what they say.
    """
    weights = shares[:-1]
    if shares[-1] > _MOST or not weights.any():
        return Origin("own model")
    counting = np.flatnonzero(weights > _COUNTS * weights.max())
    counting = counting[np.argsort(-weights[counting], kind="stable")]
    if opposition > _MOST * weights.sum():
        return Origin("opposite", tuple(dict.fromkeys(names[i] for i in counting.tolist())))
    near = [names[i] for i in counting.tolist() if _is_near(x, tasks[i])]
    if near:
        return Origin("optimum", tuple(dict.fromkeys(near)))
    by_name: Counter[str] = Counter()
    for i in counting.tolist():
        by_name[names[i]] += weights[i]
    name, weight = by_name.most_common(1)[0]
    if weight > _CLEARLY * weights.sum():
        return Origin("source", (name,))
    return Origin("common", tuple(by_name))


def _is_near(x: Float[Array, " p"], task: Task) -> bool:
    """Whether a point is the best one of a study, in the columns that it knows."""
    known: Bool[Array, " p"] = np.ones(len(x), dtype=bool) if task.known is None else task.known
    distance = np.abs(x - task.X[task.y.argmax()])[known]
    return bool(known.any() and distance.max() <= _NEAR)
