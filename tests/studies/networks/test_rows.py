"""Which rows a task takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studies.networks.rows import choose_rows, load_rows, stratified
from tests.studies.networks.tiny import TEXT


def test_splits_are_disjoint_and_no_row_is_in_two_of_them(data_dir: Path) -> None:
    pytest.importorskip("datasets", reason="rows are read by datasets")
    parts = [load_rows("imdb", part, data_dir) for part in ("train", "test")]
    rows = choose_rows(TEXT, *parts, seed=0)
    train, valid = (set(parts[0].select(rows[name])["text"]) for name in ("train", "valid"))
    test = set(parts[1].select(rows["test"])["text"])
    assert [len(train), len(valid), len(test)] == [32, 16, 16]
    assert not train & valid
    assert not (train | valid) & test


def test_splits_hold_the_classes_in_proportion() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    for rows in stratified(labels, (40, 20), np.random.default_rng(0)):
        shares = np.bincount(labels[rows]) / len(rows)
        np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=0.06)


def test_splits_are_those_of_the_recorded_tables() -> None:
    labels = np.arange(12) % 3
    rows = stratified(labels, (4, 3), np.random.default_rng([0, *b"mnist/low"]))
    assert [part.tolist() for part in rows] == [[2, 4, 3, 8], [1, 0, 11]]


def test_more_rows_than_there_are_raise() -> None:
    with pytest.raises(ValueError, match=r"splits of \[3\] rows asked for, only 2"):
        stratified(np.zeros(2, dtype=np.int64), (3,), np.random.default_rng(0))


def test_an_unreachable_data_set_names_both_ways(tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="rows are read by datasets")
    with pytest.raises(ValueError, match=r"load_dataset.*--data-dir"):
        load_rows("mnist", "train", tmp_path)
