from __future__ import annotations

import html
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import create_trial

from optuna_metabo.replay import ORDERS, Target
from optuna_metabo.replay.orders import Order
from tests.cli.conftest import Run, break_studies, make_study

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


def test_with_the_log_of_optuna_no_study_is_said_to_be_made(
    url: str,
    tmp_path: Path,
    run: Run,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("optuna"), "propagate", True)
    ended = run("-v", "replay", "--storage", url, "--out", tmp_path / "out", *QUICK)
    assert ended.code == 0, ended.err
    assert [line for line in caplog.messages if "new study created" in line] == []


def test_what_past_studies_gain_is_told_of_every_sampler_that_has_them(
    url: str, tmp_path: Path, run: Run
) -> None:
    options = ("--sampler", "metagp-nearest", "--seeds", 1, "--trials", 3, "--jobs", 1)
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *options, "-f", "json")
    assert ended.code == 0, ended.err
    first, *_ = ended.err.splitlines()
    assert first == "Run too, to tell what past studies gain: metagp-cold-nearest."
    found = json.loads(ended.out)
    assert found["plan"]["samplers"] == ["metagp-cold-nearest", "metagp-nearest"]
    assert sum(found["summary"]["metagp-nearest"]["helped_level_harmed"]) == 3
    again = run("-q", "replay", "--storage", url, "--out", tmp_path / "out", *options)
    assert (again.code, again.err) == (0, "")


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


def test_a_long_name_is_cut_where_it_is_told_and_whole_in_json(tmp_path: Path, run: Run) -> None:
    url, names = f"sqlite:///{tmp_path}/studies.db", [one * 300 for one in "abc"]
    for name in names:
        make_study(url, name, n_trials=4 * (name != names[2]))
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK, "-f", "json")
    assert ended.code == 0, ended.err
    told = [line for line in ended.err.splitlines() if "runs" in line or "left out" in line]
    assert len(told) == 6
    assert max(map(len, told)) < 100
    assert told[-1].endswith("b, metagp-cold")
    assert [one["name"] for one in json.loads(ended.out)["studies"]] == names[:2]
    assert list(json.loads(ended.out)["left_out"]) == names[2:]


def test_json_has_every_run(url: str, tmp_path: Path, run: Run) -> None:
    options = ("--studies", "past-[01]", "--targets", "*-1", "--format", "json")
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK, *options)
    found = json.loads(ended.out)
    assert [study["name"] for study in found["studies"]] == ["past-1"]
    assert found["studies"][0]["sources"] == ["past-0"]
    assert len(found["studies"][0]["samplers"]["metagp"]["orders"]) == 1


def test_how_many_can_be_replayed_is_of_those_that_are_asked_for(
    url: str, tmp_path: Path, run: Run
) -> None:
    options = ("--targets", "past-[01]")
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK, *options)
    assert ended.err.splitlines()[0] == "2 of 2 studies can be replayed; 3 take part."


def test_a_storage_of_which_no_study_can_be_read_is_named(
    url: str, tmp_path: Path, run: Run
) -> None:
    break_studies(url)
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK)
    assert (ended.code, ended.out) == (1, "")
    assert f"--storage {url}: replay needs two studies at least" in ended.err
    assert "only 0 of 3 can be read: 'past-0' cannot be read: Unknown distribution" in ended.err


def test_names_that_are_given_several_times_are_taken_together(
    url: str, tmp_path: Path, run: Run
) -> None:
    asked = ("replay", "--storage", url, "--out", tmp_path / "out", *QUICK, "-f", "json")
    once = json.loads(run(*asked, "--studies", "past-[01]").out)
    twice = run(*asked, "--studies", "past-1", "--studies", "*-0", "--studies", "past-1")
    assert json.loads(twice.out) == once
    assert "0 of 4 runs" not in twice.err
    told = run(*asked, "--targets", "past-2", "--targets", "*-0").err.splitlines()[0]
    assert told == "2 of 2 studies can be replayed; 3 take part."


@pytest.mark.parametrize(("studies", "n"), [("zz*", 0), ("past-1", 1)])
def test_where_too_few_are_asked_for_the_option_is_named(
    studies: str, n: int, url: str, tmp_path: Path, run: Run
) -> None:
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", "--studies", studies)
    assert (ended.code, ended.out) == (1, "")
    [line] = ended.err.splitlines()
    assert line.startswith("optuna-metabo: --studies: replay needs two studies at least")
    assert f"'{studies}' matches {n} of the storage, which has 'past-0', 'past-1'" in line


@pytest.mark.parametrize("option", ["--studies", "--targets"])
def test_of_several_patterns_one_that_matches_nothing_is_refused_with_the_option(
    option: str, url: str, tmp_path: Path, run: Run
) -> None:
    asked = (option, "past-*", option, "zz*")
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *asked)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert ended.err.startswith(f"optuna-metabo: {option}: 'zz*' matches no study of ")


def test_a_target_that_does_not_take_part_is_named_with_the_option(
    url: str, tmp_path: Path, run: Run
) -> None:
    asked = ("--studies", "past-[01]", "--targets", "zz")
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *asked)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert ended.err.startswith("optuna-metabo: --targets: 'zz' matches no study of what takes")
    assert "which has 'past-0', 'past-1'" in ended.err


def test_a_file_in_the_place_of_the_directory_is_named_as_one(
    url: str, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "afile"
    out.touch()
    for path in (out, out / "deeper"):
        ended = run("replay", "--storage", url, "--out", path, *QUICK)
        assert (ended.code, ended.out) == (1, "")
        told = f"{path}/report.html cannot be written: {out} is a file, not a directory"
        assert ended.err.splitlines()[-1] == f"optuna-metabo: {told}; choose another --out"


def test_a_file_in_the_place_of_the_runs_is_named_before_any_is_made(
    url: str, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "runs").touch()
    ended = run("replay", "--storage", url, "--out", out, *QUICK)
    assert (ended.code, ended.out) == (1, "")
    first, last = ended.err.splitlines()
    assert first == "3 of 3 studies can be replayed."
    assert last.endswith(f": {out}/runs is a file, not a directory; choose another --out")
    assert [one.name for one in out.iterdir()] == ["runs"]


def test_what_is_left_out_is_told_with_its_reason(url: str, tmp_path: Path, run: Run) -> None:
    break_studies(url, "past-1")
    ended = run("replay", "--storage", url, "--out", tmp_path / "out", *QUICK)
    assert ended.code == 0, ended.err
    assert ended.err.splitlines()[:2] == [
        "2 of 3 studies can be replayed.",
        "left out: 'past-1' cannot be read: Unknown distribution class: XDistribution",
    ]


@pytest.mark.parametrize("name", ["report.html", "replay.svg"])
def test_a_report_of_something_else_is_not_replaced(
    name: str, url: str, tmp_path: Path, run: Run
) -> None:
    (tmp_path / name).write_text("of someone else")
    ended = run("replay", "--storage", url, "--out", tmp_path, *QUICK)
    assert (ended.code, ended.out) == (1, "")
    assert f"{name} is not of this command's making: choose another --out" in ended.err
    assert (tmp_path / name).read_text() == "of someone else"
    assert not (tmp_path / "runs").exists()


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


def _failing_on(name: str) -> Order:
    def order(target: Target, seed: int) -> Iterator[int]:
        if target.pool.name == name:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        return iter(range(len(target.pool)))

    return order


def test_of_runs_that_fail_the_report_tells_beside_the_others(
    url: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ORDERS, "metagp", _failing_on("past-1"))
    arguments = ("replay", "--storage", url, "--out", tmp_path / "out", *QUICK, "-f", "json")
    ended = run(*arguments)
    assert ended.code == 1
    found = json.loads(ended.out)
    reason = "LinAlgError: Matrix is not positive definite"
    assert found["failed"] == [
        {"study": "past-1", "sampler": "metagp", "seed": 0, "reason": reason}
    ]
    assert [study["name"] for study in found["studies"]] == ["past-0", "past-2"]
    told = f"'past-1', metagp, seed 0: {reason}"
    *_, last = ended.err.splitlines()
    assert last == f"optuna-metabo: 1 of 6 runs failed, and the report is of the others: {told}"
    assert f"failed: {told}" in ended.err
    page = html.unescape((tmp_path / "out" / "report.html").read_text())
    assert told in page
    assert "'past-1' has no run of metagp that did not fail" in page
    assert (
        "left out of every table: 'past-1' has no run of metagp that did not fail. Samplers are "
        "compared on the same studies; name the others by --sampler, and these count."
    ) in ended.err.splitlines()
    assert ended.err.splitlines()[1] == "0 of 6 runs"
    assert "5 of 6 runs" in run(*arguments).err.splitlines()[1]


def test_where_every_run_fails_there_is_no_report(
    url: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ORDERS, "metagp", _failing_on("past-1"))
    ended = run(
        "replay", "--storage", url, "--out", tmp_path / "out", *QUICK, "--targets", "past-1"
    )
    assert (ended.code, ended.out) == (1, "")
    assert "'past-1', metagp, seed 0: LinAlgError" in ended.err.splitlines()[-1]
    assert not (tmp_path / "out" / "report.html").exists()


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
