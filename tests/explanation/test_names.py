"""What past studies are called."""

from __future__ import annotations

import pytest

from optuna_metabo.explanation.names import WITHOUT, abridged, labels, short_name, told_apart


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "b", "a", "a"], ["a", "b", "a (2)", "a (3)"]),
        (["a", "a", "a (2)"], ["a", "a (3)", "a (2)"]),
        (["a (2)", "a (2)", "a", "a"], ["a (2)", "a (2) (2)", "a", "a (3)"]),
        ([WITHOUT, WITHOUT], [f"{WITHOUT} (2)", f"{WITHOUT} (3)"]),
    ],
)
def test_no_two_names_are_the_same_and_who_has_one_alone_keeps_it(
    names: list[str], expected: list[str]
) -> None:
    assert told_apart(names) == expected
    assert told_apart(expected) == expected


def test_of_a_thousand_of_one_name_each_has_its_own() -> None:
    assert len(set(told_apart(["same"] * 1000))) == 1000


def test_long_names_are_cut_in_the_middle() -> None:
    assert short_name("short") == "short"
    assert len(short_name("a" * 50)) == 24
    assert short_name("start" + "x" * 40 + "end").startswith("start")


def test_cut_names_stay_apart() -> None:
    long = [f"{'a' * 30}{i}{'b' * 30}" for i in range(3)]
    found = labels([*long, "short", "short (2)"])
    assert len(set(found)) == 5
    assert found[3:] == ["short", "short (2)"]
    assert found[0] in found[1]


def test_of_many_names_the_first_are_listed_and_the_others_counted() -> None:
    assert abridged([]) == ""
    assert abridged(["a", "b, c"]) == "a, b, c"
    assert abridged(list("abcdefghijklmnopqrst")) == ", ".join("abcdefghijklmnopqrst")
    thirty = [f"parameter-{i:02d}" for i in range(30)]
    assert abridged(thirty) == ", ".join(thirty[:5]) + " and 25 more"
    assert abridged(["a" * 500, "b" * 500], most=1).endswith(f"…{'a' * 11} and 1 more")
