"""The study of the explanation's tests."""

from __future__ import annotations

from tests.explanation.conftest import studies

__all__ = ["studies"]
