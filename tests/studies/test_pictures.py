"""The page about figures runs as pasted, and every picture on it is of one of its snippets."""

from __future__ import annotations

import re
from pathlib import Path

import optuna
import pytest

from studies.pictures import DOCS, PAGE, pictures, run_page
from tests.printed import check_printed


@pytest.mark.filterwarnings("ignore:source studies left out")
def test_the_page_runs_as_pasted_and_has_a_picture_of_each_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    verbosity = optuna.logging.get_verbosity()
    page, figures, told, names = PAGE.read_text(encoding="utf-8"), [], "", {}
    for printed, names in run_page(page):
        told = told or printed
        figure = names.get("figure")
        if figure is not None and figure not in figures:
            figures.append(figure)
    optuna.logging.set_verbosity(verbosity)
    names["optuna_metabo"].logging.set_verbosity(names["optuna_metabo"].logging.NOTSET)
    assert len(figures) == len(pictures(page)) - 1  # the last one is of the dashboard
    (shown,) = re.findall(r"^```text\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    check_printed(shown, told)
    assert names["study"].user_attrs["metabo:origins"]
    names["storage"].engine.dispose()


def test_every_picture_is_there_and_small() -> None:
    for name in pictures(PAGE.read_text(encoding="utf-8")):
        assert (DOCS / "images" / f"{name}.png").stat().st_size < 150_000
