"""How an explanation is printed."""

from __future__ import annotations

import dataclasses

import pytest

from optuna_metabo import (
    Explanation,
    FeaturesExplanation,
    Origin,
    SourceExplanation,
    TrialExplanation,
)
from tests.explanation.conftest import Studies

ABC = {"a": 20_000, "b": 40, "c": 0}
MANY = Explanation(
    tuple(
        SourceExplanation(f"study-{i:02d}", 0.02, 0.1, 40, ("x",), n_compared=9) for i in range(40)
    ),
    0.2,
    (
        TrialExplanation(
            0, Origin("optimum", ("study-37",)), 0, (0.02,) * 40, (1.0,), None
        ),
        TrialExplanation(1, Origin("own model"), 1, (0.02,) * 40, (1.0,), None),
        TrialExplanation(2, Origin("own model"), 2, (0.02,) * 40, (1.0,), None),
        TrialExplanation(4, Origin("own model"), 3, (0.02,) * 40, (1.0,), None),
    ),
    "new",
    4,
)  # fmt: skip


def test_of_forty_the_ten_that_matter_are_printed_and_the_thirty_others_together() -> None:
    lines = str(MANY).splitlines()
    assert sum(line.startswith("study-") for line in lines) == 10
    assert any(line.startswith("study-37") for line in lines)  # a trial came from it
    [rest] = [line for line in lines if line.startswith("and 30 more")]
    assert rest.split()[3:] == ["0.600", "0.600"]
    assert lines[0] == "'new' after 4 trials: 40 past studies used"
    assert lines[-2:] == ["trial 0: study-37's optimum", "trials 1-2, 4: own model"]


def test_a_source_that_gave_the_first_trial_is_named_though_it_counts_no_more() -> None:
    gone = [dataclasses.replace(one, weight=0.0) for one in MANY.sources]
    printed = str(dataclasses.replace(MANY, sources=tuple(gone), weight_without_sources=1.0))
    [line] = [line for line in printed.splitlines() if line.startswith("study-37")]
    assert line.split()[1:3] == ["0.000", "0.020"]


def test_of_trials_that_are_not_all_used_it_is_said_how_many_there_are() -> None:
    used = [SourceExplanation(name, 0.3, 0.1, 40, n_finished=n) for name, n in ABC.items()]
    lines = str(Explanation(tuple(used), 0.1)).splitlines()
    found = {line[0]: line for line in lines if line[:1] in ABC}
    assert found["a"].endswith("  40 of 20000")
    assert all(found[name].endswith("  40") for name in "bc")


def test_of_trials_that_are_not_all_told_it_is_said_how_many_there_are() -> None:
    assert "are told" not in str(dataclasses.replace(MANY, n_trials=4))
    printed = str(dataclasses.replace(MANY, n_trials=5))
    assert printed.splitlines()[-1] == "of 5 trials 4 are told: the first ones and an even spread"


@pytest.mark.parametrize(
    ("n_told", "n_trials", "said"),
    [
        (0, 0, "0 trials"),
        (1, 1, "1 trial"),
        (4, 0, "4 trials"),  # which have no parameters
        (10, 18, "18 trials, 10 with a value"),
        (0, 5, "5 trials without a value"),
        (0, 1, "1 trial without a value"),
    ],
)
def test_of_trials_without_a_value_it_is_said_that_there_are_any(
    n_told: int, n_trials: int, said: str
) -> None:
    found = Explanation((), 1.0, study_name="new", n_told=n_told, n_trials=n_trials)
    assert str(found).startswith(f"'new' after {said}: 0 past studies used\n")


@pytest.mark.parametrize(("n", "more"), [(11, "and 1 more origin"), (12, "and 2 more origins")])
def test_how_many_more_origins_there_are_is_told(n: int, more: str) -> None:
    first = MANY.trials[0]
    trials = tuple(
        dataclasses.replace(first, number=i, origin=Origin("optimum", (f"study-{i:02d}",)))
        for i in range(n)
    )
    lines = str(dataclasses.replace(MANY, trials=trials, n_trials=n)).splitlines()
    assert lines[-2:] == ["trial 9: study-09's optimum", more]


def test_an_opposed_one_matters_whatever_it_weighs() -> None:
    opposed = SourceExplanation("opposed", 0.0, -0.9, 40, n_compared=20)
    trials = [dataclasses.replace(one, weights=(*one.weights, 0.0)) for one in MANY.trials]
    printed = str(
        dataclasses.replace(MANY, sources=(*MANY.sources, opposed), trials=tuple(trials))
    )
    assert "opposed (-0.90," in printed


@pytest.mark.parametrize(
    ("at_first", "own", "n_told", "reason", "is_said"),
    [
        (0.3, 0.99, 4, None, True),
        (0.3, 0.9, 4, None, False),
        (0.99, 0.99, 4, None, False),  # by how little past studies are trusted: they never counted
        (0.99, 0.99, 0, None, False),
        (1.0, 1.0, 4, "is empty", False),
    ],
)
def test_where_own_values_have_the_last_word_it_is_said(
    at_first: float, own: float, n_told: int, reason: str | None, is_said: bool
) -> None:
    source = SourceExplanation("agreeing", 1.0 - own, 0.7, 40, n_compared=20, reason=reason)
    first = TrialExplanation(0, Origin("common"), 0, (1.0 - at_first,), None, None)
    found = Explanation((source,), own, (first,), "new", n_told)
    assert ("own values now predict better" in str(found)) is is_said


def test_strange_names_stay_text_in_html_and_markdown() -> None:
    strange = SourceExplanation("<b>|x*", 0.5, None, 3)
    found = Explanation((strange,), 0.5)
    assert "&lt;b&gt;|x*" in found._repr_html_()
    assert "\\<b>\\|x\\*" in found.to_markdown()


def test_what_a_name_means_in_markdown_is_escaped() -> None:
    found = Explanation((SourceExplanation("~~a~~ &lt; [b](c) `d`", 0.5, None, 3),), 0.5)
    assert r"| \~\~a\~\~ \&lt; \[b](c) \`d\` |" in found.to_markdown()


def written(name: str) -> list[str]:
    """A name as text, Markdown and HTML, wherever names stand."""
    left_out = SourceExplanation(f"not {name}", 0.0, None, 0, reason=f"lacks {name}")
    source = SourceExplanation(name, 0.5, None, 3, missing=(f"x{name}",))
    trial = TrialExplanation(0, Origin("optimum", (name,)), 0, (0.5,), (1.0,), None)
    features = (FeaturesExplanation({name: 1.0}, 0.3, 0.1),)
    one = Explanation((source, left_out), 0.5, (trial,), name, 1, features=features)
    return [str(one), one.to_markdown(), one._repr_html_()]


@pytest.mark.parametrize("name", ["a\nb", "## a\n## b", "a\r\n\r\n| b |", "a\u2028b\x0bc\n"])
def test_a_name_stays_on_one_line(name: str) -> None:
    for strange, plain in zip(written(name), written("plain"), strict=True):
        assert len(strange.splitlines()) == len(plain.splitlines())


def test_no_control_character_of_a_name_is_written() -> None:
    for text in written("a\x1bb\tc\x07\x9bd\x7f"):
        assert r"a\x1bb c\x07\x9bd\x7f" in text.replace(r"\\", "\\")
        assert text.replace("\n", "").isprintable()


def test_a_column_that_says_nothing_is_left_out() -> None:
    assert "missing" not in str(MANY)
    lacking = dataclasses.replace(MANY.sources[0], missing=("x",))
    assert "missing" in str(Explanation((lacking,), 0.98))


def test_what_is_left_out_for_one_reason_is_one_line() -> None:
    reasons = ["is empty"] * 40 + ["shares no parameter"]
    left_out = [
        SourceExplanation(f"study-{i}", 0.0, None, 0, reason=why) for i, why in enumerate(reasons)
    ]
    *_, many, one = str(Explanation(tuple(left_out[::-1]), 1.0)).splitlines()
    assert many == "left out: study-40 (shares no parameter)"
    assert one.startswith("left out: 40 past studies (is empty): study-39, study-38, ")
    assert one.endswith(" more")


def test_what_is_left_out_is_counted_beyond_ten_reasons() -> None:
    left_out = [SourceExplanation(f"s{i}", 0.0, None, 0, reason=f"is {i}") for i in range(13)]
    printed = str(Explanation(tuple(left_out), 1.0))
    assert printed.count("left out: ") == 10
    assert printed.endswith("and 3 more left out")


def test_frames_have_a_row_each_for_sources_and_trials(studies: Studies) -> None:
    study, sampler = studies
    explanation = sampler.explain(study)
    sources, trials = explanation.to_dataframe(), explanation.trials_to_dataframe()
    assert set(sources["name"]) == {"good", "bad", "empty"}
    assert sources["weight"].sum() + explanation.weight_without_sources == pytest.approx(1.0)
    assert list(trials["trial"]) == list(range(10))
    weights = trials[["weight of good", "weight of bad", "without past studies"]].sum(axis=1)
    assert weights.to_numpy() == pytest.approx(1.0)
    assert trials["predicted"].isna().tolist() == [True] + [False] * 9
    nothing = Explanation((), 1.0)
    assert list(nothing.to_dataframe().columns) == list(sources.columns)
    own = [one for one in trials.columns if not one.startswith("weight of")]
    assert list(nothing.trials_to_dataframe().columns) == own


def test_the_weight_at_first_is_that_of_each_past_study() -> None:
    names = {"a": None, "b": None, "c": "is empty"}
    sources = [SourceExplanation(name, 0.3, None, 9, reason=why) for name, why in names.items()]
    trials = [
        TrialExplanation(i, Origin("own model"), i, weights, None, None)
        for i, weights in enumerate([(0.6, 0.1), (0.2, 0.3)])
    ]
    found = Explanation(tuple(sources), 0.4, tuple(trials)).to_dataframe()["weight_at_first"]
    assert found.to_numpy() == pytest.approx([0.6, 0.1, float("nan")], nan_ok=True)


def test_features_that_hardly_count_are_only_counted() -> None:
    told = str(FeaturesExplanation({"a": 0.992, "b": 0.004, "c": 0.004}, 0.3, 0.1))
    assert told.startswith("features a (99 %) and 2 more: ")


def test_past_studies_of_one_name_have_a_row_and_a_column_each(namesakes: Studies) -> None:
    study, sampler = namesakes
    explanation = sampler.explain(study)
    expected = ["same", "same (3)", "(without past studies) (2)"]
    trials = explanation.trials_to_dataframe()
    assert {f"weight of {name}" for name in expected} < set(trials.columns)
    weights = trials[[one for one in trials.columns if one.startswith("with") or "weight" in one]]
    assert weights.sum(axis=1).to_numpy() == pytest.approx(1.0)
    rows = [line.split("  ")[0] for line in str(explanation).splitlines()[2:]]
    assert set(rows) >= {*expected, "(without past studies)"}
    assert "left out: same (2) (all its values are the same)" in str(explanation)


LONG_NAMES = [f"{'n' * 150}{i}{'m' * 150}" for i in range(3)]
LONG = Explanation(
    (
        *[
            SourceExplanation(name, 0.2, 0.1, 40, ("x",), tuple(f"p{i}" * 10 for i in range(30)))
            for name in LONG_NAMES
        ],
        SourceExplanation("o" * 300, 0.0, None, 0, reason=f"cannot be read: {'why ' * 99}"),
    ),
    0.4,
    (TrialExplanation(0, Origin("optimum", (LONG_NAMES[1],)), 0, (0.2,) * 3, None, None),),
    "s" * 300,
    features=tuple(
        FeaturesExplanation({f"{i}{'f' * 90}": counts for i in range(10)}, 0.3, 0.1)
        for counts in (0.1, 0.0)
    ),
)


def test_however_long_names_are_and_however_many_lines_stay_short() -> None:
    lines = str(LONG).splitlines()
    assert max(map(len, lines)) < 450
    assert sum(map(len, lines)) < 3000
    assert "and 27 more" in str(LONG)
    [row] = [line for line in lines if line.split("  ")[0].endswith("(2)")]
    name = row.split("  ")[0]
    assert f"trial 0: {name}'s optimum" in lines
    for printed in (LONG.to_markdown(), LONG._repr_html_()):
        assert len(printed) < 5000
        assert name in printed


def test_frames_have_names_whole_and_all_of_them() -> None:
    sources = LONG.to_dataframe()
    assert sources["name"].tolist()[:3] == LONG_NAMES
    assert sources["missing"][0] == ", ".join(LONG.sources[0].missing)
    trials = LONG.trials_to_dataframe()
    assert trials["origin"][0] == f"{LONG_NAMES[1]}'s optimum"
    assert f"weight of {LONG_NAMES[1]}" in trials.columns
