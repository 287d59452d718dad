"""``optuna-metabo prior``."""

from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest
from optuna.distributions import FloatDistribution, json_to_distribution

from optuna_metabo import TransferPrior
from tests.cli.conftest import Run, make_study


def test_a_prior_is_built_inspected_and_updated(url: str, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "team.prior"
    ended = run("prior", "build", "--storage", url, "--studies", "p*", "--out", path)
    assert (ended.code, ended.out) == (0, "")
    assert "1 study, 15 trials" in ended.err
    ended = run("prior", "inspect", path, "-f", "json")
    (record,) = json.loads(ended.out)
    assert (record["study"], record["trials"]) == ("past", 15)
    assert list(record["parameters"]) == ["x"]
    told = json_to_distribution(json.dumps(record["parameters"]["x"]))
    assert isinstance(told, FloatDistribution)
    ended = run("prior", "update", "--storage", url, "--studies", "p*", "-o", path)
    assert "No study is new or has grown" in ended.err
    optuna.load_study(study_name="past", storage=url).set_user_attr("n_rows", 500)
    ended = run("prior", "update", "--storage", url, "--studies", "p*", "-o", path)
    assert "Read 1 study that is new or has grown: past." in ended.err
    ended = run("prior", "inspect", path, "-f", "json")
    assert json.loads(ended.out)[0]["attributes"] == {"n_rows": 500.0}
    make_study(url, "past-2", n_trials=4)
    optuna.load_study(study_name="past", storage=url).optimize(
        lambda trial: trial.suggest_float("x", 0, 1), n_trials=1
    )
    ended = run("--storage", url, "prior", "update", "--studies", "p*", "-o", path)
    assert "Read 2 studies that are new or have grown: past, past-2" in ended.err
    assert [one.n_finished for one in TransferPrior.load(path).studies] == [16, 4]


def test_a_table_has_parameters_in_words_and_json_as_optuna_writes_them(
    tmp_path: Path, run: Run
) -> None:
    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("C", 1e-3, 1e3, log=True)
        trial.suggest_float("dropout", 0.0, 0.5, step=0.1)
        trial.suggest_int("width", 16, 1234567, log=True)
        trial.suggest_int("depth", 1, 9)
        trial.suggest_int("batch", 32, 128, step=32)
        trial.suggest_categorical("kernel", ["rbf", None, True])
        return 0.1 * trial.number

    study, path = optuna.create_study(study_name="past"), tmp_path / "team.prior"
    study.optimize(objective, n_trials=4)
    TransferPrior.fit([study]).save(path)
    words = {
        "C": "float 0.001 to 1000, log",
        "batch": "int 32 to 128 by 32",
        "depth": "int 1 to 9",
        "dropout": "float 0 to 0.5 by 0.1",
        "kernel": "rbf, None, True",
        "width": "int 16 to 1234567, log",
    }
    (line,) = run("prior", "inspect", path).out.splitlines()[2:]
    assert all(f"{name}: {one}" in line for name, one in words.items())
    (record,) = json.loads(run("prior", "inspect", path, "-f", "json").out)
    found = {
        name: json_to_distribution(json.dumps(one)) for name, one in record["parameters"].items()
    }
    assert found == study.trials[0].distributions


def test_a_range_that_was_changed_is_told_as_it_was_and_not_rounded(
    tmp_path: Path, run: Run
) -> None:
    def objective(trial: optuna.Trial) -> float:
        ends = (1e-5, 1e-1) if trial.number < 3 else (1e-8, 1.0)
        return trial.suggest_float("lr", *ends, log=True)

    study, path = optuna.create_study(study_name="past"), tmp_path / "team.prior"
    study.optimize(objective, n_trials=6)
    TransferPrior.fit([study]).save(path)
    assert "  lr: float 1e-08 to 1, log  " in run("prior", "inspect", path).out


def test_however_many_studies_are_read_and_whatever_their_names_one_line_tells(
    url: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "team.prior"
    assert run("prior", "build", "--storage", url, "--out", path).code == 0
    for i in range(9):
        make_study(url, f"two\nlines {i} " + "n" * 200, n_trials=3)
    optuna.create_study(study_name="no\nvalue", storage=url)
    ended = run("prior", "update", "--storage", url, "-o", path)
    told, _, left_out = ended.err.splitlines()
    assert told.startswith("Read 9 studies that are new or have grown: two lines 0 …nnn")
    assert told.endswith(" more.")
    assert len(told) < 160
    assert left_out == "left out: no value (has no completed trials)"


def test_a_table_has_long_names_cut_and_told_apart_and_json_has_them_whole(
    tmp_path: Path, run: Run
) -> None:
    names = [f"{'n' * 150}{i}{'m' * 150}" for i in range(2)]
    path = tmp_path / "team.prior"
    TransferPrior.fit([make_study("sqlite://", name, n_trials=4) for name in names]).save(path)
    table = run("prior", "inspect", path).out.splitlines()[2:]
    cut = [line.split("  ")[0] for line in table]
    assert cut[0].startswith("nnn")
    assert cut[0].endswith("mmm")
    assert len(cut[0]) == 40
    assert cut[1] == f"{cut[0]} (2)"
    records = json.loads(run("prior", "inspect", path, "-f", "json").out)
    assert [one["study"] for one in records] == names
    values = run("prior", "inspect", path, "-f", "value").out.splitlines()
    assert [line.split("\t")[0] for line in values] == names


def test_studies_that_are_asked_for_several_times_are_taken_together(
    url: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "team.prior"
    make_study(url, "other", n_trials=4)
    asked = ("--studies", "n*", "--studies", "past", "--studies", "*w")
    assert run("prior", "build", "--storage", url, *asked, "--out", path).code == 0
    assert [one.name for one in TransferPrior.load(path).studies] == ["past", "new"]
    asked = ("--studies", "past", "--studies", "o*")
    assert run("prior", "update", "--storage", url, *asked, "--out", path).code == 0
    names = [one.name for one in TransferPrior.load(path).studies]
    assert names == ["past", "new", "other"]
    ended = run("prior", "update", "--storage", url, *asked, "--studies", "zz*", "--out", path)
    assert (ended.code, ended.err.count("\n"), "'zz*' matches no" in ended.err) == (1, 1, True)


@pytest.mark.parametrize("studies", ["zz*", "[zx]*", "zz"])
def test_what_matches_no_study_is_one_line_and_leaves_the_file(
    studies: str, url: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "team.prior"
    assert run("prior", "build", "--storage", url, "--out", path).code == 0
    before = path.read_bytes()
    for arguments in (["update"], ["build", "--force"]):
        ended = run("prior", *arguments, "--storage", url, "--studies", studies, "-o", path)
        assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
        assert repr(studies) in ended.err
        assert path.read_bytes() == before


def test_a_storage_without_a_study_updates_nothing(url: str, tmp_path: Path, run: Run) -> None:
    path, empty = tmp_path / "team.prior", f"sqlite:///{tmp_path}/empty.db"
    assert run("prior", "build", "--storage", url, "--out", path).code == 0
    optuna.storages.RDBStorage(empty).engine.dispose()
    ended = run("prior", "update", "--storage", empty, "-o", path)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "'*' matches no study of the storage, which has none" in ended.err


def test_a_study_whose_name_is_a_pattern_is_that_study(url: str, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "team.prior"
    make_study(url, "[odd]", n_trials=4)
    assert run("prior", "build", "--storage", url, "--studies", "[odd]", "-o", path).code == 0
    assert [one.name for one in TransferPrior.load(path).studies] == ["[odd]"]
    ended = run("prior", "update", "--storage", url, "--studies", "[odd]", "-o", path)
    assert (ended.code, ended.err) == (0, "No study is new or has grown.\n")


def test_the_storage_that_is_read_is_never_replaced(url: str, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "studies.db"
    before = path.read_bytes()
    told = f"{path} is the storage"
    for arguments in (["--storage", url, "prior", "build"], ["prior", "build", "--storage", url]):
        ended = run(*arguments, "--out", path, "--force")
        assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
        assert told in ended.err
    page = tmp_path / "linked.html"
    page.symlink_to(path)
    asked = ("--storage", url, "--study-name", "new", "--out", page, "--force")
    assert f"{page} is the storage" in run("plot", *asked).err
    assert path.read_bytes() == before


def test_nothing_is_replaced_unasked_and_errors_are_one_line(
    url: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "team.prior"
    path.write_bytes(b"something else")
    build = ["prior", "build", "--storage", url, "--out", path]
    assert "exists" in run(*build).err
    for arguments in (["inspect", path], ["update", "-o", path, "--storage", url]):
        ended = run("prior", *arguments)
        assert (ended.code, ended.err.count("\n")) == (1, 1)
        assert "cannot be read" in ended.err
    ended = run(*build, "--force")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert f"{path} is not of this command's making" in ended.err
    assert path.read_bytes() == b"something else"
    path.write_bytes(b"")
    assert run(*build, "--force").code == 0
    assert run(*build, "--force").code == 0
    ended = run(*build, "--force", "--studies", "typo-*")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert len(TransferPrior.load(path).studies) == 2
