"""The networks: CNN, residual network, MLP for images; LSTM, GRU, bag of embeddings for texts.

Each maps a batch of inputs, as `studies.data` prepares them, to logits `[batch, n_classes]`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

WIDTHS = (16, 32, 32, 32)  # channels of the convolution layers: narrow, so that a CPU core will do
EMBEDDING = 32
# PyTorch starts at 1, which short training hardly moves; measured on AG News.
EMBEDDING_DEVIATION = 0.3


@dataclass(frozen=True)
class Shape:
    """What fixes a network: `size` counts layers or units; `inputs` is one example's shape."""

    model: str
    size: int
    inputs: tuple[int, ...]
    n_classes: int
    n_tokens: int = 0


def build(shape: Shape, dropout: float) -> nn.Module:
    """The network of that shape. Raises ValueError for an unknown model."""
    if shape.model not in MAKERS:
        raise ValueError(f"unknown model {shape.model!r}; expected one of {sorted(MAKERS)}")
    return MAKERS[shape.model](shape, dropout)


def cnn(shape: Shape, dropout: float) -> nn.Module:
    """`size` times convolution, batch norm, ReLU, halving; then dropout and a linear layer."""
    parts: list[nn.Module] = []
    channels, side = shape.inputs[0], shape.inputs[-1]
    for width in WIDTHS[: shape.size]:
        parts += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        parts += [nn.ReLU(), nn.MaxPool2d(2)]
        channels, side = width, side // 2
    head = [nn.Flatten(), nn.Dropout(dropout), nn.Linear(channels * side**2, shape.n_classes)]
    return nn.Sequential(*parts, *head)


class Residual(nn.Module):
    """x + f(x) with f two convolutions (He et al. 2016), then halving."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, side, side]` to half the side."""
        return nn.functional.max_pool2d(torch.relu(x + self.body(x)), 2)


def resnet(shape: Shape, dropout: float) -> nn.Module:
    """A halving stem, `size` - 1 residual blocks, global mean, dropout and a linear layer."""
    width = WIDTHS[0]
    stem = [nn.Conv2d(shape.inputs[0], width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
    blocks = [Residual(width) for _ in range(shape.size - 1)]
    head = [
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(width, shape.n_classes),
    ]
    return nn.Sequential(*stem, nn.ReLU(), nn.MaxPool2d(2), *blocks, *head)


def mlp(shape: Shape, dropout: float) -> nn.Module:
    """`size` - 1 hidden layers of 128 units with ReLU and dropout, then a linear layer."""
    parts: list[nn.Module] = [nn.Flatten()]
    width = prod(shape.inputs)
    for _ in range(shape.size - 1):
        parts += [nn.Linear(width, 128), nn.ReLU(), nn.Dropout(dropout)]
        width = 128
    return nn.Sequential(*parts, nn.Linear(width, shape.n_classes))


def word_embedding(n_tokens: int) -> nn.Embedding:
    """Word vectors to learn; padding stays 0."""
    embedding = nn.Embedding(n_tokens, EMBEDDING, padding_idx=0)
    with torch.no_grad():
        embedding.weight.mul_(EMBEDDING_DEVIATION)
    return embedding


class Recurrent(nn.Module):
    """Embedding, one LSTM or GRU layer, the mean over the words, dropout, a linear layer."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.embedding = word_embedding(shape.n_tokens)
        layer = nn.LSTM if shape.model == "lstm" else nn.GRU
        self.recurrent = layer(EMBEDDING, shape.size, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(shape.size, shape.n_classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens `[batch, length]` to logits."""
        outputs, _ = self.recurrent(self.dropout(self.embedding(tokens)))
        logits: Tensor = self.head(self.dropout(word_mean(outputs, tokens)))
        return logits


class Bag(nn.Module):
    """The mean of the words' embeddings, one hidden layer, dropout, a linear layer."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.embedding = word_embedding(shape.n_tokens)
        self.head = nn.Sequential(
            nn.Linear(EMBEDDING, shape.size),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(shape.size, shape.n_classes),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens `[batch, length]` to logits."""
        logits: Tensor = self.head(word_mean(self.embedding(tokens), tokens))
        return logits


def word_mean(values: Tensor, tokens: Tensor) -> Tensor:
    """Mean of `values` `[batch, length, d]` where `tokens` `[batch, length]` are no padding."""
    mask = (tokens != 0).unsqueeze(-1).to(values.dtype)
    return (values * mask).sum(1) / mask.sum(1).clamp(min=1)


MAKERS: dict[str, Callable[[Shape, float], nn.Module]] = {
    "cnn": cnn,
    "resnet": resnet,
    "mlp": mlp,
    "lstm": Recurrent,
    "gru": Recurrent,
    "bag": Bag,
}
