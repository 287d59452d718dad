"""Why the sampler proposes what it proposes: which past studies it listens to, and how much."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import scipy

from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.learning import Learned
from optuna_metabo.sources import LeftOut, SourceTask
from optuna_metabo.surrogate import Task


@dataclass(frozen=True)
class SourceExplanation:
    """What became of one source study.

    Args:
        name: The name of the study.
        weight: Its share of the belief about the target, in [0, 1].
        rank_agreement: Kendall's tau between the source's predictions and the target's values so
            far, or ``None`` with fewer than two values.
        n_trials: The number of its trials that are used.
        shared: Parameters that it shares with the target.
        missing: Parameters of the target that it lacks.
        extra: Parameters that only it has; they are ignored.
        reason: Why it was left out, or ``None`` if it is used.
    """

    name: str
    weight: float
    rank_agreement: float | None
    n_trials: int
    shared: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Explanation:
    """What :meth:`MetaGPSampler.explain` returns; printed, it is a table.

    Args:
        sources: One entry for each source study, the heaviest first, those left out last.
        weight_without_sources: What is believed from the target's own trials alone. The weights
            of the sources and this sum to 1.
    """

    sources: tuple[SourceExplanation, ...]
    weight_without_sources: float

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [
            ("past study", "weight", "agreement", "trials", "shared", "missing", "extra")
        ]
        rows += [_row(source) for source in self.sources if source.reason is None]
        rows.append(("(without past studies)", f"{self.weight_without_sources:.3f}", *[""] * 5))
        widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        left_out = [source for source in self.sources if source.reason is not None]
        lines += [f"left out: {source.name} ({source.reason})" for source in left_out]
        return "\n".join(lines)


def _row(source: SourceExplanation) -> tuple[str, ...]:
    agreement = source.rank_agreement
    return (
        source.name,
        f"{source.weight:.3f}",
        "" if agreement is None else f"{agreement:+.2f}",
        str(source.n_trials),
        ", ".join(source.shared),
        ", ".join(source.missing),
        ", ".join(source.extra),
    )


def merged(parts: Sequence[Explanation]) -> Explanation:
    """The explanations of several objectives as one, with means over the objectives.

    A source that only some objectives use has weight 0 for the others.
    """
    # Different studies may have one name: those of a name stand in the same order in every part.
    found: dict[tuple[str, int], list[SourceExplanation]] = {}
    for part in parts:
        count: Counter[str] = Counter()
        for source in part.sources:
            found.setdefault((source.name, count[source.name]), []).append(source)
            count[source.name] += 1
    sources = []
    for same in found.values():
        used = [source for source in same if source.reason is None]
        taus = [source.rank_agreement for source in used if source.rank_agreement is not None]
        sources.append(
            replace(
                (used or same)[0],
                weight=sum(source.weight for source in used) / len(parts),
                rank_agreement=sum(taus) / len(taus) if taus else None,
            )
        )
    sources.sort(key=lambda source: (source.reason is not None, -source.weight))
    rest = sum(part.weight_without_sources for part in parts) / len(parts)
    return Explanation(tuple(sources), rest)


def unexplained(left_out: Sequence[LeftOut]) -> Explanation:
    """Of a study of which nothing is known yet: only sources that are left out."""
    return Explanation(tuple(_left_out(one) for one in left_out), 1.0)


def explain(
    learned: Learned, unread: Sequence[LeftOut], encoding: Encoding, target: Task
) -> Explanation:
    """Of one objective after its values so far; ``unread`` are left out of all objectives."""
    weights = learned.prior.condition(target, target.X[:0]).weights
    agreement = _rank_agreement(learned, encoding, target)
    used = [
        _used(source, encoding, float(weight), tau)
        for source, weight, tau in zip(learned.used, weights, agreement, strict=True)
    ]
    rest = max(0.0, 1.0 - float(weights.sum()))
    return Explanation((*used, *[_left_out(one) for one in (*unread, *learned.left_out)]), rest)


def _rank_agreement(learned: Learned, encoding: Encoding, target: Task) -> list[float | None]:
    if len(target) < 2 or not learned.used:
        return [None] * len(learned.used)
    models = SourceModels.learn([source.task for source in learned.used], encoding.domain)
    found = [
        float(scipy.stats.kendalltau(mean, target.y).statistic) for mean in models.mean(target.X)
    ]
    return [tau if math.isfinite(tau) else 0.0 for tau in found]


def _used(
    source: SourceTask, encoding: Encoding, weight: float, rank_agreement: float | None
) -> SourceExplanation:
    return SourceExplanation(
        name=source.study.name,
        weight=weight,
        rank_agreement=rank_agreement,
        n_trials=len(source.task),
        shared=source.shared,
        missing=tuple(name for name in encoding.names if name not in source.shared),
        extra=tuple(name for name in source.study.search_space if name not in source.shared),
    )


def _left_out(one: LeftOut) -> SourceExplanation:
    return SourceExplanation(one.name, 0.0, None, 0, reason=one.reason)
