"""``optuna-metabo import``."""

from __future__ import annotations

import json
from pathlib import Path

import optuna

from optuna_metabo import TransferPrior
from optuna_metabo.arguments import without_password
from tests.cli.conftest import Run, make_study


def test_a_table_becomes_a_study_and_a_prior(tmp_path: Path, run: Run) -> None:
    table, url = tmp_path / "runs.csv", f"sqlite:///{tmp_path}/studies.db"
    table.write_text("params.lr,params.n,loss\n0.001,1,0.5\n0.1,3,0.4\n0.01,2,\n")
    said = ["import", table, "--metric", "loss", "minimize", "-f", "json"]
    ended = run(*said, "--as", "n", "categorical")
    assert ended.code == 0
    assert [one["distribution"]["name"] for one in json.loads(ended.out)] == [
        "FloatDistribution",
        "CategoricalDistribution",
    ]
    assert "runs: 3 trials, 1 of them failed" in ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs.csv"]
    assert run(*said, "--storage", url, "--out", tmp_path / "x.prior").code == 0
    assert len(optuna.load_study(study_name="runs", storage=url).trials) == 3
    assert TransferPrior.load(tmp_path / "x.prior").studies[0].n_finished == 3
    ended = run(*said, "--metric", "loss", "maximize")
    assert (ended.code, "--metric loss is given more than once" in ended.err) == (2, True)
    ended = run(*said, "--storage", url)
    assert (ended.code, ended.err.count("\n")) == (1, 1)


def test_what_no_parameter_is_called_is_named_with_the_option(tmp_path: Path, run: Run) -> None:
    table = tmp_path / "runs.csv"
    table.write_text("params.lr,loss\n0.001,0.5\n")
    ended = run("import", table, "--metric", "loss", "minimize", "--as", "loss", "log")
    assert (ended.code, ended.out) == (1, "")
    assert "--as has 'loss', which is none of ['lr']" in ended.err


def test_a_study_of_that_name_is_named_with_what_this_command_can_do(
    tmp_path: Path, run: Run
) -> None:
    table, url = tmp_path / "runs.csv", f"sqlite:///{tmp_path}/studies.db"
    table.write_text("params.lr,loss\n0.001,0.5\n")
    said = ["import", table, "--metric", "loss", "minimize", "--storage", url]
    assert run(*said).code == 0
    ended = run(*said)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "'runs'" in ended.err
    assert "choose another name" in ended.err
    assert "optuna delete-study" in ended.err
    assert "if-exists" not in ended.err
    assert "if_exists" not in ended.err


def test_a_storage_that_refuses_to_be_written_to_is_named(tmp_path: Path, run: Run) -> None:
    table, path = tmp_path / "runs.csv", tmp_path / "studies.db"
    table.write_text("params.lr,loss\n0.001,0.5\n")
    make_study(f"sqlite:///{path}", "past", n_trials=1)
    said = ["import", table, "--metric", "loss", "minimize", "--storage"]
    read_only = f"sqlite:///file:{path}?mode=ro&uri=true"
    ended = run(*said, read_only)
    told = f"--storage {without_password(read_only)}: attempt to write a readonly database"
    assert (ended.code, ended.out, ended.err) == (1, "", f"optuna-metabo: {told}\n")
    ended = run(*said, f"sqlite:///{tmp_path}/none/studies.db")
    assert f"--storage sqlite:///{tmp_path}/none/studies.db: unable to open" in ended.err


def test_what_makes_choices_of_numbers_is_told_unless_choices_were_asked_for(
    tmp_path: Path, run: Run
) -> None:
    table = tmp_path / "runs.csv"
    table.write_text("params.lr,loss\n0.1,1\n0.01,2\n1_000,3\n")
    said = ["import", table, "--metric", "loss", "minimize"]
    told = (
        "lr is categorical because of '1_000': numbers are read as -1000.5, without %, spaces or"
    )
    assert told in run(*said).err
    table.write_text('params.lr,loss\n"0,1",1\n"0,01",2\n')
    assert "lr is categorical because of '0,1', '0,01': numbers are read as" in run(*said).err
    assert "because" not in run(*said, "--as", "lr", "categorical").err


def test_words_that_are_no_states_are_told_in_one_line(
    tmp_path: Path, run: Run, log: list[tuple[str, str]]
) -> None:
    table = tmp_path / "runs.csv"
    table.write_text("params.lr,status,loss\n0.1,ok,1\n0.01,diverged,2\n0.02,ok,3\n")
    assert run("import", table, "--metric", "loss", "minimize").code == 0
    [(level, told)] = log
    assert (level, "'status' has 'ok', 'diverged', so that" in told) == ("WARNING", True)
