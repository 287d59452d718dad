"""One run: past studies of a family's other tasks, and a sampler that tunes the one left out."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, fields

import numpy as np
import optuna
from threadpoolctl import threadpool_limits

from studies.families import load
from studies.past import altered, describe, others, past_studies
from studies.tables.methods import METHODS


@dataclass(frozen=True)
class Run:
    """One sampler on one task; the columns of the result file before those of each trial.

    ``sources`` is how many past studies are drawn, 0 for all.
    """

    family: str
    mode: str
    sources: int
    source_trials: int
    task: str
    sampler: str
    seed: int
    trials: int


# The number of the trial, its value, seconds of asking, and the row of the table it looked up.
Row = tuple[int, float, float, int | str]
HEADER = [*(field.name for field in fields(Run)), "trial", "value", "seconds", "row"]


def source_studies(run: Run) -> list[optuna.Study]:
    """The studies of all or some of the other tasks, altered as the mode says."""
    generator = np.random.default_rng([run.seed, zlib.crc32(run.task.encode())])
    chosen = others(run.family, load(run.family).index(run.task))
    if run.sources:
        chosen = sorted(generator.permutation(chosen)[: run.sources].tolist())
    found = past_studies(run.family, chosen, run.seed, run.source_trials)
    return [altered(study, run.mode, generator) for study in found]


def execute(run: Run) -> list[Row]:
    """A row for each trial, with its true value; fewer rows where a grid is exhausted.

    Raises:
        NotImplementedError: If the sampler cannot be used on the family's space.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    task = load(run.family).task(run.task)
    study = optuna.create_study(study_name="target", direction=task.direction)
    study.set_user_attr("seed", run.seed)
    describe(study, task.features)
    METHODS[run.sampler](study, source_studies(run), task, run.seed)
    rows = []
    with threadpool_limits(1):
        for number in range(1, run.trials + 1):
            start, trial = time.perf_counter(), study.ask()
            value = task.objective(trial)
            seconds = time.perf_counter() - start
            rows.append((number, value, seconds, trial.user_attrs.get("row", "")))
            study.tell(trial, task.told(trial, value))
    return rows
