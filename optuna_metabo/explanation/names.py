"""What past studies are called where people read of them: told apart, and as short as fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

# What is believed without any of them, where it stands among their names.
WITHOUT = "(without past studies)"
# Names are cut in the middle to so many letters where none are given.
_MAX_NAME = 24


def told_apart(names: Sequence[str]) -> list[str]:
    """The names, with a number behind those that were there before.

    Studies of several storages may have one name, or one that means something else here. One
    that looks like a number is behind it is left to the study that has it.

    Example:
        >>> from optuna_metabo.explanation.names import told_apart
        >>> told_apart(["svm", "rf", "svm", "(without past studies)"])
        ['svm', 'rf', 'svm (2)', '(without past studies) (2)']
    """
    given, last = {*names}, Counter([WITHOUT])
    found: list[str] = []
    for name in names:
        last[name] += 1
        while last[name] > 1 and _numbered(name, last[name]) in given:
            last[name] += 1
        found.append(_numbered(name, last[name]))
        given.add(found[-1])
    return found


def _numbered(name: str, n: int) -> str:
    return name if n == 1 else f"{name} ({n})"


def short_name(name: str, most: int = _MAX_NAME) -> str:
    """A name of so many letters at most, cut in the middle."""
    if len(name) <= most:
        return name
    half = (most - 1) // 2
    return f"{name[: most - 1 - half]}…{name[-half:]}"


def labels(names: Iterable[str], most: int = _MAX_NAME) -> list[str]:
    """Short names, told apart."""
    return told_apart([short_name(name, most) for name in names])
