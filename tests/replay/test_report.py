from __future__ import annotations

import re
from pathlib import Path

import optuna
import pytest

from optuna_metabo.replay import Archive, Plan, Replay, execute
from optuna_metabo.replay.report import write_report
from tests.replay.making import bowl, bowls

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")


@pytest.fixture(scope="module")
def replay() -> Replay:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = bowls(2)
    bowl("<script>", storage=storage, seed=5)
    optuna.create_study(study_name="empty & new", storage=storage)
    targets, left_out = Archive.read(storage).targets()
    plan = Plan(("tpe", "metagp-cold", "metagp"), seeds=1, trials=3)
    return Replay.of(targets, plan, execute(targets, plan), left_out)


def test_the_report_is_one_small_file_that_needs_no_network(
    replay: Replay, tmp_path: Path
) -> None:
    write_report(tmp_path / "report.html", replay)
    page = (tmp_path / "report.html").read_text()
    assert len(page) < 300_000
    assert page.count("<svg") == 1
    links = re.findall(r"""(?:src|href)=["']([^"'#]+)""", page)
    assert [link for link in links if link.startswith(("http", "//"))] == []
    for name in replay.samplers:
        assert name in page


def test_the_report_says_over_how_many_trials_regret_is_averaged(
    replay: Replay, tmp_path: Path
) -> None:
    write_report(tmp_path / "report.html", replay)
    page = (tmp_path / "report.html").read_text()
    assert "<th>area 3</th>" in page
    assert "the mean over the first 3 trials" in page
    assert "Regret of 3 trials, cold less warm" in page
    assert "20 trials" not in page


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ([False], "with all others as its past"),
        ([True], "with those that had ended before it as its past"),
        ([False, True], "with all others or those that had ended before it as its past"),
    ],
)
def test_the_report_says_what_the_past_was(kinds: list[bool], said: str, tmp_path: Path) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    archive, plan = Archive.read(bowls(2)), Plan(("tpe",), seeds=1, trials=1)
    targets = [one for kind in kinds for one in archive.targets("bowl-1", chronological=kind)[0]]
    found = Replay.of(targets, plan, execute(targets, plan))
    write_report(tmp_path / "report.html", found)
    assert said in " ".join((tmp_path / "report.html").read_text().split())
    assert found.as_json()["plan"]["chronological"] is all(kinds)


def test_names_of_studies_are_text(replay: Replay, tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", replay)
    page = (tmp_path / "report.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "'empty &amp; new' has no finished trial" in page


def test_the_same_replay_gives_the_same_file(replay: Replay, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_report(tmp_path / name, replay)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
