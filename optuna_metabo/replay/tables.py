"""A replay as tables of cells, the first row the head."""

from __future__ import annotations

import math

from optuna_metabo.logs import counted
from optuna_metabo.replay.orders import FREE
from optuna_metabo.replay.summary import CHECKPOINTS, GOALS, Replay

Table = list[list[str]]
# Units of time, and their parts of an hour; so many of one are shown, or the next one is.
_UNITS = (("hours", 1), ("minutes", 60), ("seconds", 3600))
_AT_LEAST = 2.0


def summary_table(replay: Replay) -> Table:
    """One row a sampler, over all studies."""
    rows = [
        [
            "sampler", "to 1 %", "to top 1 %", "to best",
            *[f"regret {n}" for n in CHECKPOINTS], f"area {replay.area_trials}",
            "helped/level/harmed",
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
            ]
        )
    return [[*row, *time] for row, time in zip(rows, _times(replay), strict=True)]


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


def _times(replay: Replay) -> Table:
    """The column of times, in the unit in which they can be read; without content none."""
    hours = [replay.hours(name) for name in replay.samplers]
    known = [one for one in hours if one is not None]
    if not known:
        return [[] for _ in (0, *hours)]
    large = [unit for unit in _UNITS if unit[1] * max(known) >= _AT_LEAST]
    unit, parts = [*large, _UNITS[-1]][0]
    head = f"{unit} of {counted(len(replay.timed), 'study', 'studies')}"
    return [[head], *[[f"{parts * one:.1f}"] for one in known]]
