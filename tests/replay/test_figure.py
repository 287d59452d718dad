"""Every line of the figure is told apart."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("matplotlib")

from optuna_metabo.replay import ORDERS, Plan, Replay
from optuna_metabo.replay.figure import style_of
from optuna_metabo.replay.orders import FREE


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
