"""How much each past study counts, now and over the trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray as Array
from optuna.study import Study

from optuna_metabo.explanation import Explanation
from optuna_metabo.explanation.names import WITHOUT, labels, told_apart
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.shapes import Float
from optuna_metabo.visualization.style import (
    COLOURS,
    GREY,
    axis_of_trials,
    labels_of,
    new_figure,
    sampler_of,
    short,
    style_of,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Past studies with a line of their own; the others are drawn together.
_MOST = 6
# Lines nowhere farther apart than this cannot be told apart, and become one.
_ALIKE = 0.01


def plot_source_weights(study: Study, sampler: MetaGPSampler | None = None) -> go.Figure:
    """How much each past study counted before each trial, and counts now.

    Past studies whose lines coincide share one, which says so; hovering shows what each trial
    came from.

    Args:
        study: The study.
        sampler: What knows the past studies, the study's sampler if not given.

    Raises:
        TypeError: If that is not a ``MetaGPSampler``, or ``study`` is no study.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> from optuna_metabo.visualization import plot_source_weights
        >>> def objective(trial):
        ...     return (trial.suggest_float("x", 0, 1) - 0.3) ** 2
        >>> past = optuna.create_study(study_name="past", sampler=optuna.samplers.RandomSampler(0))
        >>> past.optimize(objective, n_trials=20)
        >>> study = optuna.create_study(sampler=MetaGPSampler([past], seed=0))
        >>> study.optimize(objective, n_trials=3)
        >>> figure = plot_source_weights(study)
        >>> [line.name for line in figure.data]
        ['past', '(without past studies)']
    """
    return draw_weights(sampler_of(study, sampler).explain(study))


def draw_weights(explanation: Explanation) -> go.Figure:
    """The figure of :func:`plot_source_weights`."""
    trials = explanation.trials
    numbers = [trial.number for trial in trials]
    x = [*numbers, numbers[-1] + 1] if numbers else [0]
    hover = [f"before trial {trial.number}, which came from: {trial.origin}" for trial in trials]
    figure = new_figure("How much each past study counts", height=460)
    lines = _lines(explanation)
    looks = [*map(style_of, range(len(lines) - 1)), _own_style()]
    for (name, y), look in zip(lines, looks, strict=True):
        figure.add_scatter(
            x=x, y=short(y), name=name, hovertext=[*hover, "now"], mode="lines+markers", **look
        )
    figure.update_xaxes(axis_of_trials(x[0], x[-1]))
    figure.update_xaxes(title="Weight before trial (the last point: now)")
    figure.update_yaxes(title="Weight")
    return figure


def _own_style() -> dict[str, dict[str, object]]:
    line = {"color": GREY, "dash": "dot", "width": 3}
    return {"line": line, "marker": {"symbol": "circle-open", "size": 8}}


def _lines(explanation: Explanation) -> list[tuple[str, Float[Array, " n+1"]]]:
    """Names and weights over the trials: of those that matter, of the others, and of none."""
    used = [i for i, source in enumerate(explanation.sources) if source.reason is None]
    names = labels(source.name for source in explanation.sources)
    weights = np.array(
        [
            [*(trial.weights[i] for trial in explanation.trials), explanation.sources[i].weight]
            for i in used
        ]
    ).reshape(len(used), len(explanation.trials) + 1)
    groups = _alike(weights)
    groups.sort(key=lambda group: -float(weights[group[0]].max()))
    n_shown = len(groups) if len(groups) <= _MOST + 1 else _MOST
    lines = [
        (_named([names[used[i]] for i in group]), weights[group[0]]) for group in groups[:n_shown]
    ]
    rest = [i for group in groups[n_shown:] for i in group]
    if rest:
        lines.append((f"{len(rest)} others, together", weights[rest].sum(axis=0)))
    own = [trial.weight_without_sources for trial in explanation.trials]
    return [*lines, (WITHOUT, np.array([*own, explanation.weight_without_sources]))]


def _alike(weights: Float[Array, "k n"]) -> list[list[int]]:
    """Rows that cannot be told apart, together."""
    groups: list[list[int]] = []
    for i, row in enumerate(weights):
        for group in groups:
            if np.abs(weights[group[0]] - row).max() <= _ALIKE:
                group.append(i)
                break
        else:
            groups.append([i])
    return groups


def _named(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return f"{names[0]} and {names[1]}, each"
    return f"{names[0]} and {len(names) - 1} alike, each"


def plot_explanation(explanation: Explanation) -> go.Figure:
    """How much each past study counts, as bars, and how much it did at first.

    Those with the most weight have a bar of their own. Hovering shows the agreement.

    Args:
        explanation: What :meth:`optuna_metabo.MetaGPSampler.explain` returned.

    Example:
        >>> from optuna_metabo import Explanation, SourceExplanation
        >>> from optuna_metabo.visualization import plot_explanation
        >>> source = SourceExplanation("rf-cancer", 0.7, 0.6, 40, n_compared=12)
        >>> figure = plot_explanation(Explanation((source,), 0.3))
        >>> figure.data[0].y
        ('rf-cancer', '(without past studies)')
    """
    sources = explanation.sources
    used = [source for source in sources if source.reason is None]
    shown, rest = used[: 2 * _MOST], used[2 * _MOST :]
    label = labels_of(sources)
    names = [label[source] for source in shown]
    weights = [source.weight for source in shown]
    hover = [f"{source.name}: {source.agreement}" for source in shown]
    if rest:
        names.append(f"{len(rest)} others, together")
        weights.append(sum(source.weight for source in rest))
        hover.append("")
    names = [*told_apart(names), WITHOUT]
    weights.append(explanation.weight_without_sources)
    figure = new_figure("What the sampler listens to", height=140 + 26 * len(names))
    patterns = [""] * (len(names) - 1) + ["/"]
    figure.add_bar(
        x=short(weights),
        y=names,
        orientation="h",
        marker={"color": COLOURS[0], "pattern": {"shape": patterns}},
        hovertext=[*hover, ""],
        name="now",
    )
    _add_first(figure, explanation, names)
    figure.update_xaxes(title="Weight", range=[0, 1.02])
    figure.update_yaxes(autorange="reversed")
    return figure


def _add_first(figure: go.Figure, explanation: Explanation, names: list[str]) -> None:
    """A diamond for the weight before the first trial."""
    if not explanation.trials:
        figure.update_layout(showlegend=False)
        return
    n_used = sum(source.reason is None for source in explanation.sources)
    first, own = explanation.trials[0].weights[:n_used], explanation.trials[0]
    weights = [*first[: 2 * _MOST]]
    if n_used > 2 * _MOST:
        weights.append(sum(first[2 * _MOST :]))
    weights.append(own.weight_without_sources)
    marker = {"symbol": "diamond-open", "size": 10, "color": "#000", "line": {"width": 2}}
    figure.add_scatter(
        x=short(weights), y=names, mode="markers", marker=marker, name="before the first trial"
    )
