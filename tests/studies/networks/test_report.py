"""The experiment's report as Markdown and as a page."""

from __future__ import annotations

import base64
from pathlib import Path

import pandas as pd

from studies.networks.report import Part, source_weights, write


def test_parts_are_written_in_order_and_figures_stand_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "ranks.png").write_bytes(b"figure")
    table = pd.DataFrame({"n": [1]}, index=pd.Index(["a"], name="sampler"))
    write([Part("Title < &", "Text > &"), Part(table=table, figure="ranks.png")], tmp_path)
    page = (tmp_path / "report.html").read_text()
    order = ["Title &lt; &amp;", "Text &gt; &amp;", "<th>a</th>"]
    order.append(f"base64,{base64.b64encode(b'figure').decode()}")
    assert sorted(order, key=page.index) == order
    assert "<h2></h2>" not in page
    text = (tmp_path / "tables.md").read_text()
    order = ["# Tables and", "## Title < &", "Text > &", "| a ", "](ranks.png)"]
    assert sorted(order, key=text.index) == order


def test_an_empty_table_is_left_out(tmp_path: Path) -> None:
    write([Part("None", table=pd.DataFrame({"n": []}))], tmp_path)
    assert "<table" not in (tmp_path / "report.html").read_text()
    assert "|" not in (tmp_path / "tables.md").read_text()


def test_weights_and_what_is_left_of_them_sum_to_one() -> None:
    weights = source_weights("imdb/few", trials=2)
    assert weights.shape == (2, 5)
    assert weights.sum(axis=1).tolist() == [1.0, 1.0]
