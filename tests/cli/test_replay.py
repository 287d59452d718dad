from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import create_trial

from tests.cli.conftest import Run, make_study

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
QUICK = (
    "--sampler",
    "metagp",
    "--sampler",
    "metagp-cold",
    "--seeds",
    1,
    "--trials",
    3,
    "--jobs",
    1,
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/studies.db"
    for i in range(3):
        make_study(url, f"past-{i}", n_trials=6, optimum=0.3 + 0.1 * i)
    return url


def test_a_table_is_printed_and_a_report_written(url: str, tmp_path: Path, run: Run) -> None:
    before = (tmp_path / "studies.db").read_bytes()
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0].startswith("sampler")
    assert {line.split()[0] for line in ended.out.splitlines()[1:]} == {
        "owner", "random", "metagp", "metagp-cold",
    }  # fmt: skip
    assert "3 of 3 studies can be replayed." in ended.err
    assert "6 of 6 runs" in ended.err
    assert {one.name for one in (tmp_path / "out").iterdir()} == {
        "report.html", "replay.svg", "runs",
    }  # fmt: skip
    assert (tmp_path / "studies.db").read_bytes() == before


def test_called_again_it_goes_on_where_it_stopped(url: str, tmp_path: Path, run: Run) -> None:
    arguments = ("replay", "--storage", url, "--out", tmp_path / "out", *QUICK)
    first = run(*arguments)
    again = run(*arguments)
    assert again.out == first.out
    assert "0 of 6 runs" in first.err
    assert "0 of 6 runs" not in again.err


def test_a_run_that_was_cut_is_made_anew_and_named(
    url: str, tmp_path: Path, run: Run, log: list[tuple[str, str]]
) -> None:
    arguments = ("replay", "--storage", url, "--out", tmp_path / "out", *QUICK)
    first = run(*arguments)
    cut = sorted((tmp_path / "out" / "runs").iterdir())[0]
    cut.write_bytes(cut.read_bytes()[:20])
    again = run(*arguments)
    assert (again.code, again.out) == (0, first.out)
    assert "5 of 6 runs" in again.err
    [(level, line)] = log
    assert level == "WARNING"
    assert str(cut) in line


def test_json_is_json_where_values_are_the_largest_floats(tmp_path: Path, run: Run) -> None:
    url, space = f"sqlite:///{tmp_path}/large.db", {"x": FloatDistribution(0, 1)}
    for name in ("a", "b"):
        study = optuna.create_study(study_name=name, storage=url)
        for i, value in enumerate([sys.float_info.max] * 3 + [-sys.float_info.max, 1.0]):
            study.add_trial(create_trial(params={"x": i / 5}, distributions=space, value=value))
    out = tmp_path / "out"
    ended = run("replay", "--storage", url, "--out", out, *QUICK, "--format", "json")
    assert ended.code == 0, ended.err
    assert not {"NaN", "Infinity"} & set(re.findall(r"\w+", ended.out))
    assert json.loads(ended.out)["summary"]["owner"]["regret_at"] == {
        "1": 1.0, "3": 1.0, "5": None, "10": None, "20": None,
    }  # fmt: skip


def test_a_name_of_two_lines_is_told_on_one(tmp_path: Path, run: Run) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    for name in ("first\nsecond", "third\r\nfourth"):
        make_study(url, name, n_trials=4)
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK)
    assert ended.code == 0, ended.err
    told = [line for line in ended.err.splitlines() if " runs" in line]
    assert {line.partition(": ")[2] for line in told} == {
        "", *[f"{name}, {one}" for name in ("first second", "third fourth")
              for one in ("metagp", "metagp-cold")],
    }  # fmt: skip
    assert not any(line.startswith(("second", "fourth")) for line in ended.err.splitlines())


def test_json_has_every_run(url: str, tmp_path: Path, run: Run) -> None:
    options = ("--studies", "past-[01]", "--targets", "*-1", "--format", "json")
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK, *options)
    found = json.loads(ended.out)
    assert [study["name"] for study in found["studies"]] == ["past-1"]
    assert found["studies"][0]["sources"] == ["past-0"]
    assert len(found["studies"][0]["samplers"]["metagp"]["orders"]) == 1


def test_chronologically_what_was_run_and_what_is_said_are_one(
    url: str, tmp_path: Path, run: Run
) -> None:
    options = ("--targets", "past-1", "--chronological", "--format", "json")
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK, *options)
    found = json.loads(ended.out)
    assert found["studies"][0]["sources"] == ["past-0"]
    assert found["plan"]["chronological"] is True
    report = " ".join((tmp_path / "out" / "report.html").read_text().split())
    assert "with those that had ended before it as its past" in report


def test_a_journal_is_replayed(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "studies.log"
    storage = JournalStorage(JournalFileBackend(str(path)))
    for name in ("a", "b"):
        study = optuna.create_study(study_name=name, storage=storage)
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4)
    before = path.read_bytes()
    ended = run("replay", "--storage", path, "--out", tmp_path / "out", *QUICK)
    assert ended.code == 0, ended.err
    assert path.read_bytes() == before


def test_what_cannot_be_replayed_is_one_kind_line(tmp_path: Path, run: Run) -> None:
    url = f"sqlite:///{tmp_path}/one.db"
    make_study(url, "only", n_trials=3)
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK)
    assert (ended.code, ended.out) == (1, "")
    assert "replay needs two studies at least" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_an_unknown_sampler_is_named(url: str, tmp_path: Path, run: Run) -> None:
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", "--sampler", "nonsense")
    assert ended.code == 2
    assert "got 'nonsense'" in ended.err
