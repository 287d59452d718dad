"""What a trial came from, by weights and points alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from optuna_metabo.explanation.origin import Kind, Origin, chosen_by, shares, together
from optuna_metabo.surrogate import Posterior, Task, TransferModel

NAMES = ("a", "b", "c")
TASKS = [Task(np.array([[at, at], [0.0, 1.0]]), np.array([1.0, 0.0])) for at in (0.2, 0.21, 0.8)]


def origin(x: list[float], weights: list[float]) -> Origin:
    return chosen_by(np.array(x), np.array(weights), NAMES, TASKS)


def test_more_than_half_of_the_own_belief_is_the_own_model_wherever_it_is() -> None:
    assert origin([0.8, 0.8], [0.1, 0.1, 0.2, 0.6]) == Origin("own model")
    assert origin([0.8, 0.8], [0.0, 0.0, 0.0, 1.0]) == Origin("own model")


def test_the_best_trial_of_a_study_that_counts_is_named_the_heaviest_first() -> None:
    assert origin([0.82, 0.78], [0.3, 0.3, 0.4, 0.0]) == Origin("optimum", ("c",))
    assert origin([0.2, 0.2], [0.3, 0.4, 0.3, 0.0]) == Origin("optimum", ("b", "a"))
    assert origin([0.2, 0.2], [0.9999, 0.0001, 0.0, 0.0]) == Origin("optimum", ("a",))


def test_elsewhere_it_is_one_study_or_what_is_common_to_those_that_count() -> None:
    assert origin([0.5, 0.5], [0.5, 0.1, 0.1, 0.3]) == Origin("source", ("a",))
    assert origin([0.5, 0.5], [0.1, 0.0, 0.4, 0.5]) == Origin("source", ("c",))
    assert origin([0.5, 0.5], [0.3, 0.3, 0.3, 0.1]) == Origin("common", NAMES)
    assert origin([0.5, 0.5], [0.4, 0.0, 0.4, 0.2]) == Origin("common", ("a", "c"))


def test_one_study_is_named_only_with_more_than_two_thirds_of_what_all_of_them_count() -> None:
    assert origin([0.5, 0.5], [0.35001, 0.34999, 0.0, 0.3]) == Origin("common", ("a", "b"))
    assert origin([0.5, 0.5], [0.46, 0.24, 0.0, 0.3]) == Origin("common", ("a", "b"))
    assert origin([0.5, 0.5], [0.48, 0.22, 0.0, 0.3]) == Origin("source", ("a",))
    # But for rounding it has two thirds.
    assert origin([0.5, 0.5], [0.4 + 1e-12, 0.2, 0.0, 0.4]) == Origin("common", ("a", "b"))


def test_where_most_of_what_past_studies_have_is_their_opposites_it_is_the_opposite() -> None:
    at_c, weights = np.array([0.8, 0.8]), np.array([0.1, 0.1, 0.4, 0.4])
    assert chosen_by(at_c, weights, NAMES, TASKS, 0.25).kind == "optimum"
    found = chosen_by(at_c, weights, NAMES, TASKS, 0.35)
    assert found == Origin("opposite", ("c", "a", "b"))


def test_a_study_that_serves_two_objectives_counts_with_both_shares() -> None:
    found = chosen_by(
        np.array([0.5, 0.5]), np.array([0.4, 0.15, 0.3, 0.15, 0.0]), ("a", "b", "a", "c"),
        [*TASKS, TASKS[0]],
    )  # fmt: skip
    assert found == Origin("source", ("a",))


def test_columns_that_a_study_does_not_know_are_not_compared() -> None:
    task = Task(np.array([[0.2, 0.9]]), np.array([1.0]), np.array([True, False]))
    assert chosen_by(np.array([0.2, 0.1]), np.array([1.0, 0.0]), ["a"], [task]).kind == "optimum"
    assert chosen_by(np.array([0.4, 0.9]), np.array([1.0, 0.0]), ["a"], [task]).kind == "source"


@dataclass
class Whole(TransferModel):
    shares: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        return self.shares

    def posterior(self, X: np.ndarray) -> Posterior:
        raise NotImplementedError


@dataclass
class Divided(Whole):
    chooser: Whole

    @property
    def acting(self) -> Whole:
        return self.chooser


@pytest.mark.parametrize(
    ("weights", "acting", "expected"),
    [
        ([0.3, 0.2], None, [0.3, 0.2, 0.5]),
        ([0.3, 0.2], [0.3, 0.2], [0.3, 0.2, 0.5]),
        ([0.3, 0.2], [0.0, 0.0], [0.0, 0.0, 1.0]),
        ([0.3, 0.2], [0.3, 0.1], [0.75, 0.25, 0.0]),
        ([], None, [1.0]),
    ],
)
def test_the_part_of_a_model_that_chooses_has_all_shares(
    weights: list[float], acting: list[float] | None, expected: list[float]
) -> None:
    whole = Whole(np.array(weights))
    model = whole if acting is None else Divided(whole.weights, Whole(np.array(acting)))
    assert shares(model) == pytest.approx(expected)


def test_before_the_first_value_only_past_studies_have_shares() -> None:
    parts = [np.array([0.2, 0.1, 0.7]), np.array([0.3, 0.7])]
    assert together(parts, is_told=True) == pytest.approx([0.1, 0.05, 0.15, 0.7])
    assert together(parts, is_told=False) == pytest.approx([0.1, 0.05, 0.15, 0.0])
    nothing = [np.array([0.0, 1.0]), np.array([1.0])]
    assert together(nothing, is_told=False) == pytest.approx([0.0, 1.0])


def test_words() -> None:
    assert str(Origin("optimum", ("a", "b"))) == "a's and b's optimum"
    assert str(Origin("optimum", ("a", "b", "c"))) == "the optimum of 3 studies"
    assert str(Origin("source", ("a",))) == "learned from a"
    assert str(Origin("own model")) == "own model"
    assert str(Origin("opposite", ("a",))) == "the opposite of a"
    assert str(Origin("opposite", ("a", "b"))) == "the opposite of 2 studies"


def _words(kind: Kind) -> list[str]:
    """What a kind of origin is called, of one past study and of several."""
    many = tuple(map(str, range(8)))
    names = {
        "optimum": [("rf-cancer",), ("rf-cancer", "rf-wine"), many],
        "opposite": [("rf-cancer",), many],
        "source": [("rf-cancer",)],
        "common": [many],
    }
    return [str(Origin(kind, one)) for one in names.get(kind, [()])]


def test_every_origin_is_in_the_table_of_the_guide() -> None:
    page = Path(__file__).parents[2] / "docs" / "visualization.md"
    table = page.read_text("utf-8").split("| origin | when |")[1].split("\n\n")[0]
    told = re.sub(r"\d+ studies", "8 studies", table)
    cells = {cell for row in told.splitlines() for cell in row.split("|")[1:2]}
    names = {name.strip() for cell in cells for name in cell.split(";")}
    assert {word for kind in get_args(Kind) for word in _words(kind)} <= names
