"""Test functions of continuous optimisation: one target, and shifted, scaled and rotated copies.

Every task is ``scale * f(z* + R diag(zoom) width (x - x*)) + offset`` on the unit box, where f is
the function, z* its minimiser and x* the task's: known exactly, strictly inside the box and not at
its centre. The copies differ from the target in x*, R, zoom, scale and offset:

``near``     little: x* by .05 in each coordinate, R by an angle of .1, zoom by 10 %.
``far``      much: .2, .5 and 30 %.
``opposed``  as ``near``, but negated: they say the opposite of what is true.

The functions are those of Surjanovic and Bingham, https://www.sfu.ca/~ssurjano/optimization.html.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import optuna
from scipy.linalg import expm
from scipy.stats import qmc

from studies.families.tasks import Family, TuningTask

N_SOURCES = 8
# The target itself is turned as well, so that no axis is special.
TARGET_ANGLE = 0.3
# The target's optimum lies so far from the centre of the box in each coordinate.
OFF_CENTRE = (0.1, 0.3)
# A copy's optimum stays so far from the faces of the box.
MARGIN = 0.05
MEDIAN_POINTS = 4096


@dataclass(frozen=True)
class Function:
    """A function to be minimised.

    Args:
        value: From points ``(n, d)`` to values ``(n,)``.
        minimiser: z*, of shape ``(d,)``.
        minimum: The value there.
        width: Of the box, in the function's own units.
    """

    value: Callable[[np.ndarray], np.ndarray]
    minimiser: np.ndarray
    minimum: float
    width: float


@dataclass(frozen=True)
class Variant:
    """How sources differ from the target: standard deviations, a largest angle, and a sign."""

    shift: float
    angle: float
    zoom: float
    sign: float = 1.0


VARIANTS = {
    "near": Variant(shift=0.05, angle=0.1, zoom=0.1),
    "far": Variant(shift=0.2, angle=0.5, zoom=0.3),
    "opposed": Variant(shift=0.05, angle=0.1, zoom=0.1, sign=-1.0),
}


def _hartmann6(z: np.ndarray) -> np.ndarray:
    steepness = np.array(
        [
            [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
            [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
            [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
            [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
        ]
    )
    centres = np.array(
        [
            [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
            [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
            [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
            [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
        ]
    )
    squares = (steepness * (z[:, None, :] - centres) ** 2).sum(axis=-1)
    return -np.exp(-squares) @ np.array([1.0, 1.2, 3.0, 3.2])


def _levy(z: np.ndarray) -> np.ndarray:
    w = 1.0 + (z - 1.0) / 4.0
    first = np.sin(np.pi * w[:, 0]) ** 2
    inner = (w[:, :-1] - 1.0) ** 2 * (1.0 + 10.0 * np.sin(np.pi * w[:, :-1] + 1.0) ** 2)
    last = (w[:, -1] - 1.0) ** 2 * (1.0 + np.sin(2.0 * np.pi * w[:, -1]) ** 2)
    return first + inner.sum(axis=1) + last


def _rosenbrock(z: np.ndarray) -> np.ndarray:
    left, right = z[:, :-1], z[:, 1:]
    return (100.0 * (right - left**2) ** 2 + (1.0 - left) ** 2).sum(axis=1)


def _ackley(z: np.ndarray) -> np.ndarray:
    radius = np.sqrt((z**2).mean(axis=1))
    waves = np.cos(2.0 * np.pi * z).mean(axis=1)
    return -20.0 * np.exp(-0.2 * radius) - np.exp(waves) + 20.0 + np.e


def _sphere(z: np.ndarray) -> np.ndarray:
    return (z**2).sum(axis=1)


# The stationary point beside the published one, to the last digit that matters.
_HARTMANN6_AT = np.array([0.20168951, 0.15001069, 0.47687397, 0.27533243, 0.31165162, 0.65730053])

FUNCTIONS = {
    "hartmann6": Function(_hartmann6, _HARTMANN6_AT, -3.322368011415515, width=1.0),
    "levy10": Function(_levy, np.ones(10), 0.0, width=20.0),
    "rosenbrock6": Function(_rosenbrock, np.ones(6), 0.0, width=4.096),
    "ackley20": Function(_ackley, np.zeros(20), 0.0, width=15.0),
    "sphere20": Function(_sphere, np.zeros(20), 0.0, width=10.24),
    "sphere40": Function(_sphere, np.zeros(40), 0.0, width=10.24),
}
NAMES = tuple(f"{function}-{variant}" for function in FUNCTIONS for variant in VARIANTS)


@dataclass(frozen=True)
class Copy:
    """A function moved into the unit box.

    Args:
        function: The function f.
        at: Its minimiser x* in the box, of shape ``(d,)``.
        map: R diag(zoom), of shape ``(d, d)``.
        scale: Of the values, negative for an opposed copy.
        offset: Of the values.
    """

    function: Function
    at: np.ndarray
    map: np.ndarray
    scale: float = 1.0
    offset: float = 0.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The values ``(n,)`` at points ``(n, d)`` of the unit box."""
        z = self.function.minimiser + self.function.width * (x - self.at) @ self.map.T
        return self.scale * self.function.value(z) + self.offset

    @property
    def best(self) -> float:
        """The value at the minimiser; the least one if ``scale`` is positive."""
        return self.scale * self.function.minimum + self.offset


def synthetic(name: str) -> Family:
    """The family of a function and a variant, such as ``levy10-near``; minimised.

    The target is the same in all variants of a function.
    """
    function, variant = name.split("-")
    target = target_of(function)
    generator = np.random.default_rng([zlib.crc32(name.encode()), 1])
    sources = [source_of(target, VARIANTS[variant], generator) for _ in range(N_SOURCES)]
    tasks = [_task(f"{function}-{i}", one) for i, one in enumerate(sources, start=1)]
    return Family(name, (_task(function, target), *tasks), targets=(function,))


def target_of(function: str) -> Copy:
    """The function turned, with its minimiser away from the centre of the box."""
    generator = np.random.default_rng([zlib.crc32(function.encode()), 0])
    d = len(FUNCTIONS[function].minimiser)
    sides = generator.choice([-1.0, 1.0], d)
    at = 0.5 + sides * generator.uniform(*OFF_CENTRE, d)
    return Copy(FUNCTIONS[function], at, rotation(d, TARGET_ANGLE, generator))


def source_of(target: Copy, variant: Variant, generator: np.random.Generator) -> Copy:
    """A copy of the target; its scale and offset vary by as much as users' units do."""
    d = len(target.at)
    at = np.clip(target.at + variant.shift * generator.normal(size=d), MARGIN, 1.0 - MARGIN)
    zoom = np.exp(variant.zoom * generator.normal(size=d))
    scale = variant.sign * np.exp(generator.normal())
    turned = target.map @ rotation(d, variant.angle, generator) * zoom
    return Copy(target.function, at, turned, float(scale), float(scale * generator.normal()))


def rotation(d: int, angle: float, generator: np.random.Generator) -> np.ndarray:
    """A random rotation whose largest plane angle is about ``angle``, in radians.

    The eigenvalues of a skew-symmetric matrix with entries of variance 1 reach 2 sqrt(d).
    """
    G = generator.normal(size=(d, d))
    return expm(angle * (G - G.T) / np.sqrt(8.0 * d))


@functools.cache
def _box(d: int) -> np.ndarray:
    return qmc.Sobol(d, seed=0).random(MEDIAN_POINTS)


def _task(name: str, copy: Copy) -> TuningTask:
    d = len(copy.at)

    def objective(trial: optuna.Trial) -> float:
        x = np.array([trial.suggest_float(f"x{j}", 0.0, 1.0) for j in range(d)])
        return float(copy(x[None])[0])

    best = copy.best if copy.scale > 0.0 else None
    return TuningTask(name, "minimize", objective, best, float(np.median(copy(_box(d)))))
