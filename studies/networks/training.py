"""One training loop for every network, and what a run costs and reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from torch import Tensor, nn

from studies.networks.costs import device_name, peak_memory, stopwatch
from studies.networks.data import Prepared, Split
from studies.networks.rows import IntArray

EVALUATION_BATCH = 500
Report = Callable[[int, float], bool]


@dataclass(frozen=True)
class Settings:
    """How to train. `momentum` is SGD's, and Adam's beta1; the rate falls to 0 along a cosine."""

    optimizer: str
    lr: float
    batch_size: int
    epochs: int
    momentum: float = 0.9
    weight_decay: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Scores:
    """Accuracy and the macro means of precision, recall and F1 (0 where undefined)."""

    accuracy: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class TrainingRun:
    """What one training run reached and took.

    `device_seconds` is time on the GPU between the first and the last kernel, or CPU time of the
    process; `peak_memory` is bytes allocated on the GPU, or the highest resident memory of the
    process so far.
    """

    valid: Scores
    diverged: bool
    epochs: int
    seconds: float
    device_seconds: float
    device: str
    peak_memory: int


def pick_device() -> torch.device:
    """The GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    network: nn.Module, data: Prepared, settings: Settings, report: Report | None = None
) -> TrainingRun:
    """Train `network` in place on `data.train` and score it on `data.valid` after each epoch.

    `report(epoch, accuracy)` ends the run early by returning True, as pruners do. A run whose loss
    stops being finite ends there, marked `diverged`, with the score of the network as it is: that
    of a constant guess.
    """
    device = data.train.inputs.device
    place(network, data.train.inputs)
    n = len(data.train.labels)
    optimizer = make_optimizer(network, settings)
    n_steps = settings.epochs * -(-n // settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    generator = torch.Generator(device).manual_seed(settings.seed)
    epoch, diverged, stop = 0, False, False
    with stopwatch(device) as clock:
        while epoch < settings.epochs and not (diverged or stop):
            order: Any = torch.randperm(n, generator=generator, device=device)
            batches = order.split(settings.batch_size)
            loss = run_epoch(network, data.train, batches, optimizer, schedule)
            epoch += 1
            diverged = not bool(torch.isfinite(loss))  # one wait for the device per epoch
            valid = evaluate(network, data.valid)
            stop = report is not None and report(epoch, valid.accuracy)
    costs = clock.seconds, clock.device_seconds, device_name(device), peak_memory(device)
    return TrainingRun(valid, diverged, epoch, *costs)


def place(network: nn.Module, inputs: Tensor) -> None:
    """Moves a network to the device of its inputs; for images, channels come last."""
    network.to(inputs.device)
    if inputs.ndim == 4:
        move: Any = network.to
        move(memory_format=torch.channels_last)


def run_epoch(
    network: nn.Module,
    split: Split,
    batches: tuple[Tensor, ...],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> Tensor:
    """One pass over `batches` of row numbers; returns the summed loss, left on the device."""
    network.train()
    total = torch.zeros((), device=split.labels.device)
    for rows in batches:
        with autocast(split.inputs.device):
            loss = nn.functional.cross_entropy(network(split.inputs[rows]), split.labels[rows])
        optimizer.zero_grad(set_to_none=True)
        backward: Any = loss.backward
        backward()
        optimizer.step()
        schedule.step()
        total += loss.detach()
    return total


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 where it pays, on a GPU: its range is float32's, so no loss scaling is needed."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def make_optimizer(network: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Adam or SGD as `settings` say. Raises ValueError for another name."""
    shared: Any = {"lr": settings.lr, "weight_decay": settings.weight_decay, "fused": True}
    if settings.optimizer == "Adam":
        return torch.optim.Adam(network.parameters(), betas=(settings.momentum, 0.999), **shared)
    if settings.optimizer == "SGD":
        return torch.optim.SGD(network.parameters(), momentum=settings.momentum, **shared)
    raise ValueError(f"unknown optimizer {settings.optimizer!r}; expected 'Adam' or 'SGD'")


@torch.no_grad()
def evaluate(network: nn.Module, split: Split) -> Scores:
    """The network's scores on `split`, with one wait for the device."""
    network.eval()
    with autocast(split.inputs.device):
        inputs: Any = split.inputs
        logits = torch.cat([network(batch) for batch in inputs.split(EVALUATION_BATCH)])
    columns = torch.stack([split.labels, logits.argmax(1)]).cpu().numpy()
    return macro_scores(columns[0], columns[1], logits.shape[1])


def macro_scores(labels: IntArray, predicted: IntArray, n_classes: int) -> Scores:
    """Accuracy, and precision, recall and F1 averaged over all classes, by scikit-learn."""
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, labels=range(n_classes), average="macro", zero_division=0.0
    )
    accuracy = accuracy_score(labels, predicted)
    return Scores(float(accuracy), float(precision), float(recall), float(f1))
