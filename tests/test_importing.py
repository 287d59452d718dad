"""Trials that Optuna has not made, from a table."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from optuna_metabo import MetaGPSampler, import_history

MLFLOW = """run_id,status,params.lr,params.layers,params.act,params.bias,params.drop,metrics.acc
a,FINISHED,0.0001,1,relu,True,,0.7
b,FINISHED,0.01,3,tanh,False,0.25,0.8
c,FAILED,0.1,2,relu,True,0.5,
d,FINISHED,0.001,2,None,True,None,0.9
"""
WANDB = """Name,State,lr,batch_size,accuracy,loss
fast-1,finished,0.001,32,0.8,0.5
slow-2,finished,0.1,64,0.7,0.6
dead-3,crashed,0.5,64,,NaN
"""


def space(study: optuna.Study) -> dict[str, BaseDistribution]:
    return {name: one for trial in study.trials for name, one in trial.distributions.items()}


def column(values: list[Any], kind: Any = None) -> BaseDistribution:
    rows = [{"params.x": value, "y": i} for i, value in enumerate(values)]
    given = {} if kind is None else {"x": kind}
    study = import_history(rows, {"y": "minimize"}, study_name="one", distributions=given)
    return space(study)["x"]


@pytest.fixture
def mlflow(tmp_path: Path) -> Path:
    path = tmp_path / "runs.csv"
    path.write_text(MLFLOW, encoding="utf-8")
    return path


def test_a_table_of_mlflow_is_read(mlflow: Path) -> None:
    study = import_history(mlflow, {"acc": "maximize"}, study_name="runs")
    assert space(study) == {
        "lr": FloatDistribution(1e-4, 0.1, log=True),
        "layers": IntDistribution(1, 3),
        "act": CategoricalDistribution((None, "relu", "tanh")),
        "bias": CategoricalDistribution((False, True)),
        "drop": FloatDistribution(0.25, 0.5),
    }
    assert [trial.state for trial in study.trials] == [
        TrialState.COMPLETE,
        TrialState.COMPLETE,
        TrialState.FAIL,
        TrialState.COMPLETE,
    ]
    assert study.best_params == {"lr": 0.001, "layers": 2, "act": None, "bias": True}
    assert study.trials[0].params == {"lr": 1e-4, "layers": 1, "act": "relu", "bias": True}


def test_a_table_of_wandb_needs_to_be_told_which_columns_are_parameters(tmp_path: Path) -> None:
    path = tmp_path / "wandb.csv"
    path.write_text(WANDB, encoding="utf-8-sig")
    with pytest.raises(ValueError, match=r"\(params=, --param\), where none .*'lr'"):
        import_history(path, {"loss": "minimize"}, study_name="w")
    study = import_history(path, {"loss": "minimize"}, study_name="w", params=["lr", "batch_size"])
    assert space(study) == {
        "lr": FloatDistribution(0.001, 0.5, log=True),
        "batch_size": IntDistribution(32, 64),
    }
    assert [trial.state == TrialState.FAIL for trial in study.trials] == [False, False, True]


def test_a_data_frame_is_read_and_its_gaps_are_parameters_that_are_absent() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"params_n": [1, None, 3], "params_k": ["a", "b", None], "value": [0.1, math.nan, 0.3]}
    )
    study = import_history(frame, {"value": "minimize"}, study_name="frame")
    assert space(study)["n"] == IntDistribution(1, 3)
    assert [trial.params for trial in study.trials] == [{"n": 1, "k": "a"}, {"k": "b"}, {"n": 3}]
    assert study.trials[1].state == TrialState.FAIL


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2, 99], None, IntDistribution(1, 99)),
        ([1, 2, 100], None, IntDistribution(1, 100, log=True)),
        ([0, 1000], None, IntDistribution(0, 1000)),
        ([-1.5, 2], None, FloatDistribution(-1.5, 2)),
        (["1e-3", "1e-1"], None, FloatDistribution(1e-3, 1e-1, log=True)),
        (["1e-3", "1e-1"], "linear", FloatDistribution(1e-3, 1e-1)),
        ([16, 64], "log", IntDistribution(16, 64, log=True)),
        ([16, 64], "categorical", CategoricalDistribution((16, 64))),
        (["auto", 0.1], None, CategoricalDistribution((0.1, "auto"))),
        (["True", "false"], None, CategoricalDistribution((False, True))),
        ([5, 5], None, IntDistribution(5, 5)),
        ([0.5, "None"], None, FloatDistribution(0.5, 0.5)),
        ([2, 3], FloatDistribution(0, 9), FloatDistribution(0, 9)),
    ],
)
def test_what_a_parameter_is_follows_from_its_values(
    values: list[Any], kind: Any, expected: BaseDistribution
) -> None:
    assert column(values, kind) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": {"accc": "maximize"}}, "did you mean 'metrics.acc'"),
        ({"metrics": {"acc": "up"}}, "of 'acc' is 'up': expected 'minimize' or"),
        ({"params": ["lrr"]}, "no row has a value in a column 'lrr'"),
        ({"distributions": {"lr": "logs"}}, "'lr' is 'logs'"),
        ({"distributions": {"act": "log"}}, "'act' cannot be log"),
        ({"distributions": {"lrr": "log"}}, "distributions has 'lrr'"),
        ({"distributions": {"lr": FloatDistribution(0, 0.05)}}, "row 3, 'params.lr': 0.1 is not"),
        ({"metrics": {"status": "maximize"}}, "row 1, 'status': expected a number"),
        ({"params": ["lr", "metrics.acc"]}, "'metrics.acc' cannot be a parameter and a metric"),
    ],
)
def test_errors_name_the_column_and_the_row_and_make_no_study(
    arguments: dict[str, Any], message: str, mlflow: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    given = {"metrics": {"acc": "maximize"}, "study_name": "runs", "storage": url, **arguments}
    with pytest.raises(ValueError, match=message):
        import_history(mlflow, **given)
    assert not (tmp_path / "studies.db").exists()


def test_two_columns_are_not_one_parameter() -> None:
    rows = [{"params.x": 1, "params_x": 2, "y": 0.0}]
    with pytest.raises(ValueError, match=r"'params.x' and 'params_x' are one parameter"):
        import_history(rows, {"y": "minimize"}, study_name="two")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_table_in_another_encoding_is_named(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("params.größe,y\n1,2\n", encoding=encoding)
    with pytest.raises(ValueError, match=r"in UTF-8, got '.*runs.csv'"):
        import_history(path, {"y": "minimize"}, study_name="runs")


def test_infinite_numbers_are_no_choices() -> None:
    with pytest.raises(ValueError, match="'x' has an infinite value"):
        column([1.0, 2.0, math.inf])


def test_a_data_frame_of_optuna_keeps_the_states_of_its_trials() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        if trial.number % 3 == 1:
            trial.report(x, 1)
            raise optuna.TrialPruned
        return math.nan if trial.number % 3 == 2 else x

    study.optimize(objective, n_trials=9)
    study.ask({"x": FloatDistribution(0, 1)})
    found = import_history(study.trials_dataframe(), {"value": "minimize"}, study_name="copy")
    assert [one.state for one in found.trials] == [one.state for one in study.trials[:-1]]
    assert [one.value for one in found.trials[::3]] == [one.value for one in study.trials[:-1:3]]


def test_a_column_of_names_is_no_parameter() -> None:
    with pytest.raises(ValueError, match="'x' has 100 different values that are no numbers"):
        column([f"run-{i}" for i in range(100)])
    with pytest.raises(ValueError, match="expected a table with rows"):
        import_history([], {"y": "minimize"}, study_name="none")


def test_what_was_imported_helps_a_new_study() -> None:
    rows = [{"params.x": i / 20, "loss": (i / 20 - 0.3) ** 2} for i in range(21)]
    study = import_history(rows, {"loss": "minimize"}, study_name="past")
    new = optuna.create_study(sampler=MetaGPSampler([study], seed=0))
    trial = new.ask({"x": FloatDistribution(0, 1)})
    assert trial.params["x"] == pytest.approx(0.3, abs=0.1)


@pytest.mark.filterwarnings("error")
def test_several_metrics_are_objectives_with_names() -> None:
    rows = [{"params.x": i / 4, "metrics.a": i, "metrics.b": -i} for i in range(5)]
    study = import_history(
        rows, {"a": "minimize", "metrics.b": "maximize"}, study_name="two", params=["x"]
    )
    assert study.metric_names == ["a", "b"]
    assert [trial.values for trial in study.trials][1] == [1.0, -1.0]
