"""One picture of a page of results."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from studies.markdown import bold_best, to_markdown
from studies.tables import picture


def _page(path: Path) -> Path:
    table = pd.DataFrame({1: [0.5, 0.75], 10: [0.25, 0.0]}, index=["gp", "metagp"])
    table.index.name = "sampler"
    text = "".join(f"\n## {name}\n\n{to_markdown(bold_best(table, 3))}\n" for name in ("a", "b"))
    path.write_text(f"# Page\n{text}\n## More\n\nnothing\n", encoding="utf-8")
    return path


def test_a_page_gives_its_tables_back(tmp_path: Path) -> None:
    found = picture.read_page(_page(tmp_path / "page.md").read_text(encoding="utf-8"))
    assert list(found) == ["a", "b"]
    assert found["a"].to_dict("index") == {"gp": {1: 0.5, 10: 0.25}, "metagp": {1: 0.75, 10: 0.0}}


def test_the_picture_is_written(tmp_path: Path) -> None:
    page, out = _page(tmp_path / "page.md"), tmp_path / "picture.png"
    picture.main([str(page), "--out", str(out)])
    assert out.stat().st_size > 0


def test_a_page_without_tables_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.md").write_text("# Page\n")
    with pytest.raises(SystemExit):
        picture.main([str(tmp_path / "page.md"), "--out", str(tmp_path / "a.png")])
    assert "no table of samplers" in capsys.readouterr().err
