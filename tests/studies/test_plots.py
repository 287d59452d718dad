"""What figures share."""

from __future__ import annotations

from studies.plots import styles_of


def test_lines_are_told_apart_without_colour() -> None:
    names = [f"sampler-{i}" for i in range(20)]
    styles = styles_of([*names, "metagp"])
    assert "marker" not in styles["metagp"]
    looks = [(styles[name]["marker"], styles[name]["ls"]) for name in names]
    assert len(set(looks)) == len(names)
