"""Generated data in the schema of the hub."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

WORDS = np.array(["good", "bad", "plot", "actor", "film", "scene", "dull", "great", "music"])


def image(generator: np.random.Generator, label: int) -> dict[str, object]:
    from PIL import Image

    pixels = generator.integers(0, 128, (28, 28)) + 100 * label
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, format="PNG")
    return {"bytes": file.getvalue(), "path": None}


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parquet files in the hub's schema, with some rows of the train part repeated in the test."""
    pytest.importorskip("pyarrow", reason="Parquet files are written by pyarrow")
    folder, generator = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for name in ("mnist", "imdb"):
        (folder / name).mkdir()
        labels = np.arange(80) % 2
        values = [
            image(generator, label) if name == "mnist" else " ".join(generator.choice(WORDS, 12))
            for label in labels
        ]
        column = "image" if name == "mnist" else "text"
        frame = pd.DataFrame({column: values, "label": labels})
        frame.iloc[:52].to_parquet(folder / name / "train.parquet")
        frame.iloc[48:].to_parquet(folder / name / "test.parquet")
    return folder
