"""An explanation as text, HTML and Markdown."""

from __future__ import annotations

import html as html_
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from optuna_metabo.explanation.names import (
    IN_TEXT,
    SENTENCE,
    WITHOUT,
    abridged,
    labels,
    short_name,
)
from optuna_metabo.layout import in_columns
from optuna_metabo.logs import counted, named, one_line
from optuna_metabo.surrogate import TRUSTED

if TYPE_CHECKING:
    from optuna_metabo.explanation.parts import (
        Explanation,
        FeaturesExplanation,
        SourceExplanation,
        TrialExplanation,
    )

# Sources, and lines of what is left out, that are shown.
_MOST = 10
# The part of likeness with which a feature is named.
_COUNTS = 0.005
# The weight of opposites from which on it is said that they are believed.
_MOSTLY = 0.5
# The weight of the study's own values from which on hardly any is left to past studies.
_ALMOST_ALL = 0.95
_OWN = "past studies hardly count any more: this study's own values now predict better"
_OPPOSED = (
    "what is found is the opposite of what past studies say: was the direction of theirs, or of "
    "this one, mistaken?"
)
_DOUBTED = (
    "past studies tell little of each other's best trials: until values bear them out the first "
    "trials of this one look elsewhere, where they do not expect the worst"
)
_HEAD = ("past study", "weight now", "at first", "likeness", "agreement", "trials", "missing")


def text(explanation: Explanation) -> str:
    """What matters, as a table and a few lines."""
    explanation = fitting(explanation)
    table = in_columns(_table(explanation))
    return "\n".join([title(explanation), "", table, *_below(explanation)])


def html(explanation: Explanation) -> str:
    """The same for notebooks."""
    explanation = fitting(explanation)
    head, *rows = _table(explanation)
    cells = ["".join(f"<td>{html_.escape(cell)}</td>" for cell in row) for row in rows]
    below = [f"{html_.escape(line)}<br>" for line in _below(explanation) if line]
    table = "".join(f"<tr>{row}</tr>" for row in cells)
    names = "".join(f"<th>{name}</th>" for name in head)
    return (
        f"<p>{html_.escape(title(explanation))}</p><table><thead><tr>{names}</tr></thead>"
        f"<tbody>{table}</tbody></table><p>{''.join(below)}</p>"
    )


def markdown(explanation: Explanation) -> str:
    """The same as Markdown."""
    explanation = fitting(explanation)
    head, *rows = _table(explanation)
    table = ["| " + " | ".join(map(_escaped, row)) + " |" for row in (head, *rows)]
    table.insert(1, "| --- " * len(head) + "|")
    below = [f"- {_escaped(line)}" for line in _below(explanation) if line]
    return "\n".join([f"{_escaped(title(explanation))}.", "", *table, "", *below])


def fitting(explanation: Explanation) -> Explanation:
    """With names and reasons as long as fits on a line, wherever they stand."""
    names = [source.name for source in explanation.sources]
    short = labels(names, IN_TEXT)
    called = dict(zip(names, short, strict=True))
    sources = [
        replace(source, name=name, reason=source.reason and short_name(source.reason, SENTENCE))
        for source, name in zip(explanation.sources, short, strict=True)
    ]
    return replace(
        explanation,
        sources=tuple(sources),
        trials=tuple(_renamed(trial, called) for trial in explanation.trials),
        study_name=short_name(explanation.study_name, IN_TEXT),
    )


def _renamed(trial: TrialExplanation, called: Mapping[str, str]) -> TrialExplanation:
    """With the names of past studies that they are called by."""
    names = tuple(called.get(name, name) for name in trial.origin.sources)
    return replace(trial, origin=replace(trial.origin, sources=names))


def _escaped(cell: str) -> str:
    for sign in "\\|*_`<[~&":
        cell = cell.replace(sign, f"\\{sign}")
    return cell


def title(explanation: Explanation) -> str:
    """One line: the study, its trials, and how many past studies are used."""
    used = sum(source.reason is None for source in explanation.sources)
    name = f"'{one_line(explanation.study_name)}' " if explanation.study_name else ""
    sources = counted(used, "past study", "past studies")
    return f"{name}after {_trials(explanation)}: {sources} used"


def _trials(explanation: Explanation) -> str:
    """How many there are, and how many have a value where these are not all."""
    n, n_told = max(explanation.n_told, explanation.n_trials), explanation.n_told
    if n_told == n:
        return counted(n, "trial")
    return f"{counted(n, 'trial')}{f', {n_told} with' if n_told else ' without'} a value"


def _table(explanation: Explanation) -> list[tuple[str, ...]]:
    """Head and rows, without the columns that say nothing."""
    rows = _rows(explanation)
    told = [j for j in range(len(_HEAD)) if any(row[j] for row in rows)]
    return [tuple(one_line(row[j]) for j in told) for row in (_HEAD, *rows)]


def _rows(explanation: Explanation) -> list[tuple[str, ...]]:
    """The sources that matter, the others together, and what is believed without any."""
    used = [i for i, source in enumerate(explanation.sources) if source.reason is None]
    first = explanation.trials[0].weights if explanation.trials else None
    shown = _that_matter(explanation, used)
    rows = [_row(explanation.sources[i], first[i] if first else None) for i in shown]
    rest = [i for i in used if i not in shown]
    if rest:
        weight = sum(explanation.sources[i].weight for i in rest)
        at_first = sum(first[i] for i in rest) if first else None
        rows.append((f"and {len(rest)} more", *_weights(weight, at_first), "", "", "", ""))
    before = explanation.trials[0].weight_without_sources if explanation.trials else None
    without = _weights(explanation.weight_without_sources, before)
    return [*rows, (WITHOUT, *without, "", "", "", "")]


def _that_matter(explanation: Explanation, used: Sequence[int]) -> list[int]:
    """Those that a trial came from, that are opposed, and that have or had the most weight."""
    named = {
        name
        for trial in explanation.trials
        if trial.origin.kind in ("optimum", "source")
        for name in trial.origin.sources
    }

    def peak(i: int) -> tuple[bool, float]:
        """Whether a source is to be named, and the most that it has counted."""
        source = explanation.sources[i]
        most = max((trial.weights[i] for trial in explanation.trials), default=0.0)
        return source.name in named or source.agreement == "opposed", max(source.weight, most)

    return sorted(sorted(used, key=peak, reverse=True)[:_MOST])


def _row(source: SourceExplanation, at_first: float | None) -> tuple[str, ...]:
    return (
        source.name,
        *_weights(source.weight, at_first),
        "" if source.likeness is None else f"{source.likeness:.2f}",
        agreement(source),
        trials_used(source),
        abridged(source.missing),
    )


def trials_used(source: SourceExplanation) -> str:
    """How many trials are used, and of how many where these are not all."""
    are_all = source.n_finished <= source.n_trials
    return f"{source.n_trials}" if are_all else f"{source.n_trials} of {source.n_finished}"


def untold(explanation: Explanation) -> str:
    """One line where not every trial is told, else nothing."""
    told, n = len(explanation.trials), explanation.n_trials
    return f"of {n} trials {told} are told: the first ones and an even spread" * (told < n)


def _weights(now: float, at_first: float | None) -> tuple[str, str]:
    return f"{now:.3f}", "" if at_first is None else f"{at_first:.3f}"


def agreement(source: SourceExplanation) -> str:
    """In words, with Kendall's tau and its interval."""
    if source.rank_agreement is None:
        return ""
    low, high = source.agreement_interval
    return f"{source.agreement} ({source.rank_agreement:+.2f}, {low:+.2f} to {high:+.2f})"


def _below(explanation: Explanation) -> list[str]:
    told = dict.fromkeys(map(features, explanation.features))  # objectives may be told the same
    own = [_OWN] * _has_outgrown(explanation)
    opposed = [_OPPOSED] * (explanation.weight_of_opposites > _MOSTLY)
    doubted = [_DOUBTED] * (explanation.trust < TRUSTED)
    left_out = _left_out(explanation)
    said = [*_origins(explanation), *told, *doubted, *own, *opposed, *left_out]
    return ["", *map(one_line, said)]


def _left_out(explanation: Explanation) -> list[str]:
    """One line a reason: how many past studies are left out for it, and which come first."""
    names: dict[str, list[str]] = {}
    for source in explanation.sources:
        if source.reason is not None:
            names.setdefault(source.reason, []).append(source.name)
    lines = [
        f"left out: {one[0]} ({reason})"
        if len(one) == 1
        else f"left out: {len(one)} past studies ({reason}): {abridged(one)}"
        for reason, one in names.items()
    ]
    rest = sum(map(len, [*names.values()][_MOST:]))
    return [*lines[:_MOST], *[f"and {rest} more left out"] * (rest > 0)]


def _has_outgrown(explanation: Explanation) -> bool:
    """Whether past studies that are used counted at first, and the study's own values leave them
    hardly any weight.
    """
    is_used = any(source.reason is None for source in explanation.sources)
    did_count = any(one.weight_without_sources <= _ALMOST_ALL for one in explanation.trials[:1])
    own = explanation.weight_without_sources
    return is_used and did_count and explanation.n_told > 0 and own > _ALMOST_ALL


def features(one: FeaturesExplanation) -> str:
    """One line: which features count, most first, and what they are worth."""
    if not one.is_used:
        names = abridged(one.importance)
        return f"features {names} are ignored: they say nothing of the past studies"
    order = sorted(one.importance, key=lambda name: -one.importance[name])
    counts = [name for name in order[:_MOST] if one.importance[name] > _COUNTS]
    shown = ", ".join(f"{short_name(name)} ({_percent(one.importance[name])})" for name in counts)
    shown += f" and {len(order) - len(counts)} more" if len(counts) < len(order) else ""
    gain = f"{_percent(one.gain)} better (± {_percent(one.error)})"
    return f"features {shown}: past studies that are left out are predicted {gain}"


def _percent(part: float) -> str:
    return f"{100.0 * part:.0f} %"


def _origins(explanation: Explanation) -> list[str]:
    """What the trials came from, those of one origin together, in the order of the first."""
    found: dict[str, list[int]] = {}
    for trial in explanation.trials:
        found.setdefault(str(trial.origin), []).append(trial.number)
    lines = [
        f"{named(len(numbers), 'trial')} {_ranges(numbers)}: {origin}"
        for origin, numbers in found.items()
    ]
    rest = len(lines) - _MOST
    more = [f"and {counted(rest, 'more origin')}"] * (rest > 0)
    return [*lines[:_MOST], *more, *filter(None, [untold(explanation)])]


def _ranges(numbers: Sequence[int]) -> str:
    """``0, 2-5``: numbers that follow each other are told by their ends."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in runs)
