"""Whether the sampler knows what it does not know: predictions made before each value was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray as Array
from optuna.study import Study

from optuna_metabo.explanation import Explanation, TrialExplanation
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.shapes import Bool, Float
from optuna_metabo.visualization.style import (
    COLOURS,
    empty_figure,
    new_figure,
    reach,
    sampler_of,
    short,
    span_of,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_TITLE = "Expected before each value was seen"


def plot_predictions(
    study: Study, sampler: MetaGPSampler | None = None, *, objective: int = 0
) -> go.Figure:
    """What was expected of each trial before its value was seen, against that value.

    With central intervals of 95 % of the function without observation noise. Values outside are
    crossed; of a hundred there should be about five.

    Args:
        study: The study.
        sampler: What knows the past studies, the study's sampler if not given.
        objective: Which of several.

    Raises:
        TypeError: If the sampler is not a ``MetaGPSampler``, or ``study`` is no study.
        ValueError: If there is no such objective, or no trial of which something was expected.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> from optuna_metabo.visualization import plot_predictions
        >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0))
        >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=8)
        >>> sum(len(kind.x) for kind in plot_predictions(study).data[1:])
        7
    """
    found, count = sampler_of(study, sampler), len(study.directions)
    if not 0 <= objective < count:
        raise ValueError(f"objective must be in 0 to {count - 1}, got {objective}")
    explanation = found.explain(study)
    if not _expected(explanation, objective):
        raise ValueError(_nothing(explanation))
    return draw_predictions(explanation, objective)


def draw_predictions(explanation: Explanation, objective: int = 0) -> go.Figure:
    """The figure of :func:`plot_predictions`; where it has nothing to show it says so."""
    trials = _expected(explanation, objective)
    if not trials:
        return empty_figure(_TITLE, _nothing(explanation))
    figure = new_figure(_TITLE, height=480)
    value, expected, low, high = _numbers(trials, objective)
    low_end, high_end = span_of(value, maximised=explanation.maximised[objective])
    ends = [low_end, high_end]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": "#888", "width": 1}, name="as expected"
    )
    inside = (low <= value) & (value <= high)
    numbers = [trial.number for trial in trials]
    for is_inside, name in ((True, "inside the interval"), (False, "outside")):
        _add(figure, name, numbers, (value, expected, low, high), inside == is_inside)
    share = f"{int(inside.sum())} of {len(value)} inside the interval of 95 %"
    beyond = int(((value < low_end) | (value > high_end)).sum())
    share += f"; {beyond} very bad beyond the picture" if beyond else ""
    figure.update_layout(title_text=f"{_TITLE}<br><sub>{share}</sub>")
    figure.update_xaxes(title="Value", range=ends)
    figure.update_yaxes(title="Expected value", range=ends)
    return figure


def _expected(explanation: Explanation, objective: int) -> list[TrialExplanation]:
    """The trials with a finite value of which something was expected before."""
    return [
        trial
        for trial in explanation.trials
        if trial.prediction is not None and trial.values is not None
        and np.isfinite(trial.values[objective])
    ]  # fmt: skip


def _nothing(explanation: Explanation) -> str:
    """Why there is no such trial."""
    return (
        f"nothing was expected of any trial of {explanation.study_name!r} before its value was "
        "known: that takes one after the first completed trial"
    )


def _numbers(trials: list[TrialExplanation], objective: int) -> Float[Array, "4 n"]:
    """Value, mean, low and high of each trial."""
    rows = [
        (trial.values[objective], one.mean[objective], one.low[objective], one.high[objective])
        for trial in trials
        if (one := trial.prediction) is not None and trial.values is not None
    ]
    return np.array(rows).T


def _add(
    figure: go.Figure,
    name: str,
    numbers: list[int],
    told: tuple[Float[Array, " n"], ...],
    chosen: Bool[Array, " n"],
) -> None:
    value, expected, low, high = (part[chosen] for part in told)
    is_inside = name.startswith("inside")
    colour = COLOURS[0] if is_inside else COLOURS[1]
    if len(value):
        figure.add_scatter(
            x=short(value),
            y=short(expected),
            error_y={
                "array": short(reach(expected, high)),
                "arrayminus": short(reach(low, expected)),
                "color": colour,
                "thickness": 1,
            },
            mode="markers",
            marker={"color": colour, "symbol": "circle" if is_inside else "x", "size": 8},
            name=name,
            hovertext=[f"trial {numbers[i]}" for i in np.flatnonzero(chosen).tolist()],
        )
