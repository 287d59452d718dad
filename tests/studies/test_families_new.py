"""Families beyond tables of hyper-parameters: functions, surrogates, chemistry, noise."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from scipy.optimize import minimize
from scipy.spatial import KDTree
from scipy.stats import qmc, spearmanr

from studies import compare, families_synthetic
from studies.compare import Run, execute, past_study, source_studies
from studies.families import Task, load, short
from studies.families_noisy import noisy
from studies.families_olympus import nearest, olympus
from studies.families_synthetic import FUNCTIONS, VARIANTS, rotation, source_of, target_of
from studies.tables import add_regret, regret_table

BENCHMARKS = Path(__file__).parents[3] / "shared" / "benchmarks"
beside = pytest.mark.skipif(not BENCHMARKS.exists(), reason="the benchmarks are not beside us")


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Three tasks on a grid of 10 points."""
    rows = [(f"task-{top}", x, -float((x - top) ** 2)) for top in (1, 2, 3) for x in range(10)]
    path = tmp_path / "toy.csv"
    pd.DataFrame(rows, columns=["task", "x", "value"]).to_csv(path, index=False)
    return str(path)


def ask(task: Task, params: dict[str, object], number: int = 0) -> tuple[optuna.Trial, float]:
    """A trial with these parameters and what a sampler would be told; it is the number-th."""
    study = optuna.create_study(direction=task.direction)
    for _ in range(number):
        study.ask()
    study.enqueue_trial(params)
    trial = study.ask()
    return trial, task.measure(trial)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_optimum_of_a_function_is_inside_off_centre_and_a_local_search_finds_none_better(
    name: str,
) -> None:
    target, task = target_of(name), load(f"{name}-near").tasks[0]
    d = len(target.at)
    assert np.all(np.abs(target.at - 0.5) >= 0.1)
    assert np.all(np.abs(target.at - 0.5) <= 0.3)
    assert target(target.at[None])[0] == pytest.approx(task.best, abs=1e-9)
    points = qmc.Sobol(d, seed=1).random(512)
    starts = points[np.argsort(target(points))[:4]]
    starts = [*starts, target.at + 0.02 * np.random.default_rng(0).normal(size=d)]
    found = [
        minimize(lambda x: target(x[None])[0], start, bounds=[(0.0, 1.0)] * d).fun
        for start in starts
    ]
    assert task.best is not None
    assert min(found) >= task.best - 1e-9


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_variants_of_a_function_tune_one_target(name: str) -> None:
    families = [load(f"{name}-{variant}") for variant in VARIANTS]
    assert [[task.name for task in one.tuned] for one in families] == [[name]] * len(VARIANTS)
    assert all(len(one.tasks) == 1 + families_synthetic.N_SOURCES for one in families)
    x = {f"x{j}": 0.3 for j in range(len(FUNCTIONS[name].minimiser))}
    assert len({ask(one.tasks[0], x)[1] for one in families}) == 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_near_sources_agree_more_than_far_ones_and_opposed_ones_disagree(name: str) -> None:
    target, agreement = target_of(name), {}
    points = qmc.Sobol(len(target.at), seed=2).random(512)
    for variant in VARIANTS:
        generator = np.random.default_rng(0)
        sources = [source_of(target, VARIANTS[variant], generator) for _ in range(8)]
        agreement[variant] = np.mean(
            [spearmanr(target(points), one(points))[0] for one in sources]
        )
    assert agreement["near"] > agreement["far"] > 0.0
    assert agreement["near"] > 0.4
    assert agreement["opposed"] == pytest.approx(-agreement["near"])


@pytest.mark.parametrize(("d", "angle"), [(6, 0.1), (20, 0.5), (40, 0.3)])
def test_rotations_turn_by_about_the_angle(d: int, angle: float) -> None:
    R = rotation(d, angle, np.random.default_rng(0))
    np.testing.assert_allclose(R @ R.T, np.eye(d), atol=1e-12)
    largest = np.abs(np.angle(np.linalg.eigvals(R))).max()
    assert 0.5 * angle < largest < 1.5 * angle


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


def test_only_targets_are_tuned_and_all_others_are_sources(tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", "levy10-far", "--samplers", "random", "--seeds", "1"]
    compare.main([*command, "--trials", "2", "--source-trials", "2", "--out", str(out)])
    assert set(pd.read_csv(out)["task"]) == {"levy10"}
    run = Run("levy10-far", "normal", 0, 2, "levy10", "random", 0, 2)
    assert len(source_studies(run)) == families_synthetic.N_SOURCES


def test_every_second_task_can_be_chosen(table: str, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    command = ["run", "--families", table, "--samplers", "random", "--seeds", "1", "--every", "2"]
    compare.main([*command, "--trials", "1", "--source-trials", "2", "--out", str(out)])
    assert pd.read_csv(out)["task"].tolist() == ["task-1", "task-3"]
    compare.main(["report", str(out), "--out", str(tmp_path)])
    assert "--every 2 " in (tmp_path / "normal.md").read_text()


def test_noise_is_decided_by_task_seed_parameters_and_number(table: str) -> None:
    first, second, *_ = load(f"noisy30-{table}").tasks
    told = [ask(first, {"x": 4})[1] for _ in range(2)]
    assert told[0] == told[1]
    others = ask(first, {"x": 5})[1], ask(first, {"x": 4}, number=1)[1], ask(second, {"x": 4})[1]
    noise = [one - true for one, true in zip(others, (-16.0, -9.0, -4.0), strict=True)]
    assert len({told[0] + 9.0, *noise}) == 4


def test_noise_has_the_deviation_asked_for(table: str) -> None:
    task = load(f"noisy30-{table}").tasks[0]
    assert task.best is not None
    assert task.median is not None
    trial = optuna.create_study().ask()
    noise = []
    for seed in range(2000):
        trial.study.set_user_attr("seed", seed)
        noise.append(task.told(trial, 1.0) - 1.0)
    expected = 0.3 * (task.best - task.median)
    assert np.std(noise) == pytest.approx(expected, rel=0.05)
    assert abs(np.mean(noise)) < 0.1 * expected


def test_true_values_are_recorded_and_noisy_ones_told(table: str) -> None:
    name = f"noisy10-{table}"
    rows = execute(Run(name, "normal", 0, 4, "task-2", "random", 0, 6))
    assert {row[1] for row in rows} <= {-float((x - 2) ** 2) for x in range(10)}
    told = [trial.value for trial in past_study(name, 0, 0, 6).trials]
    true = [-float((trial.params["x"] - 1) ** 2) for trial in past_study(name, 0, 0, 6).trials]
    assert all(one != other for one, other in zip(told, true, strict=True))
    np.testing.assert_allclose(told, true, atol=0.1 * 4 * 25)


def test_noise_of_an_unknown_scale_raises() -> None:
    with pytest.raises(ValueError, match="needs an optimum"):
        noisy(load("hartmann6-opposed"), 10)


def test_a_noisy_family_of_a_path_keeps_its_name() -> None:
    assert short("noisy10-../shared/benchmarks/tst_svm.npz") == "noisy10-tst_svm"
    assert short("../shared/benchmarks/lcbench") == "lcbench"
    assert short("hpobench") == "hpobench"


def test_the_early_values_are_those_of_the_trials_themselves(table: str) -> None:
    values = [0.0, -25.0, 0.0, -25.0, -25.0, 0.0]
    rows = pd.DataFrame(
        {
            "family": table, "mode": "normal", "task": "task-2", "sampler": "random", "seed": 0,
            "trial": range(1, 7), "value": values, "seconds": 0.0,
        }
    )  # fmt: skip
    rows = add_regret(rows)
    assert rows["regret"].eq(0.0).all()
    assert rows["value_regret"].tolist() == [0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
    cell = regret_table(rows)["mean value of trials 2 to 5"].item()
    assert cell == "0.750"


@pytest.mark.parametrize("name", ["nonsense", "../nowhere/lcbench"])
def test_a_missing_family_is_refused_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        compare.main(["run", "--families", name, "--out", str(tmp_path / "out.csv")])
    assert f"got '{name}'" in capsys.readouterr().err.splitlines()[-1]


def test_lcbench_without_its_runtime_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "encoding.json").write_text("{}")
    with pytest.raises(SystemExit):
        compare.main(["run", "--families", str(tmp_path), "--out", str(tmp_path / "out.csv")])
    assert "pip install onnxruntime" in capsys.readouterr().err.splitlines()[-1]


@beside
def test_lcbench_has_34_tasks_on_the_space_of_its_authors() -> None:
    pytest.importorskip("onnxruntime")
    family = load(str(BENCHMARKS / "lcbench"))
    assert len(family.tuned) == 34
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0)
    )
    study.optimize(family.tasks[0].objective, n_trials=30)
    found = study.trials[0].distributions
    assert found["batch_size"] == IntDistribution(16, 512, log=True)
    assert found["max_units"] == IntDistribution(64, 1024, log=True)
    assert found["num_layers"] == IntDistribution(1, 5)
    assert found["max_dropout"] == FloatDistribution(0.0, 1.0)
    assert found["weight_decay"] == FloatDistribution(1e-5, 0.1)
    assert isinstance(found["learning_rate"], FloatDistribution)
    assert found["learning_rate"].log
    assert len(found) == 7
    assert family.tasks[0].best is None
    assert family.tasks[0].median is not None
    assert 0.0 < family.tasks[0].median < study.best_value <= 100.0


@beside
def test_the_chemistry_tables_are_complete_and_share_their_space() -> None:
    reactions, plates = (load(str(BENCHMARKS / "olympus" / n)) for n in ("buchwald", "oer_plate"))
    assert [len(reactions.tasks), len(plates.tasks)] == [5, 4]
    grids = [task.grid for task in reactions.tasks]
    assert all(grid == grids[0] for grid in grids)
    assert grids[0] is not None
    assert grids[0]["halogen"] == ["Br", "Cl", "I"]
    assert np.prod([len(choices) for choices in grids[0].values()]) == 792
    # A missing row would be a KeyError.
    for values in itertools.islice(itertools.product(*grids[0].values()), 0, None, 97):
        params = dict(zip(grids[0], values, strict=True))
        assert all(0.0 <= ask(task, params)[1] <= 100.0 for task in reactions.tasks)


@pytest.fixture
def plates(tmp_path: Path) -> Path:
    """Two components in steps of .5, on one plate."""
    about = {
        "constraints": {"parameters": "simplex"},
        "parameters": [{"name": "ni"}, {"name": "fe"}],
        "default_goal": "minimize",
    }
    (tmp_path / "plate.json").write_text(json.dumps(about))
    (tmp_path / "plate.csv").write_text("1.0,0.0,3.0\n0.5,0.5,1.0\n0.0,1.0,2.0\n")
    return tmp_path


def test_amounts_are_ratios_and_the_nearest_mixture_is_made(plates: Path) -> None:
    (task,) = olympus(plates).tasks
    assert (task.best, task.median, task.direction) == (1.0, 2.0, "minimize")
    for ni, fe, value in ((0.9, 0.1, 3.0), (0.2, 0.22, 1.0), (0.02, 0.2, 2.0), (0.0, 0.0, 1.0)):
        assert ask(task, {"ni": ni, "fe": fe})[1] == value
    assert nearest(KDTree(np.eye(3)), np.array([0.0, 0.3, 0.0])) == 1


def test_graph_networks_that_are_the_same_share_a_row_and_none_is_missing() -> None:
    pytest.importorskip("nas_bench_graph")
    family = load("nas-bench-graph")
    assert len(family.tasks) == 8
    task = family.tasks[0]
    nodes = {"node0": "gcn", "node1": "gin", "node2": "fc", "node3": "cheb"}
    swapped = {**nodes, "node0": "gin", "node1": "gcn"}
    one, other = (ask(task, {"structure": "0000", **ops})[0] for ops in (nodes, swapped))
    assert one.user_attrs["row"] == other.user_attrs["row"]
    nothing = dict.fromkeys(nodes, "skip")
    trial, value = ask(task, {"structure": "0123", **nothing})
    assert trial.user_attrs["row"] == ""
    assert task.median is not None
    assert value < task.median
