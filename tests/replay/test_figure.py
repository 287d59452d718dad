"""Every line of the figure is told apart."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("matplotlib")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optuna_metabo.replay import ORDERS, Archive, Plan, Replay, Run
from optuna_metabo.replay.figure import _plot_gains, _plot_reached, style_of
from optuna_metabo.replay.orders import FREE
from tests.replay.making import bowls


def test_no_two_samplers_look_alike() -> None:
    replay = Replay(Plan(tuple(ORDERS)), (), ())
    looks = [style_of(replay, name) for name in replay.samplers]
    assert len({(one["color"], str(one["ls"])) for one in looks}) == len(looks)


def test_orders_without_a_sampler_differ_from_each_other_and_all_others_in_their_dashes() -> None:
    replay = Replay(Plan(tuple(ORDERS)), (), ())
    dashes: dict[str, Any] = {name: style_of(replay, name)["ls"] for name in replay.samplers}
    free = [dashes.pop(name) for name in FREE]
    assert len(set(free)) == len(free)
    assert not set(free) & set(dashes.values())


def _replay() -> Replay:
    """Of three studies, on which a run takes the best configuration or none that is good.

    Past studies help on the first, are level on the second and harm on the third.
    """
    targets, _ = Archive.read(bowls(3)).targets()
    plan = Plan(("metagp-cold", "metagp"), seeds=1, trials=1)
    found = {"metagp-cold": (-1, 0, 0), "metagp": (0, 0, -1)}
    orders = {}
    for i, target in enumerate(targets):
        values = [trial.values[0] for trial in target.pool.trials]
        ranked = sorted(range(len(values)), key=values.__getitem__)
        orders |= {Run(i, name, 0): [ranked[places[i]]] for name, places in found.items()}
    return Replay.of(targets, plan, orders)


def _heights(axis: Axes, name: str) -> list[float]:
    [line] = [one for one in axis.get_lines() if one.get_label() == name]
    return [float(y) for y in line.get_ydata()]  # type: ignore[union-attr]


def test_a_run_that_did_not_get_there_is_not_drawn_as_one_that_did_at_its_end() -> None:
    axis = Figure().subplots()
    _plot_reached(axis, _replay())
    assert _heights(axis, "metagp") == pytest.approx([2 / 3])


def test_gains_are_drawn_in_ascending_order() -> None:
    axis, replay = Figure().subplots(), _replay()
    _plot_gains(axis, replay)
    assert replay.gains("metagp") == [1.0, 0.0, -1.0]
    assert _heights(axis, "metagp") == [-1.0, 0.0, 1.0]
