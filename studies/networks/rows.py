"""Which rows of a data set a task takes: from the hub, or the same rows as Parquet files.

Training and validation rows are drawn from the data set's train part, test rows from its test
part; all draws are stratified and follow the seed. Exact copies are dropped first, so that no
example stands on two sides.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.networks.tasks import NetworkTask

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """Where a data set lives and what its input column is called."""

    hub_id: str
    column: str
    is_image: bool


SOURCES = {
    "mnist": Source("ylecun/mnist", "image", True),
    "cifar10": Source("uoft-cs/cifar10", "img", True),
    "imdb": Source("stanfordnlp/imdb", "text", False),
    "ag_news": Source("fancyzhx/ag_news", "text", False),
}


def load_rows(name: str, part: str, data_dir: str | Path | None) -> Any:
    """The `datasets.Dataset` of one part (`train` or `test`), from the hub or from `data_dir`.

    Raises ValueError naming both ways where neither gives the data.
    """
    import datasets

    if name not in SOURCES:
        raise ValueError(f"unknown data set {name!r}; expected one of {sorted(SOURCES)}")
    source = SOURCES[name]
    if data_dir is None:
        try:
            rows = datasets.load_dataset(source.hub_id, split=part)
        except (OSError, ValueError) as error:  # offline and not cached, or the hub refuses
            raise ValueError(_unavailable(name, source.hub_id, data_dir)) from error
    else:
        file = Path(data_dir) / name / f"{part}.parquet"
        if not file.is_file():
            raise ValueError(_unavailable(name, source.hub_id, data_dir))
        rows = datasets.load_dataset("parquet", data_files={part: str(file)}, split=part)
    if source.is_image:
        rows = rows.cast_column(source.column, datasets.Image(decode=False))
    return rows


def _unavailable(name: str, hub_id: str, data_dir: str | Path | None) -> str:
    tried = "the hub" if data_dir is None else str(data_dir)
    return (
        f"data set {name!r} not found at {tried}. Either connect to the hub once, so that "
        f"load_dataset({hub_id!r}) can fetch it, or pass --data-dir DIR with "
        f"DIR/{name}/train.parquet and DIR/{name}/test.parquet of the same columns"
    )


def stratified(
    labels: IntArray, sizes: Sequence[int], generator: np.random.Generator
) -> list[IntArray]:
    """Disjoint random index sets of the given sizes, each with every class in its overall share.

    Rows are shuffled within their class and ordered by (place in the class) / (size of the class):
    every stretch of that order holds the classes in proportion, to within one row each. This is
    not scikit-learn's draw: the recorded grids were trained on these rows, and others would not
    be comparable with them.
    """
    if sum(sizes) > len(labels):
        raise ValueError(
            f"splits of {list(sizes)} rows asked for, only {len(labels)} rows available"
        )
    place = np.empty(len(labels))
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        place[rows] = (np.arange(len(rows)) + generator.random()) / len(rows)
    order = np.argsort(place, kind="stable")
    bounds = np.cumsum([0, *sizes])
    return [order[low:high] for low, high in itertools.pairwise(bounds)]


def choose_rows(task: NetworkTask, train: Any, test: Any, seed: int) -> dict[str, IntArray]:
    """Row numbers of the task's train, valid (both of the train part) and test split."""
    generator = np.random.default_rng([seed, *task.name.encode()])
    seen: set[bytes] = set()
    wanted, labels = _wanted(task, train, seen)
    fit, valid = stratified(labels, (task.n_train, task.n_valid), generator)
    wanted_test, labels_test = _wanted(task, test, seen)
    (held_out,) = stratified(labels_test, (min(task.n_test, len(labels_test)),), generator)
    return {"train": wanted[fit], "valid": wanted[valid], "test": wanted_test[held_out]}


def _wanted(task: NetworkTask, rows: Any, seen: set[bytes]) -> tuple[IntArray, IntArray]:
    """Rows of the task's classes and lengths, their labels; no copies of `seen`, which grows."""
    source = SOURCES[task.dataset]
    chosen = []
    for i, (value, label) in enumerate(zip(rows[source.column], rows["label"], strict=True)):
        content = value["bytes"] if source.is_image else value.encode()
        digest = hashlib.sha256(content).digest()
        fits = source.is_image or task.words[0] <= len(value.split()) <= task.words[1]
        if digest not in seen and label in task.classes and fits:
            chosen.append((i, label))
        seen.add(digest)
    table = np.array(chosen, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
