"""What a page shows as printed, against what is printed."""

from __future__ import annotations

import re

import pytest

# Numbers that another processor may end at a little differently; those of trials are exact.
_NUMBER = re.compile(r"[-+]?\d+\.\d+|\d+(?= %)")


def check_printed(shown: str, printed: str) -> None:
    """That they have the same words, in whatever columns, and almost the same numbers."""
    assert _NUMBER.sub("#", shown).split() == _NUMBER.sub("#", printed).split()
    expected = [float(number) for number in _NUMBER.findall(shown)]
    found = [float(number) for number in _NUMBER.findall(printed)]
    assert found == pytest.approx(expected, rel=0.1, abs=0.05)
