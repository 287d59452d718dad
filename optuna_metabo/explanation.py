"""Why the sampler proposes what it proposes: which past studies it listens to, and how much."""

from __future__ import annotations

from dataclasses import dataclass


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
