"""One run: its past studies, and its trials."""

from __future__ import annotations

import numpy as np
import pytest

from studies.past import past_studies
from studies.tables.runs import MODES, Run, altered, execute, source_studies


def run(
    toy: str, sampler: str = "random", mode: str = "normal", seed: int = 0, sources: int = 0
) -> Run:
    return Run(toy, mode, sources, 6, "task-2", sampler, seed, 4)


@pytest.mark.parametrize("mode", MODES)
def test_the_target_is_never_among_its_sources(toy: str, mode: str) -> None:
    names = {study.study_name for study in source_studies(run(toy, mode=mode))}
    assert "task-2" not in names
    assert len(names) == 2


def test_as_many_sources_are_drawn_as_asked_for(toy: str) -> None:
    assert len(source_studies(run(toy, sources=1))) == 1


def test_opposed_values_are_negated_and_shuffled_ones_permuted(toy: str) -> None:
    (study,) = past_studies(toy, [0], 0, 6)
    values = [trial.values[0] for trial in study.trials]
    generator = np.random.default_rng(0)
    opposed = [trial.values[0] for trial in altered(study, "opposed", generator).trials]
    shuffled = [trial.values[0] for trial in altered(study, "shuffled", generator).trials]
    assert opposed == [-value for value in values]
    assert shuffled != values
    assert sorted(shuffled) == sorted(values)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize(
    "sampler", ["random", "grid", "tpe", "tpe+filled", "metagp", "metagp-cold", "metagp-rgpe"]
)
def test_a_run_counts_the_targets_own_trials_only(toy: str, sampler: str) -> None:
    rows = execute(run(toy, sampler))
    assert [row[0] for row in rows] == [1, 2, 3, 4]
