"""A task's rows as tensors, ready for training and kept in a cache."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studies.networks.rows import SOURCES, choose_rows, load_rows
from studies.networks.tasks import NetworkTask

PREPARATION = 1  # raise it when rows or tensors are made otherwise: cached ones are then made anew


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


def prepare(
    task: NetworkTask,
    *,
    data_dir: str | Path | None,
    cache_dir: str | Path | None = None,
    seed: int = 0,
) -> Prepared:
    """The task's tensors on the CPU, from the cache when these very tensors were made before."""
    parts = {part: load_rows(task.dataset, part, data_dir) for part in ("train", "test")}
    file = _cache_file(task, parts, seed, cache_dir)
    if file.is_file():
        return _from_dict(torch.load(file, weights_only=True))
    prepared = _prepare(task, parts, seed)
    _save(_to_dict(prepared), file)
    return prepared


def _prepare(task: NetworkTask, parts: dict[str, Any], seed: int) -> Prepared:
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
    task: NetworkTask, parts: dict[str, Any], seed: int, cache_dir: str | Path | None
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
