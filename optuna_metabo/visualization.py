"""Plotly figures in the manner of ``optuna.visualization``; needs ``optuna-metabo[demo]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.explanation import Explanation
from optuna_metabo.shapes import Float

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito's palette, told apart by colour-blind readers too.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#999999")
_LAYOUT = {"template": "plotly_white", "font": {"size": 14}, "margin": {"t": 60, "r": 20}}


def plot_explanation(explanation: Explanation) -> go.Figure:
    """How much each past study counts, as bars, with its rank agreement when hovered over.

    Args:
        explanation: What :meth:`optuna_metabo.MetaGPSampler.explain` returned.
    """
    import plotly.graph_objects as go

    used = [source for source in explanation.sources if source.reason is None]
    names = [source.name for source in used] + ["(without past studies)"]
    weights = [source.weight for source in used] + [explanation.weight_without_sources]
    hover = [_agreement(source.rank_agreement) for source in used] + [""]
    colours = [_COLOURS[0]] * len(used) + [_COLOURS[-1]]
    bars = go.Bar(
        x=weights[::-1],
        y=names[::-1],
        orientation="h",
        marker_color=colours[::-1],
        hovertext=hover[::-1],
    )
    figure = go.Figure(bars, layout=_LAYOUT)
    figure.update_layout(title="What the sampler listens to")
    figure.update_xaxes(title="Weight", range=[0, 1])
    return figure


def _agreement(tau: float | None) -> str:
    return "" if tau is None else f"rank agreement {tau:+.2f}"


def plot_best_values(
    values: Mapping[str, Float[Array, "seeds trials"]], *, title: str, value_name: str
) -> go.Figure:
    """The best value so far of several samplers: means over seeds with standard errors.

    Args:
        values: For each sampler the best value after each trial, one row a seed.
        title: Of the figure.
        value_name: The label of the vertical axis.
    """
    import plotly.graph_objects as go

    figure = go.Figure(layout=_LAYOUT)
    for i, (name, runs) in enumerate(values.items()):
        colour, mean = _COLOURS[i % len(_COLOURS)], runs.mean(axis=0)
        error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else 0.0 * mean
        trials = np.arange(1, runs.shape[1] + 1)
        figure.add_scatter(
            x=np.r_[trials, trials[::-1]],
            y=np.r_[mean - error, (mean + error)[::-1]],
            fill="toself",
            fillcolor=colour,
            opacity=0.15,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
        line = {"color": colour, "width": 4 if i == 0 else 2}
        figure.add_scatter(x=trials, y=mean, name=name, line=line, mode="lines")
    figure.update_layout(title=title, legend={"x": 0.98, "y": 0.02, "xanchor": "right"})
    figure.update_xaxes(title="Trial")
    figure.update_yaxes(title=value_name)
    return figure
