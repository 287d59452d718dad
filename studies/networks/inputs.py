"""Images and texts as tensors. What is learned here, is learned from the training split alone."""

from __future__ import annotations

import io
import zlib
from typing import Any

import torch
from torch import Tensor

from studies.networks.tasks import NetworkTask

N_TOKENS = 4000  # the commonest words of the training split; the others share one token
PADDING, UNKNOWN = 0, 1


def encode_images(
    task: NetworkTask, columns: dict[str, list[Any]], seed: int
) -> tuple[dict[str, Tensor], int]:
    """Images `[n, channels, height, width]` of each split, standardised by the training split."""
    shift = image_shift(task.shift)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(zlib.crc32(task.name.encode()) + seed)
        images = {
            split: torch.stack([shift(_decode(row["bytes"])) for row in rows])
            for split, rows in columns.items()
        }
    mean = images["train"].mean(dim=(0, 2, 3), keepdim=True)
    deviation = images["train"].std(dim=(0, 2, 3), keepdim=True)
    return {split: (batch - mean) / deviation for split, batch in images.items()}, 0


def image_shift(name: str) -> Any:
    """The torchvision transform of that name: none, rotate, noise, grey or blur."""
    from torchvision.transforms import v2

    shifts: dict[str, Any] = {
        "none": v2.Identity(),
        "rotate": v2.RandomRotation((-45, 45), interpolation=v2.InterpolationMode.BILINEAR),
        "noise": v2.GaussianNoise(sigma=0.4),
        "grey": v2.Grayscale(),
        "blur": v2.GaussianBlur(5, sigma=1.5),
    }
    if name not in shifts:
        raise ValueError(f"unknown shift {name!r}; expected one of {sorted(shifts)}")
    return shifts[name]


def _decode(content: bytes) -> Tensor:
    """An image file as `[channels, height, width]` in [0, 1]."""
    from PIL import Image
    from torchvision.transforms import v2

    image = v2.functional.pil_to_tensor(Image.open(io.BytesIO(content)))
    return v2.functional.to_dtype(image, torch.float32, scale=True)


def encode_texts(
    task: NetworkTask, columns: dict[str, list[str]], seed: int
) -> tuple[dict[str, Tensor], int]:
    """Tokens `[n, task.tokens]` of each split, padded with 0, and the size of the vocabulary."""
    tokenizer = train_tokenizer(columns["train"])
    tokenizer.enable_truncation(task.tokens, direction="left" if task.keep_end else "right")
    tokenizer.enable_padding(pad_id=PADDING, pad_token="[PAD]", length=task.tokens)
    encoded = {
        split: torch.tensor([row.ids for row in tokenizer.encode_batch(rows)])
        for split, rows in columns.items()
    }
    return encoded, tokenizer.get_vocab_size()


def train_tokenizer(texts: list[str]) -> Any:
    """A word tokenizer (lower case, no markup or punctuation) with the vocabulary of `texts`."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex("<[^>]{1,20}>"), " "),
            normalizers.NFD(),
            normalizers.Lowercase(),
            normalizers.StripAccents(),
            normalizers.Replace(Regex("[^a-z0-9' ]+"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordLevelTrainer(
        vocab_size=N_TOKENS,
        min_frequency=2,
        special_tokens=["[PAD]", "[UNK]"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
