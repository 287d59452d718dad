"""Many trials at once."""

from __future__ import annotations

import pytest

from studies.past import others, past_studies
from studies.stress.parallel import main, tune
from studies.stress.tables import tables


@pytest.mark.parametrize("n_workers", [1, 3])
def test_enough_trials_of_a_small_table_find_its_optimum(toy: str, n_workers: int) -> None:
    past = past_studies(toy, others(toy, 1), 0, 6)
    assert tune(tables(toy)[1], past, 0, n_workers, 14) == 0.0


def test_the_command_prints_a_line_for_each_family(
    toy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--families", toy, "--workers", "2", "--trials", "2", "--seeds", "1"])
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{toy}: one worker ")
    assert "6/6" in captured.err
