"""What a page shows as printed, against what is printed."""

from __future__ import annotations

import re

import pytest

# Numbers that another processor may end at a little differently; those of trials are exact.
_NUMBER = re.compile(r"[-+]?\d+\.\d+|\d+(?= %)")
# By so much: a pair of ten trials in the other order moves an agreement by .04.
_RELATIVE, _ABSOLUTE = 0.03, 0.015


def check_printed(shown: str, printed: str) -> None:
    """That they have the same words, in whatever columns, and almost the same numbers."""
    assert _NUMBER.sub("#", shown).split() == _NUMBER.sub("#", printed).split()
    assert _numbers(printed) == pytest.approx(_numbers(shown), rel=_RELATIVE, abs=_ABSOLUTE)


def _numbers(text: str) -> list[float]:
    """As parts of one where they are in per cent, which have no decimals."""
    return [float(one) / (1 if "." in one else 100) for one in _NUMBER.findall(text)]
