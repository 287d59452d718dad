"""What a page shows as printed, against what is printed."""

from __future__ import annotations

import re

import pytest

# Numbers that another processor may end at a little differently; those of trials are exact. So
# much they may differ: on one processor those of all pages were the same to their last digit.
_NUMBER = re.compile(r"[-+]?\d+\.\d+|\d+(?= %)")


_RELATIVE, _ABSOLUTE = 0.03, 0.015


def check_printed(shown: str, printed: str) -> None:
    """That they have the same words, in whatever columns, and almost the same numbers."""
    assert _NUMBER.sub("#", shown).split() == _NUMBER.sub("#", printed).split()
    expected = [float(number) for number in _NUMBER.findall(shown)]
    found = [float(number) for number in _NUMBER.findall(printed)]
    assert found == pytest.approx(expected, rel=_RELATIVE, abs=_ABSOLUTE)
