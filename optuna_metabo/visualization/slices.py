"""What is believed along each parameter, before the first trial and now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.arguments import names_in
from optuna_metabo.explanation import Prediction
from optuna_metabo.objectives import objectives_of
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.shapes import Float
from optuna_metabo.visualization.style import (
    COLOURS,
    GREY,
    new_figure,
    reach,
    sampler_of,
    short,
    span_of,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Points along a parameter, parameters that are drawn if none are named, pixels for each row.
_N_POINTS, _MOST, _ROW = 41, 8, 280
# A logarithmic axis over so much has its ticks at powers of ten, and at most so many.
_DECADES, _MAX_TICKS = 100.0, 4
# Choices that are drawn, and those that were tried among them.
_MOST_CHOICES, _MOST_TRIED = 20, 12
_PRIOR = "past studies, before the first trial (order only)"


def plot_slices(
    study: Study,
    sampler: MetaGPSampler | None = None,
    *,
    params: Sequence[str] | None = None,
    objective: int = 0,
) -> go.Figure:
    """What is believed along each parameter through the best trial, and all trials.

    The band is the central interval of 95 %. Dashed is what the past studies said before the first
    trial: they know an order and no units, so that it is drawn over the range of the solid line.
    Trials stand at their values, wherever their other parameters are; very bad ones are beyond the
    picture. Of more than 20 choices the best that were tried are drawn, and those of which most is
    expected.

    Args:
        study: The study, with one completed trial at least.
        sampler: What knows the past studies, the study's sampler if not given.
        params: The parameters, in their order; the first eight that vary, by name, if not given.
        objective: Which of several.

    Raises:
        TypeError: If the sampler is not a ``MetaGPSampler``, ``study`` is no study, or ``params``
            are no names.
        ValueError: If there is no completed trial with a finite value, no such objective, no
            trial with a parameter, or no parameter that varies or is named.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> from optuna_metabo.visualization import plot_slices
        >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0))
        >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=8)
        >>> figure = plot_slices(study, params=["x"])
        >>> sorted({part.name for part in figure.data})
        ['95 %', 'expected', 'trials']
    """
    found, trials = sampler_of(study, sampler), _completed(study, objective)
    names = _varying(study, trials)[:_MOST] if params is None else names_in("params", params)
    if not names:
        raise ValueError("params must name one parameter at least, got none")
    slices = [_Slice.of(study, trials, name, objective) for name in names]
    points = [point for one in slices for point in one.points]
    ends = np.cumsum([len(one.points) for one in slices])[:-1].tolist()
    now = _split(found.predict(study, points)[objective], ends)
    before = np.split(found.predict(study, points, n_told=0)[objective].mean, ends)
    sign = objectives_of(study)[objective].sign
    best_first = sorted(trials, key=lambda trial: -sign * trial.values[objective])
    drawn = [_drawn(*one, best_first, sign) for one in zip(slices, now, before, strict=True)]
    columns = min(len(names), 2)
    rows = math.ceil(len(names) / columns)
    title = "What is believed along each parameter"
    figure = new_figure(title, height=150 + _ROW * rows, grid=(rows, columns))
    for i, (one, belief, prior) in enumerate(drawn):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        parts = [*_beliefs(one, belief, prior), _trials(one, trials, objective)]
        figure.add_traces([{"type": "scatter", "legendgroup": x["name"], **x} for x in parts],
                          *([place[key]] * len(parts) for key in ("row", "col")))  # fmt: skip
        label = {"text": one.label, "standoff": 4}
        figure.update_xaxes({"type": one.axis, "title": label, **one.ticks}, **place)
    expected = [belief.mean for one, belief, _ in drawn if one.axis == "category"]
    values = np.concatenate([[trial.values[objective] for trial in trials], *expected])
    figure.update_yaxes(range=[*span_of(values, maximised=sign > 0.0)])
    figure.update_yaxes(title="Value", col=1)
    _name_once(figure)
    return figure


def _name_once(figure: go.Figure) -> None:
    """Each name stands in the legend once, though it is in every panel."""
    seen: set[str] = set()
    for part in figure.data:
        part.showlegend = part.name not in seen
        seen.add(part.name)


@dataclass(frozen=True)
class _Slice:
    """A line through the best trial that has a parameter.

    Args:
        name: Of the parameter.
        values: Along it.
        points: The parameters of the best trial but for this one.
        axis: Plotly's name for the kind of axis.
        n_hidden: Choices that are not among the values.
    """

    name: str
    values: list[Any]
    points: list[dict[str, Any]]
    axis: str
    n_hidden: int = 0

    @classmethod
    def of(cls, study: Study, trials: Sequence[FrozenTrial], name: str, objective: int) -> _Slice:
        """Along a parameter, the others as they were in the best trial that has it."""
        having = [trial for trial in trials if name in trial.params]
        if not having:
            raise ValueError(f"no completed trial of {study.study_name!r} has a {name!r}")
        sign = objectives_of(study)[objective].sign
        best = max(having, key=lambda trial: sign * trial.values[objective])
        values = _along(best.distributions[name])
        axis = "log" if getattr(best.distributions[name], "log", False) else "linear"
        if isinstance(best.distributions[name], CategoricalDistribution):
            axis = "category"
        return cls(name, values, [{**best.params, name: value} for value in values], axis)

    @property
    def label(self) -> str:
        """The name, and how many choices are not drawn."""
        n = self.n_hidden + len(self.values)
        return self.name + f" ({self.n_hidden} of {n} choices are not shown)" * bool(self.n_hidden)

    @property
    def ticks(self) -> dict[str, Any]:
        """Every choice; powers of ten on a logarithmic axis of some of them, as many as fit."""
        if self.axis == "category":
            return {"dtick": 1}
        if self.axis != "log" or self.values[-1] < _DECADES * self.values[0]:
            return {}
        decades = math.log10(self.values[-1] / self.values[0])
        return {"dtick": math.ceil(decades / _MAX_TICKS), "exponentformat": "power"}

    def shown(self, values: Sequence[Any]) -> list[Any]:
        """Values as they stand on the axis."""
        return [str(one) for one in values] if self.axis == "category" else short(values)


def _along(distribution: BaseDistribution) -> list[Any]:
    """Values along a range, evenly on its scale; all choices."""
    if isinstance(distribution, CategoricalDistribution):
        return [*distribution.choices]
    low, high = float(distribution.low), float(distribution.high)  # type: ignore[attr-defined]
    is_log = bool(distribution.log)  # type: ignore[attr-defined]
    spaced = np.geomspace(low, high, _N_POINTS) if is_log else np.linspace(low, high, _N_POINTS)
    values = np.clip(spaced, low, high)
    if isinstance(distribution, IntDistribution):
        return [int(value) for value in np.unique(values.round())]
    return [float(value) for value in values]


def _completed(study: Study, objective: int) -> list[FrozenTrial]:
    if not 0 <= objective < len(study.directions):
        count = len(study.directions)
        raise ValueError(f"objective must be in 0 to {count - 1}, got {objective}")
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not any(trial.params for trial in trials):
        raise ValueError(f"{study.study_name!r} has no completed trial with a parameter")
    trials = [trial for trial in trials if np.isfinite(trial.values[objective])]
    if not any(trial.params for trial in trials):
        raise ValueError(
            f"no completed trial of {study.study_name!r} with a parameter has a finite value"
        )
    return trials


def _varying(study: Study, trials: Sequence[FrozenTrial]) -> list[str]:
    """The parameters that vary, of which there must be one, those that are choices last."""
    found = {name: one for trial in trials for name, one in trial.distributions.items()}
    names = sorted(name for name, one in found.items() if not one.single())
    if not names:
        raise ValueError(f"no parameter of {study.study_name!r} has more than one value")
    return sorted(names, key=lambda name: isinstance(found[name], CategoricalDistribution))


def _split(prediction: Prediction, ends: Sequence[int]) -> list[Prediction]:
    parts = (np.split(one, ends) for one in (prediction.mean, prediction.low, prediction.high))
    return [Prediction(*part) for part in zip(*parts, strict=True)]


def _drawn(
    one: _Slice,
    now: Prediction,
    before: Float[Array, " m"],
    best_first: Sequence[FrozenTrial],
    sign: float,
) -> tuple[_Slice, Prediction, Float[Array, " m"]]:
    """A slice and what is believed; of very many choices the part that tells most.

    These are the best that were tried and, of the others, those of which most is expected.
    """
    n = len(one.values)
    if one.axis != "category" or n <= _MOST_CHOICES:
        return one, now, before
    places = dict(zip(one.shown(one.values), range(n), strict=True))
    having = [trial.params[one.name] for trial in best_first if one.name in trial.params]
    found = dict.fromkeys(one.shown(having))
    tried = [places[value] for value in found if value in places][:_MOST_TRIED]
    promising = np.argsort(-sign * now.mean, kind="stable").tolist()
    shown = sorted([*dict.fromkeys([*tried, *promising])][:_MOST_CHOICES])
    part = replace(one, values=[one.values[i] for i in shown], n_hidden=n - len(shown))
    belief = Prediction(now.mean[shown], now.low[shown], now.high[shown])
    return part, belief, before[shown]


def _beliefs(one: _Slice, now: Prediction, before: Float[Array, " m"]) -> Iterator[dict[str, Any]]:
    """The interval, what is expected, and the order that the past studies expected.

    Choices have no order, so that nothing is drawn between them.
    """
    x, is_line = one.shown(one.values), one.axis != "category"
    expected = {"x": x, "y": short(now.mean), "name": "expected"}
    if is_line:
        y = short([*now.low, *now.high[::-1]])
        look = {"fillcolor": COLOURS[0], "opacity": 0.15, "line": {"width": 0}}
        yield {"x": x + x[::-1], "y": y, "name": "95 %", "fill": "toself", "mode": "lines", **look}
        yield {**expected, "mode": "lines", "line": {"color": COLOURS[0], "width": 2.5}}
    else:
        ends = {
            "array": short(reach(now.mean, now.high)),
            "arrayminus": short(reach(now.low, now.mean)),
        }
        marker = {"color": COLOURS[0], "symbol": "square", "size": 10}
        yield {**expected, "mode": "markers", "marker": marker, "error_y": ends}
    if np.ptp(before) > 0.0:
        part = (before - before.min()) / np.ptp(before)
        scaled = (1.0 - part) * now.mean.min() + part * now.mean.max()
        prior = {"x": x, "y": short(scaled), "name": _PRIOR}
        dashed = {"color": COLOURS[1], "dash": "dash", "width": 2}
        diamond = {"color": COLOURS[1], "symbol": "diamond-open", "size": 13}
        yield {**prior, "mode": "lines", "line": dashed} if is_line else {
            **prior, "mode": "markers", "marker": {**diamond, "line": {"width": 2}}
        }  # fmt: skip


def _trials(one: _Slice, trials: Sequence[FrozenTrial], objective: int) -> dict[str, Any]:
    having = [trial for trial in trials if one.name in trial.params]
    if one.n_hidden:  # at any other choice Plotly would add it to the axis
        shown = set(one.shown(one.values))
        having = [trial for trial in having if str(trial.params[one.name]) in shown]
    return {
        "x": one.shown([trial.params[one.name] for trial in having]),
        "y": short(trial.values[objective] for trial in having),
        "name": "trials",
        "mode": "markers",
        "marker": {"symbol": "circle-open", "color": GREY, "size": 7, "line": {"width": 1.5}},
        "hovertext": [f"trial {trial.number}" for trial in having],
    }
