"""How far past studies are believed before any value: as far as they find each other's best.

Each source in turn is taken for the target, and the others choose among its trials. Correlation
would not tell what that is worth: studies often agree on what diverges, and on nothing else. What
tells is how many of its trials the chosen ones are better than, a part from 0 to 1. Where the
others choose well before any value, that is enough. Where they do not, some of them may still be
like the source, which its first values tell: so they begin a search of it, and are believed if
that soon finds more than chance would, or nothing but the worst: to be wrong of all is to know it.
"""

from __future__ import annotations

import numpy as np

from optuna_metabo.ensembles.leave_one_out import Separable
from optuna_metabo.ensembles.scores import is_flat, mid_ranks
from optuna_metabo.tasks import Task

# Of two sources none can be chosen; of many the new study's values choose some that are like it,
# whatever the others are.
_FEWEST, _MOST = 3, 48
# How many trials a source has at least, and how many are found after the first.
_N_TRIALS, _N_FOUND = 8, 3
# From such a choice on sources are believed, the median over those left out, as one of them may be
# unlike all others. In five families of docs/results it is .65 to .97, of permuted ones about .5.
_CHOSEN_WELL = 0.61
# What a search usually finds counts as one source before any is looked at.
_USUAL = 0.95
# The best rank that a search has soon found: nearly no trust up to the one, full trust from the
# other on. Chance finds the first, the mean of max(b, 1 - b) for the best b of three random ranks.
_FOUND_NOTHING, _FOUND_WELL = 0.78, 0.9
# What is left of it in any case: one of the sources may be like the new study.
_LEAST = 0.1


def mutual_trust(prior: Separable) -> float:
    """From nearly 0, where sources say nothing of each other's best trials, to 1."""
    if not _FEWEST <= len(prior.functions.order) <= _MOST:
        return 1.0
    told = [(i, task) for i, task in prior.some if len(task) >= _N_TRIALS and not is_flat(task.y)]
    pairs = [(prior.without(i), task) for i, task in told]
    if not pairs or np.median([_choice(*pair) for pair in pairs]) >= _CHOSEN_WELL:
        return 1.0
    found = np.mean([_USUAL, *(_search(*pair) for pair in pairs)])
    trust = (found - _FOUND_NOTHING) / (_FOUND_WELL - _FOUND_NOTHING)
    return float(np.clip(trust, _LEAST, 1.0))


def _choice(others: Separable, task: Task) -> float:
    """How good the trials are of which others expect most: 1 if they put all in the right order,
    by chance one half.

    The ranks of the trials in the order of what is expected, each discounted by its place (a
    normalised discounted gain, Jarvelin & Kekalainen 2002, with the discount 1 / place): the first
    three count as much as the eighteen after them.
    """
    order = np.argsort(-others.functions.opinion(task.X), kind="stable")
    discount = 1.0 / np.arange(1, len(task) + 1)
    beaten, chance = _beaten(task), 0.5
    gain = np.average(beaten[order], weights=discount) - chance
    ideal = np.average(np.sort(beaten)[::-1], weights=discount) - chance
    return float(chance + chance * gain / ideal)


def _search(others: Separable, task: Task) -> float:
    """The best rank that others find after the first value, which does not count; from the worst
    one if that is nearer, as those of the opposite direction find it.
    """
    told = [int(others.functions.opinion(task.X).argmax())]
    for _ in range(_N_FOUND):
        left = np.setdiff1d(np.arange(len(task)), told)
        model = others.weighed(task.only(np.array(told)), task.X[:0]).acting
        told.append(int(left[model.posterior(task.X[left]).mean.argmax()]))
    best = float(_beaten(task)[told[1:]].max())
    return max(best, 1.0 - best)


def _beaten(task: Task) -> np.ndarray:
    """The part of the others that each trial is better than."""
    return (mid_ranks(task.y) - 1.0) / (len(task) - 1)
