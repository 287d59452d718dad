"""Trials that Optuna has not made, from a table."""

from __future__ import annotations

import csv
import datetime
import enum
import math
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from optuna_metabo import MetaGPSampler, import_history
from tests.histories import MINIMIZE_Y, csv_file, space

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


@pytest.fixture
def mlflow(tmp_path: Path) -> Path:
    return csv_file(tmp_path, MLFLOW)


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
    with pytest.raises(
        ValueError,
        match=r"which columns are parameters .* --param .*the table has 'Name', .*, 'accuracy'$",
    ):
        import_history(path, {"loss": "minimize"}, study_name="w")
    with pytest.raises(ValueError, match=r"which columns .*the table has no other$"):
        import_history([{"loss": 1}], {"loss": "minimize"}, study_name="w")
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


def test_names_of_several_levels_in_a_data_frame_are_those_of_the_flat_one() -> None:
    study = optuna.create_study(
        directions=["minimize", "maximize"], sampler=optuna.samplers.RandomSampler(seed=0)
    )
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), trial.number), n_trials=3)
    metrics = {"0": "minimize", "values_1": "maximize"}
    for frame in (study.trials_dataframe(multi_index=True), study.trials_dataframe()):
        found = import_history(frame, metrics, study_name="copy")
        assert [one.params for one in found.trials] == [one.params for one in study.trials]
        assert [one.values for one in found.trials] == [one.values for one in study.trials]


def test_columns_that_are_numbers_are_called_by_their_texts() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({0: [0.25, 0.5], 1: [2.0, 1.0]})
    study = import_history(frame, {"1": "minimize"}, study_name="frame", params=["0"])
    assert study.best_params == {"0": 0.5}
    with pytest.raises(TypeError, match=r"params expects .* or \['0'\] where .*, got \[0\]$"):
        import_history(frame, {"1": "minimize"}, study_name="frame", params=[0])
    with pytest.raises(TypeError, match=r"metrics expects .* as texts, .*, got \{1: 'min"):
        import_history(frame, {1: "minimize"}, study_name="frame", params=["0"])


class OtherFrame:
    """A data frame as polars has it."""

    def to_dict(self, *, as_series: bool = True) -> dict[str, Any]:
        return {}


def test_what_is_like_a_data_frame_of_pandas_and_is_none_is_named() -> None:
    pandas = pytest.importorskip("pandas")
    tables: list[Any] = [pandas.Series([1, 2]), OtherFrame()]
    for table in tables:
        says = rf"table expects .*, got a {type(table).__name__}: .* to_frame\(\) .* to_pandas\(\)"
        with pytest.raises(TypeError, match=says):
            import_history(table, MINIMIZE_Y, study_name="runs")


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


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"metrics": "y"}, TypeError, r"metrics expects .*\{'y': 'maximize'\}, got 'y'"),
        ({"metrics": ["y"]}, TypeError, r"metrics expects .*, got \['y'\]"),
        ({"metrics": {}}, ValueError, r"metrics expects .* one at least"),
        ({"params": "x"}, TypeError, r"params expects .*\['lr'\].*, got 'x'"),
        ({"table": {"x": [1, 2], "y": [3, 4]}}, TypeError, r"table .* one mapping .*DataFrame"),
        ({"table": [{"x": 1, "y": 2}, "x"]}, TypeError, "table .* row 2 is 'x'"),
        ({"table": 3}, TypeError, "table expects .*, got 3"),
        ({"params": 5}, TypeError, "params expects names of columns .*, got 5$"),
        ({"params": [None]}, TypeError, r"params expects .* as texts, .*, got \[None\]$"),
        ({"distributions": ["x"]}, TypeError, r"distributions expects .*, got \['x'\]$"),
        ({"distributions": "log"}, TypeError, r"distributions expects .*, got 'log'$"),
        ({"storage": 5}, TypeError, "storage expects a URL or one of Optuna's .*, got 5$"),
        ({"study_name": 5}, TypeError, "study_name expects a text, got 5$"),
        ({"study_name": None}, TypeError, "study_name expects a text, got None$"),
    ],
)
def test_what_is_no_argument_is_named_with_what_was_expected(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    given: dict[str, Any] = {"table": [{"x": 1, "y": 2}], "metrics": MINIMIZE_Y, "params": ["x"]}
    with pytest.raises(error, match=message):
        import_history(**{"study_name": "runs", **given, **arguments})


def test_parameters_may_be_any_iterable_of_names() -> None:
    table = [{"x": 1, "y": 2}]
    for params in (iter(["x"]), {"x"}, {"x": None}, np.array(["x"])):
        given: dict[str, Any] = {"params": params}
        assert import_history(table, MINIMIZE_Y, study_name="runs", **given).best_params == {
            "x": 1
        }


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


@pytest.mark.parametrize(
    "text",
    [
        "params.x,y\n1,2\n0,1,0,9\n",
        "params.x,y\n1,2\n\n0,1,\n",
        "params.x,y\n1,2\nred, or blue,3\n",
    ],
)
def test_a_row_with_more_cells_than_the_head_is_named(text: str, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"row 2 of '.*runs.csv': expected no .* 2, got .*decimal comma"
    ):
        import_history(csv_file(tmp_path, text), MINIMIZE_Y, study_name="runs")


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_a_file_whose_cells_have_no_commas_between_them_is_asked_about(
    sign: str, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, f"params.x{sign}y\n0,1{sign}2,5\n")
    with pytest.raises(ValueError, match=r"the head of '.*runs.csv' is one column") as raised:
        import_history(path, MINIMIZE_Y, study_name="runs")
    told = f"{f'params.x{sign}y'!r}: is the file separated by {sign!r}? expected commas"
    assert str(raised.value).endswith(told)


def test_blanks_around_the_names_of_a_file_are_no_part_of_them(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "lr , n, y, \n 0.1 , 3, 2,7\n 0.2 ,4 ,1,\n")
    study = import_history(path, MINIMIZE_Y, study_name="runs", params=["lr", "n"])
    assert study.best_params == {"lr": 0.2, "n": 4}
    path = csv_file(tmp_path, "params.x,y, y\n1,2,3\n")
    with pytest.raises(ValueError, match="the table has 2 columns 'y': expected one"):
        import_history(path, MINIMIZE_Y, study_name="runs")


def test_a_quote_that_is_left_open_does_not_swallow_the_rows_below_it(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'params.x,y\n1,2\n"2,3\n3,4\n')
    with pytest.raises(ValueError, match=r"a CSV file, got '.*runs.csv': .*quote"):
        import_history(path, MINIMIZE_Y, study_name="runs")


def test_cells_that_a_short_row_lacks_are_missing_and_blank_lines_are_no_rows(
    tmp_path: Path,
) -> None:
    path = csv_file(tmp_path, "\ny,params.x,params.z\n1,2,3\n\n2,1\n3\n")
    study = import_history(path, MINIMIZE_Y, study_name="runs")
    assert [trial.params for trial in study.trials] == [{"x": 2, "z": 3}, {"x": 1}, {}]


@pytest.mark.parametrize("blank", ["   ", ",", " , ", ",,,", "\t"])
def test_a_line_without_any_cell_is_no_run(blank: str, tmp_path: Path) -> None:
    path = csv_file(tmp_path, f"{blank}\nparams.x,y\n1,2\n{blank}\n2,3\n{blank}\n")
    study = import_history(path, MINIMIZE_Y, study_name="runs")
    assert [trial.params for trial in study.trials] == [{"x": 1}, {"x": 2}]


def test_the_line_in_which_excel_names_the_comma_is_no_head(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "sep=,\r\nparams.x,y\r\n1,2\r\n")
    assert import_history(path, MINIMIZE_Y, study_name="runs").best_params == {"x": 1}
    path = csv_file(tmp_path, "sep=;\nparams.x;y\n1;2\n")
    with pytest.raises(ValueError, match=r"is the file separated by ';'\? expected commas"):
        import_history(path, MINIMIZE_Y, study_name="runs")


def test_a_column_that_is_not_used_may_have_cells_of_any_length(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    path = csv_file(tmp_path, f"params.x,log,y\n1,{'a' * (limit + 1)},2\n")
    assert import_history(path, MINIMIZE_Y, study_name="runs").best_params == {"x": 1}
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("word", ["none", "nil", "Null", "na", "n.a."])
def test_other_words_for_nothing_are_choices(word: str) -> None:
    rows = [{"params.k": word, "y": 1}, {"params.k": "a", "y": 2}]
    assert import_history(rows, MINIMIZE_Y, study_name="runs").best_params == {"k": word}


@pytest.mark.parametrize("text", ["", "\n\n", "params.x,y\n"])
def test_a_file_without_rows_is_named(text: str, tmp_path: Path) -> None:
    path = csv_file(tmp_path, text)
    with pytest.raises(ValueError, match=r"expected a table with rows, got none in '.*runs.csv'$"):
        import_history(path, MINIMIZE_Y, study_name="runs")


def test_a_table_without_rows_is_no_table() -> None:
    pandas = pytest.importorskip("pandas")
    tables: list[Any] = [[], pandas.DataFrame({"x": [], "y": []})]
    for table in tables:
        with pytest.raises(ValueError, match=r"expected a table with rows, got none$"):
            import_history(table, MINIMIZE_Y, study_name="none")


@pytest.mark.parametrize("twice", ["y", "params.x", "State"])
def test_two_columns_of_one_name_cannot_be_used(twice: str, tmp_path: Path) -> None:
    path = csv_file(tmp_path, f"params.x,y,State,{twice}\n1,2,finished,finished\n")
    with pytest.raises(ValueError, match=f"the table has 2 columns '{twice}': expected one"):
        import_history(path, MINIMIZE_Y, study_name="runs")


def test_two_columns_of_one_name_that_are_not_used_are_left_alone(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "params.x,epoch,y,epoch\n1,2,3,4\n")
    assert import_history(path, MINIMIZE_Y, study_name="runs").best_params == {"x": 1}


@pytest.mark.filterwarnings("error")
def test_two_columns_of_one_name_in_a_data_frame_cannot_be_used() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[1, 2, 3, 4]], columns=["params.x", "y", "z", "z"])
    with pytest.raises(ValueError, match="the table has 2 columns 'z': expected one"):
        import_history(frame, {"z": "minimize"}, study_name="frame")
    assert import_history(frame, MINIMIZE_Y, study_name="frame").best_value == 2


@pytest.mark.parametrize("name", ["State", "state", "status"])
@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("running", None),
        ("RUNNING", None),
        ("SCHEDULED", None),
        ("pending", None),
        ("preempting", None),
        ("WAITING", None),
        ("finished", TrialState.COMPLETE),
        ("FINISHED", TrialState.COMPLETE),
        ("COMPLETE", TrialState.COMPLETE),
        (TrialState.COMPLETE, TrialState.COMPLETE),
        (TrialState.RUNNING, None),
        ("", TrialState.COMPLETE),
        ("crashed", TrialState.FAIL),
        ("failed", TrialState.FAIL),
        ("FAILED", TrialState.FAIL),
        ("KILLED", TrialState.FAIL),
        ("FAIL", TrialState.FAIL),
    ],
)
def test_a_run_is_what_its_state_says_even_if_it_has_a_value(
    name: str, written: Any, state: TrialState | None
) -> None:
    rows = [
        {"params.x": 1, "y": 1.0, name: "finished"},
        {"params.x": 2, "params.z": 3, "y": 0.0, name: written},
    ]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    ended = [TrialState.COMPLETE, *([] if state is None else [state])]
    assert [trial.state for trial in study.trials] == ended
    assert ("z" in space(study)) == (state is not None)


def test_a_value_of_a_run_that_failed_may_be_anything() -> None:
    rows = [{"params.x": 1, "y": 1.0, "state": "FAIL"}, {"params.x": 2, "y": "?", "state": "FAIL"}]
    assert len(import_history(rows, MINIMIZE_Y, study_name="runs").trials) == 2


def test_a_pruned_run_without_a_value_is_pruned() -> None:
    rows = [{"params.x": 1, "y": 1.0, "state": "COMPLETE"}, {"params.x": 2, "state": "PRUNED"}]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.PRUNED]


def test_a_column_with_other_words_than_states_says_nothing_of_the_runs_which_is_told(
    log: list[tuple[str, str]],
) -> None:
    rows = [{"params.x": 1, "y": 1, "State": "running"}, {"params.x": 2, "y": 1, "State": " Ohio"}]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 2
    [told] = [text for level, text in log if level == "WARNING"]
    assert told == (
        "'State' has 'Ohio', so that it is not read as how runs ended: those with a value count "
        "as completed"
    )
    log.clear()
    import_history(rows, MINIMIZE_Y, study_name="runs", params=["params.x", "State"])
    assert not [text for level, text in log if level == "WARNING"]


def test_a_parameter_is_no_state() -> None:
    rows = [{"state": "running", "y": 1}, {"state": "finished", "y": 2}]
    study = import_history(rows, MINIMIZE_Y, study_name="runs", params=["state"])
    assert study.best_params == {"state": "running"}


def test_a_table_of_which_no_run_has_ended_is_named() -> None:
    rows = [{"params.x": 1, "y": 1, "status": "RUNNING"}]
    with pytest.raises(ValueError, match="no run of the table has ended, by its column 'status'"):
        import_history(rows, MINIMIZE_Y, study_name="runs")


def test_rows_are_numbered_as_in_the_table() -> None:
    rows = [
        {"params.x": 1, "y": 1, "state": "RUNNING"},
        {"params.x": 1, "y": "?", "state": "COMPLETE"},
    ]
    with pytest.raises(ValueError, match="row 2, 'y': expected a number"):
        import_history(rows, MINIMIZE_Y, study_name="runs")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (np.arange(2), r"expected one value, got array\(\[0, 1\]\)"),
        (10**400, "expected a number that a float can hold, got an integer"),
        (10**5000, "expected a number that a float can hold"),
        ("1" + "0" * 400, "expected a number that a float can hold"),
    ],
    ids=["array", "integer", "longer than a text may be", "text"],
)
def test_a_cell_that_is_no_value_matters_only_where_its_column_is_used(
    cell: Any, message: str
) -> None:
    rows = [{"params.x": 1, "y": 0, "z": 1}, {"params.x": 2, "y": 1, "z": cell}]
    assert len(import_history(rows, MINIMIZE_Y, study_name="runs").trials) == 2
    with pytest.raises(ValueError, match=f"row 2, 'z': {message}"):
        import_history(rows, {"z": "minimize"}, study_name="runs")
    with pytest.raises(ValueError, match=f"row 2, 'z': {message}"):
        import_history(rows, MINIMIZE_Y, study_name="runs", params=["z"])


@pytest.mark.parametrize("cell", [np.float32(0.5), np.array([0.5]), np.array(0.5)])
def test_one_number_of_numpy_is_a_number(cell: Any) -> None:
    rows = [{"params.x": cell, "y": cell}]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    assert (study.best_params, study.best_value) == ({"x": 0.5}, 0.5)


def test_decimals_of_a_database_are_the_floats_that_they_stand_for(tmp_path: Path) -> None:
    names = ("params.x", "params.n", "params.k", "y")

    def table(kind: type[Any]) -> list[dict[str, Any]]:
        """Numbers of a kind, some of them missing, and a name."""
        lines = [("0.1", "3", "16.0", 0), ("0.001", "4", "auto", 1), ("nan", "5", "2.5", "nan")]
        written = [[one if one == "auto" else kind(one) for one in line] for line in lines]
        return [dict(zip(names, line, strict=True)) for line in written]

    url = f"sqlite:///{tmp_path}/studies.db"
    found = import_history(table(Decimal), MINIMIZE_Y, study_name="decimals", storage=url)
    floats = import_history(table(float), MINIMIZE_Y, study_name="floats")
    assert space(found) == space(floats)
    assert space(found)["x"] == FloatDistribution(0.001, 0.1, log=True)
    for one, other in zip(found.trials, floats.trials, strict=True):
        assert (one.params, one.values, one.state) == (other.params, other.values, other.state)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "NA", "<NA>", "nan", "NaN", "NAN", "-nan", "-NaN", "N/A", "n/a", "#N/A", "#NA"),
        *("#N/A N/A", "NULL", "null", " null ", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    ],
)
def test_texts_for_a_missing_value_are_missing(text: str) -> None:
    rows = [{"params.x": 1, "y": 1}, {"params.x": text, "y": text}]
    _, trial = import_history(rows, MINIMIZE_Y, study_name="runs").trials
    assert (trial.params, trial.state) == ({}, TrialState.FAIL)
    rows = [{"params.x": "a", "y": 1}, {"params.x": text, "y": 2}]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    assert [one.params for one in study.trials] == [{"x": "a"}, {}]


def test_what_pandas_has_for_a_missing_value_is_missing() -> None:
    pandas = pytest.importorskip("pandas")
    rows = [
        {"params.x": 1, "params.z": pandas.NaT, "y": 1},
        {"params.x": pandas.NA, "params.z": 2, "y": np.float32("nan")},
    ]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    assert [trial.params for trial in study.trials] == [{"x": 1}, {"z": 2}]
    assert study.trials[1].state == TrialState.FAIL


def test_a_key_that_a_row_lacks_is_no_none() -> None:
    rows = [{"params.x": None, "y": 0}, {"y": 1}, {"params.x": "a", "y": 2}]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    assert [trial.params for trial in study.trials] == [{"x": None}, {}, {"x": "a"}]


def test_a_value_that_is_none_is_that_of_a_failed_trial_and_an_empty_cell_is_no_none() -> None:
    pandas = pytest.importorskip("pandas")
    rows = [{"params.x": None, "y": 0, "state": None}, {"params.x": "a", "y": None}]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    assert [one.state for one in study.trials] == [TrialState.COMPLETE, TrialState.FAIL]
    frame = pandas.DataFrame({"params.x": [None, "a"], "y": [0, 1]}, dtype=object)
    study = import_history(frame, MINIMIZE_Y, study_name="frame")
    assert [one.params for one in study.trials] == [{}, {"x": "a"}]
    with pytest.raises(ValueError, match="no row has a value in a column 'y'"):
        import_history([{"params.x": 1, "y": None}], MINIMIZE_Y, study_name="none")


@pytest.mark.parametrize("names", [["acc", "metrics.acc"], ["metrics.acc", "acc"]])
def test_a_column_is_not_two_metrics(names: list[str], mlflow: Path) -> None:
    metrics = dict.fromkeys(names, "maximize")
    with pytest.raises(ValueError, match=r"'acc'.* are one metric"):
        import_history(mlflow, metrics, study_name="runs")


def test_the_named_value_of_a_data_frame_of_optuna_is_found_by_its_name() -> None:
    pytest.importorskip("pandas")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names(["loss"])
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    found = import_history(study.trials_dataframe(), {"loss": "minimize"}, study_name="copy")
    assert [one.value for one in found.trials] == [one.value for one in study.trials]


def test_another_value_is_not_taken_for_the_metric() -> None:
    rows = [{"lr": 0.1, "value_loss": 0.3, "policy_loss": 0.2}]  # of reinforcement learning
    with pytest.raises(ValueError, match="no row has a value in a column 'loss'"):
        import_history(rows, {"loss": "minimize"}, study_name="runs", params=["lr"])


def test_the_name_of_a_study_that_exists_is_named(mlflow: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    given: dict[str, Any] = {"study_name": "runs", "storage": storage}
    import_history(mlflow, {"acc": "maximize"}, **given)
    says = "the storage has a study named 'runs' already: .* optuna delete-study"
    with pytest.raises(optuna.exceptions.DuplicatedStudyError, match=says):
        import_history(mlflow, {"acc": "maximize"}, **given)


class Gear(enum.Enum):
    LOW = 1


@pytest.mark.parametrize(
    "choice",
    [datetime.date(2020, 1, 1), np.datetime64("2020-01-01"), b"a", Gear.LOW, {1}, [math.nan], 1j],
)
@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
def test_a_choice_that_a_storage_cannot_keep_is_named_before_a_study_is_made(
    choice: Any, tmp_path: Path
) -> None:
    rows = [{"params.x": choice, "y": 1}, {"params.x": "b", "y": 2}]
    given: dict[str, Any] = {"storage": f"sqlite:///{tmp_path}/studies.db", "study_name": "runs"}
    says = r"'x' has the choice .*, which a storage cannot keep: expected None, a bool, a number"
    kinds: list[dict[str, Any]] = [{}, {"x": CategoricalDistribution((choice, "b"))}]
    for kind in kinds:
        with pytest.raises(ValueError, match=says):
            import_history(rows, MINIMIZE_Y, distributions=kind, **given)
    assert not (tmp_path / "studies.db").exists()
    assert import_history(rows, MINIMIZE_Y, study_name="runs").trials[1].params == {"x": "b"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ([(1, 2), [3]], [[1, 2], [3]]),
        ([(1, 2), [1, 2], (3, (4,))], [[1, 2], [1, 2], [3, [4]]]),
        ([{1: 2}, {3: (4,)}], [{"1": 2}, {"3": [4]}]),
        ([[np.int64(1)], "a"], [[1], "a"]),
    ],
)
@pytest.mark.parametrize("is_given", [False, True])
@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
def test_choices_are_those_that_a_storage_gives_back(
    written: list[Any], kept: list[Any], is_given: bool, tmp_path: Path
) -> None:
    rows = [{"params.x": value, "y": i} for i, value in enumerate(written)]
    url = f"sqlite:///{tmp_path}/studies.db"
    kinds: dict[str, Any] = {"x": CategoricalDistribution(written)} if is_given else {}
    import_history(rows, MINIMIZE_Y, study_name="runs", storage=url, distributions=kinds)
    study = optuna.load_study(study_name="runs", storage=url)
    assert [trial.params["x"] for trial in study.trials] == kept
    (found,) = space(study).values()
    assert isinstance(found, CategoricalDistribution)
    assert len(found.choices) == len({repr(one) for one in kept})


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("metrics", [{"y": "minimize"}, {"y": "minimize", "z": "minimize"}])
def test_a_study_to_which_a_trial_cannot_be_added_is_not_left_behind(
    metrics: dict[str, str],
    error: type[BaseException],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def add_trial(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if study.get_trials(deepcopy=False):
            raise error("gone away")
        add(study, trial)

    add, rows = optuna.Study.add_trial, [{"params.x": i, "y": i, "z": i} for i in range(3)]
    url = f"sqlite:///{tmp_path}/studies.db"
    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "add_trial", add_trial)
        for storage in (url, None):
            with pytest.raises(error, match="gone away"):
                import_history(rows, metrics, study_name="runs", storage=storage)
    assert optuna.get_all_study_names(url) == []
    assert len(import_history(rows, metrics, study_name="runs", storage=url).trials) == 3


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


def test_a_row_that_lacks_one_of_several_metrics_is_a_failed_trial() -> None:
    rows = [{"params.x": 0, "a": 1, "b": 2}, {"params.x": 1, "a": 1}, {"params.x": 2, "b": None}]
    study = import_history(rows, {"a": "minimize", "b": "maximize"}, study_name="two")
    states = [TrialState.COMPLETE, TrialState.FAIL, TrialState.FAIL]
    assert [trial.state for trial in study.trials] == states


def test_a_single_metric_has_no_name_so_that_it_is_that_of_any_single_one() -> None:
    study = import_history([{"params.x": 0, "loss": 1}], {"loss": "minimize"}, study_name="one")
    assert study.metric_names is None


AS_READ = ": numbers are read as -1000.5, without %, spaces or commas"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["0,1", "0,01"], f", because of '0,1', '0,01'{AS_READ}"),
        (["10%", "20%", None], f", because of '10%', '20%'{AS_READ}"),
        (["1,000", "auto"], ""),
        (["64,64", "128,64,32"], ""),
        ([0.1, "auto", 2], ", because of 'auto'"),
        ([0.1, "auto", 2, "0,5", 3], ", because of 'auto', '0,5'"),
    ],
)
def test_numbers_that_are_written_otherwise_are_choices_and_that_is_told(
    values: list[Any], told: str, log: list[tuple[str, str]]
) -> None:
    rows = [{"params.lr": value, "y": 1} for value in values]
    study = import_history(rows, MINIMIZE_Y, study_name="runs")
    assert [one.params["lr"] for one in study.trials] == values
    assert log[0][1].partition("))")[0] + "))" in log[0][1]
    assert log[0][1].partition("))")[2] == told


def test_what_makes_choices_of_numbers_is_told_beside_them(log: list[tuple[str, str]]) -> None:
    rows = [
        {"params.lr": lr, "params.k": k, "y": 1} for lr, k in ((0.1, 1), ("1_000", "a"), (-1, 2))
    ]
    for given, told in (({}, f", because of '1_000'{AS_READ}"), ({"lr": "categorical"}, "")):
        log.clear()
        import_history(rows, MINIMIZE_Y, study_name="runs", distributions=given)
        assert log[0][1].endswith(f"choices=(0.1, -1, '1_000')){told}")
