"""From a data set on the hub, or the same rows as Parquet files, to tensors ready for training.

Training and validation rows are drawn from the data set's train part, test rows from its test
part; all draws are stratified and follow the seed. Exact copies are dropped first, so that no
example stands on two sides.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studies.networks.tasks import Task

IntArray = npt.NDArray[np.int64]
PREPARATION = 1  # raise it when the preparation below changes: cached tensors are then made anew


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


@dataclass(frozen=True)
class Split:
    """Examples: images `[n, channels, height, width]` or tokens `[n, length]`; labels `[n]`."""

    inputs: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Split:
        """The split on `device`; images there are laid out channels-last where it is a GPU."""
        inputs = self.inputs.to(device)
        if device.type == "cuda" and inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        return Split(inputs, self.labels.to(device))


@dataclass(frozen=True)
class Prepared:
    """A task's data, ready to train on; `n_tokens` is the size of the vocabulary, 0 for images."""

    train: Split
    valid: Split
    test: Split
    n_classes: int
    n_tokens: int

    def to(self, device: torch.device) -> Prepared:
        """The same data, kept on `device`."""
        train, valid, test = (part.to(device) for part in (self.train, self.valid, self.test))
        return Prepared(train, valid, test, self.n_classes, self.n_tokens)


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
    every stretch of that order holds the classes in proportion, to within one row each.
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


def choose_rows(task: Task, train: Any, test: Any, seed: int) -> dict[str, IntArray]:
    """Row numbers of the task's train, valid (both of the train part) and test split."""
    generator = np.random.default_rng([seed, *task.name.encode()])
    seen: set[bytes] = set()
    wanted, labels = _wanted(task, train, seen)
    fit, valid = stratified(labels, (task.n_train, task.n_valid), generator)
    wanted_test, labels_test = _wanted(task, test, seen)
    (held_out,) = stratified(labels_test, (min(task.n_test, len(labels_test)),), generator)
    return {"train": wanted[fit], "valid": wanted[valid], "test": wanted_test[held_out]}


def _wanted(task: Task, rows: Any, seen: set[bytes]) -> tuple[IntArray, IntArray]:
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


def prepare(
    task: Task, *, data_dir: str | Path | None, cache_dir: str | Path | None = None, seed: int = 0
) -> Prepared:
    """The task's tensors on the CPU, from the cache when these very tensors were made before."""
    parts = {part: load_rows(task.dataset, part, data_dir) for part in ("train", "test")}
    file = _cache_file(task, parts, seed, cache_dir)
    if file.is_file():
        return _from_dict(torch.load(file, weights_only=True))
    prepared = _prepare(task, parts, seed)
    _save(_to_dict(prepared), file)
    return prepared


def _prepare(task: Task, parts: dict[str, Any], seed: int) -> Prepared:
    from studies.networks.inputs import encode_images, encode_texts

    source = SOURCES[task.dataset]
    numbers = choose_rows(task, parts["train"], parts["test"], seed)
    raw = {
        split: parts["test" if split == "test" else "train"].select(rows)
        for split, rows in numbers.items()
    }
    columns = {split: list(rows[source.column]) for split, rows in raw.items()}
    encode = encode_images if source.is_image else encode_texts
    inputs, n_tokens = encode(task, columns, seed)
    place = {label: i for i, label in enumerate(task.classes)}
    labels = {
        split: torch.tensor([place[label] for label in rows["label"]])
        for split, rows in raw.items()
    }
    labels["train"] = redraw_labels(labels["train"], task.label_noise, len(task.classes), seed)
    split = {name: Split(inputs[name], labels[name]) for name in ("train", "valid", "test")}
    return Prepared(split["train"], split["valid"], split["test"], len(task.classes), n_tokens)


def redraw_labels(labels: Tensor, share: float, n_classes: int, seed: int) -> Tensor:
    """`labels` `[n]` with that share of them replaced by a different class, drawn evenly."""
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(labels), generator=generator)[: round(share * len(labels))]
    step = torch.randint(1, n_classes, (len(chosen),), generator=generator)
    noisy = labels.clone()
    noisy[chosen] = (labels[chosen] + step) % n_classes
    return noisy


def _cache_file(
    task: Task, parts: dict[str, Any], seed: int, cache_dir: str | Path | None
) -> Path:
    """Where the tensors are kept; the name hashes task, seed and the source files' identity."""
    folder = Path(cache_dir) if cache_dir else Path.home() / ".cache" / "optuna_metabo"
    files = [entry["filename"] for rows in parts.values() for entry in rows.cache_files]
    spec = {k: v for k, v in asdict(task).items() if k not in ("model", "space", "epochs", "note")}
    key = json.dumps([PREPARATION, spec, seed, files], sort_keys=True)
    return (
        folder
        / f"{task.name.replace('/', '-')}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.pt"
    )


def _save(content: dict[str, Any], file: Path) -> None:
    """Write whole or not at all, so that workers may prepare the same task at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    os.close(handle)
    torch.save(content, name)
    os.replace(name, file)


def _to_dict(data: Prepared) -> dict[str, Any]:
    splits = {"train": data.train, "valid": data.valid, "test": data.test}
    tensors = {name: (split.inputs, split.labels) for name, split in splits.items()}
    return tensors | {"n_classes": data.n_classes, "n_tokens": data.n_tokens}


def _from_dict(content: dict[str, Any]) -> Prepared:
    train, valid, test = (Split(*content[name]) for name in ("train", "valid", "test"))
    return Prepared(train, valid, test, content["n_classes"], content["n_tokens"])
