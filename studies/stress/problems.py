"""Problems with several objectives and constraints whose fronts are known, each in shifted copies.

All objectives are minimised; a constraint is kept where its value is at most 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Values = tuple[tuple[float, ...], dict[str, float]]


@dataclass(frozen=True)
class Problem:
    """Objectives to be minimised and constraints, feasible at 0 and below, at a shift.

    Args:
        evaluate: From parameters and the shift to objectives and constraints.
        space: The range of each parameter.
        reference: The worst values that count.
        front: Points of the true front without a shift, densely.
    """

    evaluate: Callable[[Sequence[float], float], Values]
    space: tuple[tuple[float, float], ...]
    reference: tuple[float, ...]
    front: Sequence[tuple[float, ...]]


def zdt1(x: Sequence[float], shift: float) -> Values:
    """Zitzler, Deb & Thiele 2000, with its optimum moved into the cube."""
    g = 1.0 + 9.0 * float(np.mean([abs(v - 0.4 - shift) for v in x[1:]]))
    return (x[0], g * (1.0 - math.sqrt(x[0] / g))), {}


def fonseca(x: Sequence[float], shift: float) -> Values:
    """Fonseca & Fleming 1995."""
    a = 1.0 / math.sqrt(len(x))
    distance = [sum((v - shift + sign * a) ** 2 for v in x) for sign in (-1.0, 1.0)]
    return (1.0 - math.exp(-distance[0]), 1.0 - math.exp(-distance[1])), {}


def binh_korn(x: Sequence[float], shift: float) -> Values:
    """Binh & Korn 1997: two objectives, two constraints."""
    a, b = x[0] - 10.0 * shift, x[1] - 10.0 * shift
    objectives = 4.0 * a**2 + 4.0 * b**2, (a - 5.0) ** 2 + (b - 5.0) ** 2
    disc = (a - 5.0) ** 2 + b**2 - 25.0
    hole = 7.7 - (a - 8.0) ** 2 - (b + 3.0) ** 2
    return objectives, {"disc": disc, "hole": hole}


def gramacy(x: Sequence[float], shift: float) -> Values:
    """Gramacy et al. 2016: one linear objective, two constraints, optimum 0.5998."""
    a, b = x[0] - shift, x[1] - shift
    wave = 1.5 - a - 2.0 * b - 0.5 * math.sin(2.0 * math.pi * (a**2 - 2.0 * b))
    return (a + b,), {"wave": wave, "disc": a**2 + b**2 - 1.5}


def _line(n: int = 2001) -> list[float]:
    return np.linspace(0.0, 1.0, n).tolist()


def _binh_korn_front() -> list[tuple[float, ...]]:
    first = [binh_korn((5.0 * u * 0.6, 5.0 * u * 0.6), 0.0)[0] for u in _line()]
    return first + [binh_korn((3.0 + 2.0 * u, 3.0), 0.0)[0] for u in _line()]


PROBLEMS = {
    "zdt1": Problem(
        zdt1, ((0.0, 1.0),) * 4, (1.1, 3.0), [(u, 1.0 - math.sqrt(u)) for u in _line()]
    ),
    "fonseca": Problem(
        fonseca,
        ((-2.0, 2.0),) * 3,
        (1.1, 1.1),
        [fonseca([(2.0 * u - 1.0) / math.sqrt(3.0)] * 3, 0.0)[0] for u in _line()],
    ),
    "binh-korn": Problem(binh_korn, ((0.0, 5.0), (0.0, 3.0)), (140.0, 50.0), _binh_korn_front()),
    "gramacy": Problem(gramacy, ((0.0, 1.0),) * 2, (1.5,), [(0.5998,)]),
}
