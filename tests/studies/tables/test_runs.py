"""One run: its past studies, and its trials."""

from __future__ import annotations

import numpy as np
import pytest

from studies.families import load
from studies.families.synthetic import N_SOURCES
from studies.past import MODES, altered, past_studies
from studies.tables.runs import Run, execute, source_studies


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
    "sampler",
    ["random", "grid", "tpe", "tpe+filled", "tpe+ranked", "metagp", "metagp-cold", "metagp-rgpe"],
)
def test_a_run_counts_the_targets_own_trials_only(toy: str, sampler: str) -> None:
    rows = execute(run(toy, sampler))
    assert [row[0] for row in rows] == [1, 2, 3, 4]


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize(
    "sampler", ["gp", "gp+enqueued", "tpe+filled", "tpe+ranked", "metagp", "metagp-cold"]
)
def test_samplers_run_on_continuous_families(sampler: str) -> None:
    rows = execute(Run("hartmann6-near", "normal", 2, 4, "hartmann6", sampler, 0, 4))
    assert [row[0] for row in rows] == [1, 2, 3, 4]


@pytest.mark.parametrize("sampler", ["grid", "warm-cmaes"])
def test_samplers_of_grids_are_left_out_of_continuous_families(sampler: str) -> None:
    with pytest.raises(NotImplementedError):
        execute(Run("hartmann6-near", "normal", 2, 4, "hartmann6", sampler, 0, 2))


def test_features_are_told_where_tasks_have_some(toy: str, svm: str) -> None:
    for sampler in ("metagp-features", "metagp-features-permuted"):
        assert len(execute(Run(svm, "normal", 0, 6, "set-2", sampler, 0, 2))) == 2
        with pytest.raises(NotImplementedError):
            execute(run(toy, sampler))


@pytest.mark.parametrize("mode", MODES)
def test_past_studies_have_the_features_of_their_tasks(svm: str, mode: str) -> None:
    for study in source_studies(Run(svm, mode, 0, 6, "set-2", "random", 0, 2)):
        features = load(svm).task(study.study_name).features
        assert features.items() <= study.user_attrs.items()
        assert len(features) == 2


def test_all_other_tasks_are_sources_of_a_target() -> None:
    one = Run("levy10-far", "normal", 0, 2, "levy10", "random", 0, 2)
    assert len(source_studies(one)) == N_SOURCES


def test_true_values_are_recorded(toy: str) -> None:
    rows = execute(Run(f"noisy10-{toy}", "normal", 0, 4, "task-2", "random", 0, 6))
    true = {-float((x - 2) ** 2) - loss for x in range(5) for loss in (0, 1)}
    assert {row[1] for row in rows} <= true


def test_draws_for_targets_whose_names_are_as_long_differ(toy: str) -> None:
    """Of one past study, altered for one target and for another."""

    def values(task: str) -> list[list[float]]:
        studies = source_studies(Run(toy, "shuffled", 0, 12, task, "random", 0, 4))
        return [trial.values for trial in studies[-1].trials]

    assert values("task-1") == values("task-1")
    assert values("task-1") != values("task-2")
