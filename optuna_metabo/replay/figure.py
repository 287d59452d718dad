"""A replay as one figure, by Matplotlib."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from optuna_metabo.replay.summary import MARGIN, Replay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito's palette, told apart by colour-blind readers too, ours in black.
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#0072B2")
_OURS = "metagp"
# The dashes of the first samplers that have a colour, of the second ones, of the third ones.
_DASHES = ("-", "-.", (0, (4, 1, 1, 1, 1, 1)))
# Orders without a sampler are grey, with dashes of their own.
_FREE = {"owner": ("#444444", "--"), "random": ("#888888", ":")}
_MAKER = "optuna-metabo replay"
# What only a figure of ours holds, as Matplotlib writes its maker.
SIGN = f"<dc:title>{_MAKER}</dc:title>"
# Regret is shown for so many trials.
_SHOWN = 30
_SIZE = (11.0, 4.2)
_SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "optuna-metabo", "font.size": 9}


def svg(replay: Replay) -> str:
    """Three panels as one SVG: regret, how many runs got there, and which studies gained.

    The letters are text in the reader's font, and the same replay gives the same file.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    file = io.StringIO()
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes: Any = figure.subplots(1, 3)
        _plot_regret(axes[0], replay)
        _plot_reached(axes[1], replay)
        _plot_gains(axes[2], replay)
        handles = axes[0].get_lines()
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 7))
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": _MAKER})
    return file.getvalue()


def style_of(replay: Replay, sampler: str) -> dict[str, Any]:
    """How a sampler's lines look: no two of all that there are look the same."""
    if sampler == _OURS:
        return {"color": "black", "lw": 2.4, "label": sampler, "ls": "-", "zorder": 5}
    if sampler in _FREE:
        colour, dashes = _FREE[sampler]
        return {"color": colour, "lw": 1.6, "label": sampler, "ls": dashes}
    others = [name for name in replay.plan.samplers if name != _OURS]
    turn, i = divmod(others.index(sampler), len(_COLOURS))
    look = {"color": _COLOURS[i], "ls": _DASHES[turn % len(_DASHES)]}
    return {**look, "lw": 1.3, "label": sampler}


def _plot_regret(axis: Axes, replay: Replay) -> None:
    for name in replay.samplers:
        regret = replay.mean_regret(name)[:_SHOWN]
        axis.plot(np.arange(1, len(regret) + 1), regret, **style_of(replay, name))
    axis.set(title="Regret, mean over studies", xlabel="trial", ylim=(0.0, 1.0))
    axis.locator_params(axis="x", integer=True)


def _plot_reached(axis: Axes, replay: Replay) -> None:
    most = replay.plan.trials
    for name in replay.samplers:
        trials_to = [n for one in replay.measured for n in one[name].trials_to["close"]]
        ends = np.sort(np.minimum(trials_to, most + 1.0))
        steps = np.searchsorted(ends, np.arange(1, most + 1), side="right") / len(ends)
        axis.step(np.arange(1, most + 1), steps, where="post", **style_of(replay, name))
    axis.set(title="Runs within 1 % of the owner's best", xlabel="trial", xscale="log")
    axis.set(ylim=(0.0, 1.0), xlim=(1, max(most, 2)))


def _plot_gains(axis: Axes, replay: Replay) -> None:
    """What past studies gained, one dot a study in ascending order, against the cold sampler."""
    axis.axhspan(-MARGIN, MARGIN, color="#DDDDDD")
    for name in replay.samplers:
        gains = replay.gains(name)
        if gains:
            places = np.arange(1, len(gains) + 1)
            axis.plot(places, np.sort(gains), marker="o", ms=3, **style_of(replay, name))
    title = f"Regret of {replay.area_trials} trials, cold less warm"
    axis.set(title=title, xlabel="studies, ordered by it")
    axis.locator_params(axis="x", integer=True)
