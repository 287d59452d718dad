"""A replay as tables of cells, the first row the head."""

from __future__ import annotations

import math

from optuna_metabo.replay.orders import FREE
from optuna_metabo.replay.summary import CHECKPOINTS, GOALS, Replay

Table = list[list[str]]


def summary_table(replay: Replay) -> Table:
    """One row a sampler, over all studies."""
    rows = [
        [
            "sampler", "to 1 %", "to top 1 %", "to best",
            *[f"regret {n}" for n in CHECKPOINTS], f"area {replay.area_trials}",
            "helped/level/harmed", "hours",
        ]
    ]  # fmt: skip
    for name in replay.samplers:
        goals = [_trials(replay, name, replay.median_trials(name, goal)) for goal in GOALS]
        regret, against = replay.mean_regret(name), replay.against_cold(name)
        rows.append(
            [
                name,
                *goals,
                *[f"{regret[n - 1]:.3f}" if n <= len(regret) else "" for n in CHECKPOINTS],
                f"{regret[: replay.area_trials].mean():.3f}",
                "/".join(map(str, against)) if against else "",
                _hours(replay.hours(name)),
            ]
        )
    return rows if replay.hours("owner") is not None else [row[:-1] for row in rows]


def trials_table(replay: Replay, goal: str = "close") -> Table:
    """One row a study, one column a sampler: the median of its runs' trials to a goal."""
    rows = [["study", "trials", "results", *replay.samplers]]
    for target, measured in replay.each:
        cells = [_trials(replay, name, one.median_to(goal)) for name, one in measured.items()]
        rows.append(
            [target.pool.name, str(len(target.pool)), str(target.yardstick.n_results), *cells]
        )
    return rows


def area_table(replay: Replay) -> Table:
    """One row a study, one column a sampler: the mean regret of the first trials."""
    rows = [["study", *replay.samplers]]
    for target, measured in replay.each:
        rows.append([target.pool.name, *[f"{one.area:.3f}" for one in measured.values()]])
    return rows


def _trials(replay: Replay, sampler: str, n: float) -> str:
    """A number of trials; where it was not reached, the most that were run."""
    if math.isfinite(n):
        return f"{n:.0f}"
    return "never" if sampler in FREE else f"> {replay.plan.trials}"


def _hours(hours: float | None) -> str:
    if hours is None:
        return ""
    return f"{hours:.1f}" if math.isfinite(hours) else "not reached"
