"""Families by name and by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from studies.families import NAMED, load, short
from studies.families.recorded import REPLAYED
from studies.families.synthetic import NAMES


@pytest.mark.parametrize("name", ["nonsense", "../nowhere/lcbench"])
def test_an_unknown_family_raises(name: str) -> None:
    with pytest.raises(ValueError, match=rf"hpobench.*got '{name}'"):
        load(name)


def test_a_folder_without_tables_raises(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a table or a folder of them"):
        load(str(tmp_path))


def test_every_recorded_and_every_synthetic_family_is_registered() -> None:
    assert {*REPLAYED, *NAMES} <= set(NAMED)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("noisy10-../shared/benchmarks/tst_svm.npz", "noisy10-tst_svm"),
        ("../shared/benchmarks/lcbench", "lcbench"),
        ("hpobench", "hpobench"),
    ],
)
def test_the_short_name_has_no_folders_and_keeps_the_noise(name: str, expected: str) -> None:
    assert short(name) == expected
