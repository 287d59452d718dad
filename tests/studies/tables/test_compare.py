"""The comparison: sources, regret, resuming and statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare, wilcoxon

from studies.families import load
from studies.statistics import friedman, wilcoxon_holm
from studies.tables import compare
from studies.tables.compare import (
    Run,
    altered,
    completed,
    execute,
    main,
    past_study,
    source_studies,
)
from studies.tables.summaries import add_regret, mean_ranks, to_markdown

SVM = Path(__file__).parents[4] / "shared" / "benchmarks" / "tst_svm.npz"


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Three tasks on a grid of 5 x 3 points."""
    rows = [
        (f"task-{shift}", x, kind, -((x - shift) ** 2) - (kind == "b"))
        for shift in (1, 2, 3)
        for x in range(5)
        for kind in "abc"
    ]
    path = tmp_path / "toy.csv"
    pd.DataFrame(rows, columns=["task", "x", "kind", "value"]).to_csv(path, index=False)
    return str(path)


def run(
    table: str, sampler: str = "random", mode: str = "normal", seed: int = 0, sources: int = 0
) -> Run:
    return Run(table, mode, sources, 6, "task-2", sampler, seed, 4)


@pytest.mark.parametrize("mode", compare.MODES)
def test_the_target_is_never_among_its_sources(table: str, mode: str) -> None:
    names = {study.study_name for study in source_studies(run(table, mode=mode))}
    assert "task-2" not in names
    assert len(names) == 2


def test_as_many_sources_are_drawn_as_asked_for(table: str) -> None:
    assert len(source_studies(run(table, sources=1))) == 1


def test_opposed_values_are_negated_and_shuffled_ones_permuted(table: str) -> None:
    study = past_study(table, 0, 0, 6)
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
def test_a_run_counts_the_targets_own_trials_only(table: str, sampler: str) -> None:
    rows = execute(run(table, sampler))
    assert [row[0] for row in rows] == [1, 2, 3, 4]


def test_a_complete_result_file_is_not_appended_to(table: str, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", table, "--samplers", "random", "metagp", "--seeds", "1"]
    command += ["--trials", "3", "--source-trials", "4", "--out", str(out)]
    main(command)
    before = out.read_text()
    assert len(completed(out)) == 6
    main(command)
    assert out.read_text() == before
    report = tmp_path / "report"
    main(["report", str(out), "--out", str(report)])
    page = (report / "normal.md").read_text()
    assert "| toy | metagp |" in page
    assert (report / "normal-regret.png").stat().st_size > 1000


def make_rows(table: str, values: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "family": table,
            "mode": "normal",
            "task": "task-2",
            "sampler": "random",
            "seed": 0,
            "trial": range(1, len(values) + 1),
            "value": values,
        }
    )


def test_regret_is_one_from_the_median_down_and_zero_at_the_optimum(table: str) -> None:
    task = load(table).tasks[1]
    assert task.best == 0.0
    assert task.median is not None
    rows = make_rows(table, [-99.0, task.median, task.median / 2, 0.0, -3.0])
    np.testing.assert_allclose(add_regret(rows)["regret"], [1.0, 1.0, 0.5, 0.0, 0.0])


def test_an_unknown_family_raises() -> None:
    with pytest.raises(ValueError, match=r"hpobench.*got 'nonsense'"):
        load("nonsense")


@pytest.mark.skipif(not SVM.exists(), reason=f"{SVM.name} is not beside the checkout")
def test_the_svm_table_is_a_tree_whose_points_are_all_in_the_table() -> None:
    family = load(str(SVM))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(family.tasks[0].objective, n_trials=60)
    lengths = {trial.params["kernel"]: len(trial.params) for trial in study.trials}
    assert len(family.tasks) == 50
    assert sorted(lengths.values()) == [2, 3, 3]


def test_tests_agree_with_scipy() -> None:
    generator = np.random.default_rng(0)
    means = pd.DataFrame(generator.random((12, 3)), columns=["metagp", "gp", "tpe"])
    means["metagp"] -= 0.5
    expected = friedmanchisquare(*means.to_numpy().T)
    assert friedman(means) == pytest.approx((expected.statistic, expected.pvalue))
    table = wilcoxon_holm(means, "metagp")
    raw = [wilcoxon(means["metagp"] - means[name]).pvalue for name in ("gp", "tpe")]
    holm = np.maximum.accumulate(np.sort(raw) * [2, 1])
    np.testing.assert_allclose(np.sort(table["p (Holm)"].astype(float)), holm, rtol=0.1)


def test_a_sampler_that_always_wins_has_rank_one() -> None:
    rows = [
        ("f", task, sampler, 0, 1, regret)
        for task in ("a", "b")
        for sampler, regret in (("metagp", 0.1), ("gp", 0.2), ("tpe", 0.3))
    ]
    columns = ["family", "task", "sampler", "seed", "trial", "regret"]
    ranks = mean_ranks(pd.DataFrame(rows, columns=columns))
    assert ranks["all"].to_dict() == {"metagp": 1.0, "gp": 2.0, "tpe": 3.0}
    assert to_markdown(ranks).splitlines()[2] == "| metagp | 1.0 | 1.0 |"
