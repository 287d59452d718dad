"""What all figures share: colours, dashes and markers, a small layout, short numbers."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray as Array
from optuna.study import Study

from optuna_metabo.arguments import check_study
from optuna_metabo.explanation import SourceExplanation
from optuna_metabo.explanation.names import labels
from optuna_metabo.explanation.predictions import in_units
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.shapes import Float
from optuna_metabo.tasks import bounded, unit_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito's palette, told apart by colour-blind readers too; grey is for what is our own.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#666666"
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "triangle-down")
# Significant digits of what is drawn: more would not be seen, and would make files large.
_DIGITS = 4
# Free space around values, in lengths of their range.
_MARGIN = 0.08
# The same of an axis of trials: in its length, and at least. Of fewer trials than this Plotly
# marks the halves, too.
_ROOM, _LEAST_ROOM, _FEW = 0.03, 0.1, 10
# A figure without anything but a sentence: pixels, and letters of a line.
_EMPTY, _LINE = 220, 60


def new_figure(
    title: str, *, height: int | None = None, grid: tuple[int, int] = (1, 1)
) -> go.Figure:
    """An empty figure without Plotly's template, which takes more bytes than most figures.

    Args:
        title: Of the figure.
        height: In pixels.
        grid: The rows and columns of its panels, which share the vertical axis of a row.
    """
    from plotly.subplots import make_subplots

    axis = {"showgrid": True, "gridcolor": "#e5e5e5", "zeroline": False, "linecolor": "#888"}
    layout = {
        "template": "none",
        "title": {"text": title, "x": 0.01, "xanchor": "left", "font": {"size": 16}},
        "font": {"size": 13, "color": "#222"},
        "margin": {"t": 60, "r": 20, "l": 60, "b": 50},
        "height": height,
        "legend": {
            "orientation": "h",
            **{"yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        },
        "hoverlabel": {"namelength": -1},
    }
    rows, columns = grid
    spacing = {"vertical_spacing": 0.3 / rows, "horizontal_spacing": 0.04}
    figure = make_subplots(rows, columns, shared_yaxes=True, **spacing)
    figure.update_layout(layout)
    figure.update_xaxes(axis, automargin=True)
    figure.update_yaxes(axis, automargin=True)
    return figure


def empty_figure(title: str, why: str) -> go.Figure:
    """A figure that says why there is nothing to show, where there has to be one."""
    figure = new_figure(title, height=_EMPTY)
    text, place = "<br>".join(textwrap.wrap(why, _LINE)), {"xref": "paper", "yref": "paper"}
    figure.add_annotation(text=text, showarrow=False, x=0.5, y=0.5, **place)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def axis_of_trials(first: int, last: int) -> dict[str, Any]:
    """Whole numbers, however few they are, and room for the marks at both ends."""
    n = last - first
    room = max(_ROOM * n, _LEAST_ROOM)
    few = {"dtick": 1} if n < _FEW else {}
    return {"range": [first - room, last + room], **few}


def style_of(i: int) -> dict[str, Any]:
    """Colour, dash and marker of the i-th line: no two of 42 are the same."""
    line = {"color": COLOURS[i % len(COLOURS)], "dash": DASHES[i % len(DASHES)], "width": 2}
    return {"line": line, "marker": {"symbol": MARKERS[i % len(MARKERS)], "size": 7}}


def short(values: Iterable[float]) -> list[float]:
    """Numbers with as many digits as can be seen, as plain floats; finite ones stay finite."""
    return [_short(float(value)) for value in values]


def _short(value: float) -> float:
    found = float(f"{value:.{_DIGITS}g}")
    return value if math.isinf(found) else found


def labels_of(sources: Sequence[SourceExplanation]) -> dict[SourceExplanation, str]:
    """What each past study is called in a figure."""
    return dict(zip(sources, labels(one.name for one in sources), strict=True))


def span_of(values: Float[Array, " n"], *, maximised: bool) -> tuple[float, float]:
    """What of the vertical axis is shown: very bad values would press all others together."""
    sign, unit = 1.0 if maximised else -1.0, unit_of(values)
    kept = sign * bounded(sign * values / unit)
    margin = _MARGIN * (float(np.ptp(kept)) or abs(float(kept[0])) or 1.0)
    low, high = in_units(np.array([kept.min() - margin, kept.max() + margin]), unit).tolist()
    return low, high


def reach(low: Float[Array, " n"], high: Float[Array, " n"]) -> Float[Array, " n"]:
    """How far it is from one to the other, where that is a float."""
    return in_units(0.5 * high - 0.5 * low, 2.0)


def sampler_of(study: Study, sampler: MetaGPSampler | None) -> MetaGPSampler:
    """The sampler that knows the past studies: the one that is given, or the study's own.

    Raises:
        TypeError: If it is none of ours: a study that is loaded has no memory of its sampler. If
            ``study`` is no study.
    """
    check_study(study)
    found = study.sampler if sampler is None else sampler
    if not isinstance(found, MetaGPSampler):
        raise TypeError(
            f"expected a MetaGPSampler as sampler= or as the sampler of {study.study_name!r}, "
            f"got {type(found).__name__}"
        )
    return found
