"""The study of the explanation's tests."""

from __future__ import annotations

from tests.explanation.conftest import namesakes, studies

__all__ = ["namesakes", "studies"]
