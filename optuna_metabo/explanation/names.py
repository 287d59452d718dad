"""What past studies are called where people read of them: told apart, and as short as fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

# What is believed without any of them, where it stands among their names.
WITHOUT = "(without past studies)"
# Letters to which a name is cut: in a figure or a list, and in the lines of a text; those of a
# sentence, and of a list of names.
_NAME, IN_TEXT, SENTENCE, _LIST = 24, 40, 120, 80


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


def short_name(name: str, most: int = _NAME) -> str:
    """A name, or a sentence, of so many letters at most, cut in the middle."""
    if len(name) <= most:
        return name
    half = (most - 1) // 2
    return f"{name[: most - 1 - half]}…{name[-half:]}"


def labels(names: Iterable[str], most: int = _NAME) -> list[str]:
    """Short names, told apart."""
    return told_apart([short_name(name, most) for name in names])


def abridged(names: Iterable[str], most: int = _LIST) -> str:
    """As many of the names as have so many letters together, one at least, and how many more.

    Example:
        >>> from optuna_metabo.explanation.names import abridged
        >>> abridged(["lr", "dropout", "momentum"], most=12)
        'lr, dropout and 1 more'
    """
    short = [short_name(name) for name in names]
    ends = accumulate(len(name) + len(", ") for name in short)
    shown = max(sum(end <= most + len(", ") for end in ends), 1)
    more = f" and {len(short) - shown} more" if len(short) > shown else ""
    return ", ".join(short[:shown]) + more
