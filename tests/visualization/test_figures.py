"""Every figure shows what it promises, is small, and is told apart without colour."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.trial import create_trial

from optuna_metabo import (
    Explanation,
    MetaGPSampler,
    Origin,
    SourceExplanation,
    TrialExplanation,
)
from optuna_metabo.visualization import (
    plot_best_values,
    plot_explanation,
    plot_histories,
    plot_predictions,
    plot_slices,
    plot_source_agreement,
    plot_source_weights,
)
from optuna_metabo.visualization.agreement import draw_agreement
from optuna_metabo.visualization.predictions import draw_predictions
from optuna_metabo.visualization.style import style_of
from optuna_metabo.visualization.weights import draw_weights
from tests.explanation.conftest import Studies, bowl

OF_A_STUDY = [plot_source_weights, plot_source_agreement, plot_predictions, plot_slices]


def names(figure: go.Figure) -> list[str]:
    return [part.name for part in figure.data]


@pytest.mark.parametrize("plot", OF_A_STUDY)
def test_a_figure_takes_the_sampler_of_the_study_or_another_and_is_small(
    studies: Studies, plot: Callable[..., go.Figure]
) -> None:
    study, sampler = studies
    figure = plot(study)
    assert len(figure.to_json()) < 20_000
    assert figure.layout.title.text
    random = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    random.optimize(bowl, n_trials=6)
    assert plot(random, sampler).data
    with pytest.raises(TypeError, match=r"expected a MetaGPSampler .* got RandomSampler"):
        plot(random)


@pytest.mark.parametrize("sampler", [None, MetaGPSampler(seed=0)])
@pytest.mark.parametrize("plot", OF_A_STUDY)
def test_a_figure_of_what_is_no_study_is_refused(
    plot: Callable[..., go.Figure], sampler: MetaGPSampler | None
) -> None:
    with pytest.raises(TypeError, match=r"^study: expected a Study, got 5$"):
        plot(5, sampler)


def test_no_two_lines_look_alike_without_colour() -> None:
    looks = [(style_of(i)["line"]["dash"], style_of(i)["marker"]["symbol"]) for i in range(42)]
    assert len(set(looks)) == 42


def test_weights_are_those_before_each_trial_and_now(studies: Studies) -> None:
    study, sampler = studies
    explanation, figure = sampler.explain(study), plot_source_weights(study)
    own = figure.data[-1]
    assert own.x == tuple(range(11))
    expected = [trial.weight_without_sources for trial in explanation.trials]
    assert own.y == pytest.approx([*expected, explanation.weight_without_sources], abs=1e-3)
    assert "enqueued" in own.hovertext[0]


def test_past_studies_that_coincide_share_a_line_that_says_so() -> None:
    random = optuna.samplers.RandomSampler(seed=0)
    past = []
    for i in range(3):
        past.append(optuna.create_study(study_name=f"past-{i}", sampler=random))
        past[0].optimize(bowl, n_trials=4)
        past[i].add_trials([] if i == 0 else past[0].trials)
    study = optuna.create_study(sampler=MetaGPSampler(past, seed=0))
    study.optimize(bowl, n_trials=2)
    assert len(plot_source_weights(study).data) < 4


def test_past_studies_of_one_name_have_a_line_a_bar_and_a_row_each(namesakes: Studies) -> None:
    study, sampler = namesakes
    explanation = sampler.explain(study)
    lines = plot_source_weights(study).data
    assert len(lines) == 4
    assert [line.name for line in lines][-1] == "(without past studies)"
    assert sum(line.line.dash == "dot" and line.line.width == 3 for line in lines) == 1
    assert {"same", "same (3)"} < {line.name for line in lines}
    bars = plot_explanation(explanation).data[0]
    assert len(bars.y) == len(set(bars.y)) == 4
    rows = [name for part in plot_source_agreement(study).data for name in part.y]
    assert len(rows) == len(set(rows)) == 4
    assert "same (2)" in rows  # left out


def test_long_names_that_differ_in_the_middle_have_a_bar_and_a_row_each() -> None:
    ends = "a" * 20, "z" * 20
    sources = tuple(
        SourceExplanation(f"{ends[0]}{i}{ends[1]}", 0.1 * i, 0.1, 20, n_compared=9)
        for i in range(1, 4)
    )
    found = Explanation(sources, 0.4)
    assert len({*plot_explanation(found).data[0].y}) == 4
    assert len({name for part in draw_agreement(found).data for name in part.y}) == 3
    assert len(draw_weights(found).data) == 4


def test_agreement_is_drawn_by_kind_with_those_left_out_and_why(studies: Studies) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(bowl, n_trials=15)
    figure = plot_source_agreement(study, studies[1])
    assert names(figure) == ["agrees", "opposed", "left out"]
    assert len({part.marker.symbol for part in figure.data}) == 3
    assert figure.data[2].text == (" has no completed trials",)
    assert figure.layout.yaxis.categoryarray == ("empty", "bad", "good")


def test_each_value_is_inside_or_outside_of_its_interval(studies: Studies) -> None:
    figure = plot_predictions(studies[0])
    points = figure.data[1:]
    assert sum(len(part.x) for part in points) == 9  # of the first nothing was expected
    for part in points:
        low = np.array(part.y) - part.error_y.arrayminus
        high = np.array(part.y) + part.error_y.array
        inside = (low - 1e-3 <= part.x) & (part.x <= high + 1e-3)
        assert inside.all() == (part.name == "inside the interval")


def test_slices_have_the_trials_the_belief_and_the_prior_in_every_panel(
    studies: Studies,
) -> None:
    figure = plot_slices(studies[0])
    panels = {
        key: [part.name for part in group]
        for key, group in itertools.groupby(figure.data, key=lambda part: part.xaxis)
    }
    prior = "past studies, before the first trial (order only)"
    assert list(panels.values()) == [["95 %", "expected", prior, "trials"]] * 2
    assert sum(bool(part.showlegend) for part in figure.data) == 4
    assert (figure.layout.xaxis.title.text, figure.layout.xaxis2.title.text) == ("x", "y")


def mixed(trial: optuna.Trial) -> float:
    lr, kind = trial.suggest_float("lr", 1e-5, 1, log=True), trial.suggest_categorical("k", "ab")
    extra = trial.suggest_int("n", 1, 3) if kind == "a" else 0
    return float(np.log10(lr) ** 2 + extra)


def test_slices_draw_choices_logarithms_and_parameters_that_not_all_trials_have() -> None:
    study = optuna.create_study(sampler=MetaGPSampler(seed=0))
    study.optimize(mixed, n_trials=8)
    figure = plot_slices(study, params=["k", "lr", "n"])
    axes = [figure.layout[name].type for name in ("xaxis", "xaxis2", "xaxis3")]
    assert axes == ["category", "log", "linear"]
    assert set(figure.data[0].x) == {"a", "b"}
    with pytest.raises(ValueError, match=r"no completed trial of .* has a 'z'"):
        plot_slices(study, params=["z"])
    with pytest.raises(ValueError, match="objective must be in 0 to 0, got 1"):
        plot_slices(study, objective=1)
    with pytest.raises(ValueError, match="has no completed trial"):
        plot_slices(optuna.create_study(sampler=study.sampler))


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_of_very_many_choices_the_best_are_drawn_and_the_others_counted(direction: str) -> None:
    choices = [f"c{i}" for i in range(60)]
    sign = 1.0 if direction == "minimize" else -1.0
    study = optuna.create_study(direction=direction, sampler=MetaGPSampler(seed=0))
    space = {"c": CategoricalDistribution(choices), "few": CategoricalDistribution(choices[:20])}
    for i in range(30):
        params = {"c": choices[7 * i % 60], "few": choices[i % 20]}
        study.add_trial(
            create_trial(params=params, distributions=space, value=sign * (7 * i % 60))
        )
    figure = plot_slices(study)
    many, few = (
        {part.name: part for part in figure.data if part.xaxis == axis} for axis in ("x", "x2")
    )
    shown = many["expected"].x
    assert len(shown) == len(set(shown)) == 20
    assert list(shown) == sorted(shown, key=choices.index)
    tried = sorted({7 * i % 60 for i in range(30)})
    assert {f"c{i}" for i in tried[:12]} < set(shown)
    assert set(many["trials"].x) <= set(shown)
    assert figure.layout.xaxis.title.text == "c (40 of 60 choices are not shown)"
    assert len(few["expected"].x) == 20
    assert figure.layout.xaxis2.title.text == "few"
    predicted = study.sampler.predict(study, [{**study.best_params, "c": c} for c in choices])
    order = np.argsort(sign * predicted[0].mean, kind="stable")
    low, high = figure.layout.yaxis.range
    assert all(low <= y <= high for y in many["expected"].y)
    others = [choices[i] for i in order if i not in tried[:12]]
    assert set(others[:8]) < set(shown)


def test_slices_of_a_study_without_a_finite_value_say_what_is_so() -> None:
    study = optuna.create_study(study_name="far", sampler=MetaGPSampler(seed=0))
    study.optimize(lambda trial: mixed(trial) + np.inf, n_trials=2)
    with pytest.raises(ValueError, match="of 'far' with a parameter has a finite value"):
        plot_slices(study)


def test_slices_of_parameters_that_cannot_vary_say_what_is_so(studies: Studies) -> None:
    study = optuna.create_study(study_name="fixed", sampler=MetaGPSampler(seed=0))
    study.optimize(
        lambda trial: trial.suggest_int("n", 3, 3) + trial.suggest_float("x", 1, 1), n_trials=2
    )
    with pytest.raises(ValueError, match="no parameter of 'fixed' has more than one value"):
        plot_slices(study)
    assert len(plot_slices(study, params=["n", "x"]).data) >= 4
    with pytest.raises(ValueError, match="params must name one parameter at least"):
        plot_slices(studies[0], params=[])
    with pytest.raises(TypeError, match="params expects a list of names, got 'lr'"):
        plot_slices(studies[0], params="lr")


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    "plot",
    [plot_predictions, plot_slices, lambda study, _: plot_histories({"a": [study] * 2})],
)
def test_values_next_to_the_largest_float_are_drawn(
    plot: Callable[..., go.Figure], sign: float
) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    large = [sign * np.finfo(float).max, -1e308, 3.0]
    study.optimize(lambda trial: large[trial.number % 3] + 0.0 * bowl(trial), n_trials=8)
    figure = plot(study, MetaGPSampler(seed=0))
    numbers = [x for part in figure.data for x in part.y]
    assert np.isfinite([*numbers, *(figure.layout.yaxis.range or ())]).all()
    assert numbers


def test_histories_are_means_over_seeds_up_to_the_shortest(studies: Studies) -> None:
    def run(seed: int, n: int) -> optuna.Study:
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        study.optimize(bowl, n_trials=n)
        return study

    runs = [run(0, 5), run(1, 7)]
    figure = plot_histories({"random": runs, "one": run(2, 4)})
    line = next(part for part in figure.data if part.name == "random")
    best = [np.minimum.accumulate([trial.values[0] for trial in one.trials[:5]]) for one in runs]
    assert line.y == pytest.approx(np.mean(best, axis=0), rel=1e-3)
    assert len(figure.data) == 3  # a band for the one of two seeds
    two = optuna.create_study(directions=["minimize"] * 2)
    for wrong, error in (
        ({}, "one study at least"),
        ({"a": two}, "one objective"),
        ({"a": optuna.create_study()}, "no completed trial"),
        ({"a": runs, "b": optuna.create_study(direction="maximize")}, "one direction"),
    ):
        with pytest.raises(ValueError, match=error):
            plot_histories(wrong)


@pytest.mark.parametrize(
    ("wrap", "said"),
    [
        (lambda study: [study], "studies expects a mapping from names to studies, .* got a list"),
        (lambda study: study, "studies expects a mapping from names to studies, .* got a Study"),
        (lambda study: {"a": "told"}, "'a' .* a study or several, got 'told'"),
        (lambda study: {"a": [study, 3]}, "'a' .* a study or several, got .*, 3\\]"),
        (lambda study: {"a": None}, "'a' .* a study or several, got None"),
    ],
)
def test_what_are_no_studies_by_name_is_named(wrap: Callable[[Any], Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        plot_histories(wrap(_told((1.0, None))))


def _told(*values: tuple[float, float | None], direction: str = "minimize") -> optuna.Study:
    """A study of completed trials with a value and a constraint, or with none."""
    study = optuna.create_study(study_name="told", direction=direction)
    for value, constraint in values:
        attributes = {} if constraint is None else {"constraints": [constraint]}
        study.add_trial(create_trial(value=value, system_attrs=attributes))
    return study


def test_a_trial_that_breaks_a_constraint_is_not_the_best_value_so_far() -> None:
    values = [(1.0, 0.5), (5.0, -1.0), (2.0, np.nan), (4.0, None), (3.0, 0.0), (0.0, np.inf)]
    [line] = plot_histories({"a": _told(*values)}).data
    assert line.y == pytest.approx((np.nan, 5.0, 5.0, 4.0, 3.0, 3.0), nan_ok=True)
    [line] = plot_histories({"a": _told(*values, direction="maximize")}).data
    assert line.y == pytest.approx((np.nan, 5.0, 5.0, 5.0, 5.0, 5.0), nan_ok=True)


@pytest.mark.skipif(not hasattr(optuna.Trial, "set_constraint"), reason="came with Optuna 5")
def test_a_history_ends_with_the_best_value_of_the_study() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.set_constraint("too small", 0.5 - x)
        return x

    study.optimize(objective, n_trials=8)
    [line] = plot_histories({"a": study}).data
    assert line.y[-1] == pytest.approx(study.best_value, rel=1e-3)


def test_a_study_whose_trials_all_break_a_constraint_has_no_history() -> None:
    with pytest.raises(ValueError, match="'told' has no completed trial that breaks no constr"):
        plot_histories({"a": _told((1.0, 0.5), (2.0, np.nan))})


def test_lines_on_one_another_differ_in_width_dash_and_where_their_markers_are() -> None:
    same = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]])
    one, other = plot_best_values({"a": same, "b": same}, title="", value_name="").data
    assert one.line.width > other.line.width
    assert one.line.dash != other.line.dash
    assert not (np.array(one.marker.size) * np.array(other.marker.size)).any()


def test_bars_of_many_past_studies_are_drawn_together() -> None:
    sources = tuple(SourceExplanation(f"s{i}", 0.02, None, 9) for i in range(40))
    figure = plot_explanation(Explanation(sources, 0.2))
    assert len(figure.data[0].y) == 14
    assert sum(figure.data[0].x) == pytest.approx(1.0)


@pytest.mark.parametrize("n_trials", [0, 1])
@pytest.mark.parametrize(
    ("plot", "said"),
    [
        (plot_source_agreement, "there is no past study to compare 'first' with"),
        (plot_predictions, "nothing was expected of any trial of 'first' before its value"),
        (plot_slices, "'first' has no completed trial"),
    ],
)
def test_where_there_is_nothing_to_show_it_is_said(
    plot: Callable[..., Any], said: str, n_trials: int
) -> None:
    study = optuna.create_study(study_name="first", sampler=MetaGPSampler(seed=0))
    study.optimize(bowl, n_trials=n_trials * (plot is not plot_slices))
    with pytest.raises(ValueError, match=said):
        plot(study)


def test_of_a_study_without_two_values_no_agreement_is_shown(studies: Studies) -> None:
    past = optuna.create_study(study_name="past", sampler=optuna.samplers.RandomSampler(seed=0))
    past.optimize(bowl, n_trials=9)
    study = optuna.create_study(study_name="first", sampler=MetaGPSampler([past], seed=0))
    study.optimize(bowl, n_trials=1)
    with pytest.raises(ValueError, match="'first' has fewer than two values to compare past st"):
        plot_source_agreement(study)
    assert names(plot_source_agreement(study, studies[1])) == ["left out"]


@pytest.mark.parametrize(
    ("draw", "said"),
    [(draw_agreement, "no past study to compare"), (draw_predictions, "nothing was expected")],
)
def test_a_figure_with_nothing_to_show_says_so_and_has_no_axes(
    draw: Callable[[Explanation], go.Figure], said: str
) -> None:
    figure = draw(Explanation((), 1.0, study_name="first"))
    assert said in figure.layout.annotations[0].text.replace("<br>", " ")
    assert (figure.layout.xaxis.visible, figure.layout.yaxis.visible) == (False, False)
    assert not figure.data


@pytest.mark.parametrize("n_trials", [0, 1, 2, 9, 400])
def test_trials_have_whole_numbers_and_their_marks_are_not_cut(n_trials: int) -> None:
    own = Origin("own model")
    trials = [TrialExplanation(i, own, i, (), (1.0,), None) for i in range(n_trials)]
    weights = draw_weights(Explanation((), 1.0, tuple(trials))).layout.xaxis
    best = plot_best_values({"a": np.zeros((1, n_trials + 1))}, title="", value_name="")
    for axis, first in ((weights, 0), (best.layout.xaxis, 1)):
        low, high = axis.range
        assert first - 0.1 * n_trials - 1 < low < first
        assert first + n_trials < high
        assert axis.dtick == (1 if n_trials < 10 else None)


def test_a_value_far_off_does_not_press_the_others_together() -> None:
    study = optuna.create_study(sampler=MetaGPSampler(seed=0), direction="maximize")
    study.optimize(lambda trial: -bowl(trial) - 1e9 * (trial.number == 3), n_trials=14)
    for figure in (plot_slices(study), plot_predictions(study)):
        low, high = figure.layout.yaxis.range
        assert -20.0 < low < high < 1.0
    assert "1 very bad beyond the picture" in plot_predictions(study).layout.title.text
