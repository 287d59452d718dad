"""The cost of priors of many studies."""

from __future__ import annotations

import pytest

from studies.stress.priors import SPACE, Synthetic, main


def test_a_study_is_the_same_whenever_it_is_read() -> None:
    storage = Synthetic(2, 3)
    one, again, other = (storage.get_all_trials(i) for i in (0, 0, 1))
    assert [trial.params for trial in one] == [trial.params for trial in again]
    assert one[0].params != other[0].params
    assert one[0].params.keys() == SPACE.keys()
    assert [trial.number for trial in one] == [0, 1, 2]


def test_what_it_costs_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--studies", "2", "--trials", "5"])
    printed = capsys.readouterr().out
    assert printed.startswith("2 x 5: fit ")
    assert all(word in printed for word in ("peak", "save", "file", "load", "asks"))
