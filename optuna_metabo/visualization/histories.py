"""The best value so far of several samplers or studies, over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray as Array
from optuna.study import Study
from optuna.trial import TrialState

from optuna_metabo.constraints import constraints_of, feasible
from optuna_metabo.explanation.names import short_name
from optuna_metabo.explanation.predictions import in_units
from optuna_metabo.objectives import objectives_of
from optuna_metabo.shapes import Float
from optuna_metabo.tasks import unit_of
from optuna_metabo.visualization.style import axis_of_trials, new_figure, short, style_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Marks on a line, and the width of lines: the first drawn is the widest, so that one that lies
# on another still shows it on both sides.
_N_MARKS, _WIDEST, _THINNER, _THINNEST = 6, 5.0, 0.75, 1.5
# Letters of a name in the legend.
_MAX_NAME = 40


def plot_histories(studies: Mapping[str, Study | Sequence[Study]]) -> go.Figure:
    """The best value so far over the trials; of several studies the mean with its standard error.

    As in ``Study.best_value``, a trial that breaks a constraint does not count; constraints are
    those that the trials themselves hold.

    Args:
        studies: By name a study, or those of several seeds.

    Raises:
        TypeError: If they are no studies by name.
        ValueError: If there is none, one has several objectives, no completed trial or none that
            breaks no constraint, or directions differ.

    Example:
        >>> import optuna
        >>> from optuna_metabo.visualization import plot_histories
        >>> def run(seed):
        ...     study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        ...     study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
        ...     return study
        >>> figure = plot_histories({"random": [run(0), run(1)], "one run": run(2)})
        >>> [line.name for line in figure.data if line.name]
        ['random', 'one run']
    """
    if not isinstance(studies, Mapping):
        raise TypeError(
            "studies expects a mapping from names to studies, such as {'ours': study}, "
            f"got a {type(studies).__name__}"
        )
    runs = {name: _seeds(name, given) for name, given in studies.items()}
    every = [study for seeds in runs.values() for study in seeds]
    if not every or not all(runs.values()):
        raise ValueError("expected one study at least for each name")
    if {len(study.directions) for study in every} != {1}:
        raise ValueError("expected studies of one objective")
    if len({study.direction for study in every}) > 1:
        raise ValueError("expected studies of one direction")
    best = {name: _best(seeds) for name, seeds in runs.items()}
    return plot_best_values(best, title="Best value so far", value_name="Value")


def _seeds(name: str, given: Study | Iterable[Study]) -> list[Study]:
    """The studies of a name."""
    seeds = list(given) if isinstance(given, Iterable) else [given]
    if not all(isinstance(study, Study) for study in seeds):
        raise TypeError(f"{name!r} of studies expects a study or several, got {given!r}")
    return seeds


def _best(studies: Sequence[Study]) -> Float[Array, "seeds trials"]:
    """Best values so far, as many trials as all have; NaN before the first value."""
    curves = [_best_of(study) for study in studies]
    return np.array([curve[: min(map(len, curves))] for curve in curves])


def _best_of(study: Study) -> Float[Array, " trials"]:
    trials = [one for one in study.get_trials(deepcopy=False) if one.state.is_finished()]
    is_completed = np.array([one.state == TrialState.COMPLETE for one in trials], dtype=bool)
    if not is_completed.any():
        raise ValueError(f"{study.study_name!r} has no completed trial")
    counts = is_completed & feasible([constraints_of(one, None) for one in trials])
    if not counts.any():
        raise ValueError(f"{study.study_name!r} has no completed trial that breaks no constraint")
    (objective,) = objectives_of(study)
    values = objective.sign * np.array([one.value for one in trials], dtype=float)
    return objective.sign * np.fmax.accumulate(np.where(counts, values, np.nan))


def plot_best_values(
    values: Mapping[str, Float[Array, "seeds trials"]], *, title: str, value_name: str
) -> go.Figure:
    """The best value so far of several samplers: means over seeds with standard errors.

    Lines that lie on one another stay visible: the later ones are thinner, with dashes and
    markers of their own at other trials.

    Args:
        values: For each sampler the best value after each trial, one row a seed.
        title: Of the figure.
        value_name: The label of the vertical axis.

    Example:
        >>> import numpy as np
        >>> from optuna_metabo.visualization import plot_best_values
        >>> runs = np.array([[0.5, 0.7, 0.8], [0.4, 0.8, 0.9]])
        >>> figure = plot_best_values({"ours": runs}, title="Accuracy", value_name="Accuracy")
        >>> figure.data[1].y
        (0.45, 0.75, 0.85)
    """
    figure = new_figure(title, height=480)
    for i, (name, runs) in enumerate(values.items()):
        unit = unit_of(runs)
        mean = (runs / unit).mean(axis=0)
        if len(runs) > 1:
            error = (runs / unit).std(axis=0, ddof=1) / np.sqrt(len(runs))
            _add_band(figure, i, in_units(mean - error, unit), in_units(mean + error, unit))
        _add_line(figure, i, name, in_units(mean, unit), len(values))
    longest = max((runs.shape[1] for runs in values.values()), default=1)
    figure.update_xaxes(axis_of_trials(1, longest), title="Trial")
    figure.update_yaxes(title=value_name)
    return figure


def _add_band(
    figure: go.Figure, i: int, low: Float[Array, " n"], high: Float[Array, " n"]
) -> None:
    trials = [*range(1, len(low) + 1)]
    figure.add_scatter(
        x=trials + trials[::-1],
        y=short(np.r_[low, high[::-1]]),
        fill="toself",
        fillcolor=style_of(i)["line"]["color"],
        opacity=0.13,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )


def _add_line(figure: go.Figure, i: int, name: str, mean: Float[Array, " n"], count: int) -> None:
    look, n = style_of(i), len(mean)
    step = max(n // _N_MARKS, 1)
    offset = i * step // count if step > 1 else 0
    sizes = [8 if (trial - offset) % step == 0 else 0 for trial in range(n)]
    look["line"]["width"] = max(_WIDEST - _THINNER * i, _THINNEST)
    look["marker"] |= {"size": sizes, "opacity": 1.0, "line": {"width": 1, "color": "white"}}
    figure.add_scatter(
        x=[*range(1, n + 1)],
        y=short(mean),
        name=short_name(name, _MAX_NAME),
        mode="lines+markers",
        **look,
    )
