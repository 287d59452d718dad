"""Which past studies order points as the new one does, and which were left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from optuna.study import Study

from optuna_metabo.explanation import Explanation, SourceExplanation
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.visualization.style import (
    COLOURS,
    GREY,
    empty_figure,
    labels_of,
    new_figure,
    sampler_of,
    short,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_TITLE = "Which past studies order points alike"
# Past studies, and studies that were left out, that are drawn; pixels for each.
_MOST, _MOST_LEFT_OUT, _ROW = 24, 12, 24
_LOOKS = {
    "agrees": (COLOURS[0], "circle"),
    "says nothing": (GREY, "circle-open"),
    "untested": (GREY, "x-open"),
    "opposed": (COLOURS[1], "x"),
}


def plot_source_agreement(study: Study, sampler: MetaGPSampler | None = None) -> go.Figure:
    """Kendall's tau between each past study's predictions and the study's values.

    With intervals, the wider the more past studies are compared; a study that was left out stands
    below with the reason. Of many past studies those are drawn that agree or disagree most.

    Args:
        study: The study.
        sampler: What knows the past studies, the study's sampler if not given.

    Raises:
        TypeError: If that is not a ``MetaGPSampler``, or ``study`` is no study.
        ValueError: If no past study can be compared with the study, and none was left out.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> from optuna_metabo.visualization import plot_source_agreement
        >>> def objective(trial):
        ...     return (trial.suggest_float("x", 0, 1) - 0.3) ** 2
        >>> past = optuna.create_study(study_name="past", sampler=optuna.samplers.RandomSampler(0))
        >>> past.optimize(objective, n_trials=20)
        >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(1))
        >>> study.optimize(objective, n_trials=10)
        >>> figure = plot_source_agreement(study, MetaGPSampler([past], seed=0))
        >>> [(kind.name, kind.y) for kind in figure.data]
        [('agrees', ('past',))]
    """
    explanation = sampler_of(study, sampler).explain(study)
    if why := _nothing(explanation):
        raise ValueError(why)
    return draw_agreement(explanation)


def _nothing(explanation: Explanation) -> str:
    """Why there is nothing to show, if there is not."""
    sources, name = explanation.sources, repr(explanation.study_name)
    if not sources:
        return f"there is no past study to compare {name} with"
    if all(one.reason is None and one.rank_agreement is None for one in sources):
        return f"{name} has fewer than two values to compare past studies with"
    return ""


def draw_agreement(explanation: Explanation) -> go.Figure:
    """The figure of :func:`plot_source_agreement`; where it has nothing to show it says so."""
    if why := _nothing(explanation):
        return empty_figure(_TITLE, why)
    sources = explanation.sources
    label = labels_of(sources)
    used = [one for one in sources if one.reason is None and one.rank_agreement is not None]
    used.sort(key=lambda one: -abs(one.rank_agreement or 0.0))
    shown = sorted(used[:_MOST], key=lambda one: one.rank_agreement or 0.0)
    left_out = [one for one in sources if one.reason is not None][:_MOST_LEFT_OUT]
    figure = new_figure(_title(len(shown), len(used)), height=200 + _ROW * len(shown + left_out))
    for word in _LOOKS:
        _add(figure, word, {label[one]: one for one in shown if one.agreement == word})
    _add_left_out(figure, {label[one]: one for one in left_out})
    order = [label[one] for one in (*left_out[::-1], *shown)]
    figure.update_yaxes(categoryorder="array", categoryarray=order)
    figure.update_xaxes(title="Kendall's tau with the values of the study", range=[-1.05, 1.05])
    figure.add_vline(x=0.0, line={"color": "#888", "width": 1})
    return figure


def _title(shown: int, used: int) -> str:
    return _TITLE if shown == used else f"{_TITLE} ({shown} of {used})"


def _add(figure: go.Figure, word: str, sources: Mapping[str, SourceExplanation]) -> None:
    """The studies of which the same is said, by their labels."""
    if not sources:
        return
    colour, symbol = _LOOKS[word]
    taus = [one.rank_agreement or 0.0 for one in sources.values()]
    ends = [one.agreement_interval for one in sources.values()]
    figure.add_scatter(
        x=short(taus),
        y=[*sources],
        name=word,
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 9},
        error_x={
            "array": short(high - tau for tau, (_, high) in zip(taus, ends, strict=True)),
            "arrayminus": short(tau - low for tau, (low, _) in zip(taus, ends, strict=True)),
            "color": colour,
            "thickness": 1.5,
        },
        hovertext=[f"{one.name}, weight {one.weight:.3f}" for one in sources.values()],
    )


def _add_left_out(figure: go.Figure, left_out: Mapping[str, SourceExplanation]) -> None:
    if left_out:
        figure.add_scatter(
            x=[-1.0] * len(left_out),
            y=[*left_out],
            name="left out",
            mode="markers+text",
            marker={"symbol": "line-ns-open", "color": GREY, "size": 8},
            text=[f" {one.reason}" for one in left_out.values()],
            textposition="middle right",
            hovertext=[one.name for one in left_out.values()],
        )
