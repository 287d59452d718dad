"""Where the tables stand that are too large for the repository."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def benchmarks() -> Path:
    """A folder beside the checkout; without it the test is skipped."""
    folder = Path(__file__).parents[4] / "shared" / "benchmarks"
    if not folder.exists():
        pytest.skip("the benchmarks are not beside the checkout")
    return folder
