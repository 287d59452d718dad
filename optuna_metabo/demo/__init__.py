"""The demonstration: related classification tasks on scikit-learn's digits."""

from __future__ import annotations
