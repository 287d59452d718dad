"""``optuna-metabo plot`` and ``dashboard``."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import optuna
import pytest

from optuna_metabo.arguments import without_password
from tests.cli.conftest import Run, make_study

pytest.importorskip("plotly", reason="the figures are Plotly's")


def test_the_page_holds_every_figure_and_needs_no_network(
    url: str, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "new" / "page.html"
    ended = run("plot", "--storage", url, "--study-name", "new", "--out", out)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"Figures: {out}\n"
    page = out.read_text(encoding="utf-8")
    assert page.count("Plotly.newPlot(") == 4
    assert '<script src="http' not in page
    assert "<title>new</title>" in page


def test_the_page_shows_the_studies_of_a_prior(
    url: str, tmp_path: Path, prior: Path, run: Run
) -> None:
    out = tmp_path / "page.html"
    asked = ("plot", "--storage", url, "--study-name", "new", "--out", out, "--kind", "weights")
    assert run(*asked, "--prior", prior).code == 0
    page = out.read_text(encoding="utf-8")
    assert "elsewhere" in page
    assert '"past"' not in page


def test_one_kind_is_one_figure_and_nothing_is_replaced_unasked(
    url: str, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "page.html"
    asked = ("plot", "--storage", url, "--study-name", "new", "--out", out, "--kind", "agreement")
    assert run("-q", *asked).err == ""
    assert out.read_text(encoding="utf-8").count("Plotly.newPlot(") == 1
    before = out.stat().st_mtime_ns
    again = run(*asked)
    assert again.code == 1
    assert "exists: choose another --out, or pass --force" in again.err
    assert out.stat().st_mtime_ns == before
    assert run(*asked, "--force").code == 0


def test_what_cannot_be_drawn_yet_is_said_and_left_out(url: str, tmp_path: Path, run: Run) -> None:
    optuna.create_study(study_name="empty", storage=url)
    out = tmp_path / "page.html"
    asked = ("plot", "--storage", url, "--study-name", "empty", "--out", out)
    ended = run(*asked)
    assert ended.code == 0
    *said, last = ended.err.splitlines()
    assert [line.partition(": ")[0] for line in said] == [
        "No agreement", "No predictions", "No slices",
    ]  # fmt: skip
    assert said[-1].startswith("No slices: 'empty' has no completed trial")
    assert last == f"Figures: {out}"
    assert out.read_text(encoding="utf-8").count("Plotly.newPlot(") == 1
    out.unlink()
    ended = run(*asked, "--kind", "slices")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert not out.exists()


def test_of_parameters_that_have_one_value_all_but_the_slices_are_drawn(
    url: str, tmp_path: Path, run: Run
) -> None:
    study = optuna.create_study(study_name="fixed", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", 0.5, 0.5), n_trials=2)
    out = tmp_path / "page.html"
    ended = run("plot", "--storage", url, "--study-name", "fixed", "--out", out)
    assert ended.code == 0
    assert ended.err.startswith("No slices: no parameter of 'fixed' has more than one value")
    assert out.read_text(encoding="utf-8").count("Plotly.newPlot(") == 3


def test_a_name_that_is_no_page_is_refused_at_once(url: str, tmp_path: Path, run: Run) -> None:
    ended = run("plot", "--storage", url, "--study-name", "new", "--out", tmp_path / "a.gif")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "ends in .html" in ended.err


def test_an_output_that_cannot_be_written_is_one_line(url: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "page.html"
    ended = run("plot", "--storage", url, "--study-name", "new", "--out", out)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "cannot be written" in ended.err


def test_a_plot_that_is_interrupted_leaves_what_was_there(
    url: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "page.html"
    out.write_text("before")
    monkeypatch.setattr("optuna_metabo.visualization.plot_slices", interrupted)
    ended = run("plot", "--storage", url, "--study-name", "new", "--out", out, "--force")
    assert (ended.code, ended.err.count("\n")) == (130, 1)
    assert out.read_text() == "before"


def test_without_plotly_it_is_said_how_to_install_it(
    url: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ended = run("plot", "--storage", url, "--study-name", "new", "--out", tmp_path / "a.html")
    assert ended.code == 1
    assert "plot needs plotly: pip install 'optuna-metabo[visualization]'" in ended.err


def test_the_explanation_is_on_the_page_of_the_study(url: str, run: Run) -> None:
    pytest.importorskip("optuna_dashboard", reason="it is what the explanation is written for")
    ended = run("dashboard", "--storage", url, "--study-name", "new")
    assert (ended.code, ended.out, ended.err) == (0, "", f"See it: optuna-dashboard {url}\n")
    attributes = optuna.load_study(study_name="new", storage=url).user_attrs
    assert "past" in attributes["metabo:weights"]


def test_the_page_of_the_study_says_of_which_prior(url: str, prior: Path, run: Run) -> None:
    pytest.importorskip("optuna_dashboard", reason="it is what the explanation is written for")
    assert run("dashboard", "--storage", url, "--study-name", "new", "--prior", prior).code == 0
    attributes = optuna.load_study(study_name="new", storage=url).user_attrs
    assert set(attributes["metabo:weights"]) == {"elsewhere", "(without past studies)"}
    assert f"prior={str(prior)!r}" in attributes["metabo:sampler"]


def test_without_the_dashboard_it_is_said_how_to_install_it(
    url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    ended = run("dashboard", "--storage", url, "--study-name", "new")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "pip install 'optuna-metabo[dashboard]'" in ended.err


def test_a_storage_that_refuses_to_be_written_to_is_named(tmp_path: Path, run: Run) -> None:
    pytest.importorskip("optuna_dashboard", reason="it is what the explanation is written for")
    make_study(f"sqlite:///{tmp_path}/studies.db", "new", n_trials=3)
    read_only = f"sqlite:///file:{tmp_path}/studies.db?mode=ro&uri=true"
    ended = run("-q", "dashboard", "--storage", read_only, "--study-name", "new")
    told = f"--storage {without_password(read_only)}: attempt to write a readonly database"
    assert (ended.code, ended.out, ended.err) == (1, "", f"optuna-metabo: {told}\n")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_storage_that_is_read_only_is_one_line(url: str, run: Run) -> None:
    pytest.importorskip("optuna_dashboard", reason="it is what the explanation is written for")
    Path(url.removeprefix("sqlite:///")).chmod(0o400)
    ended = run("dashboard", "--storage", url, "--study-name", "new")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "readonly" in ended.err
