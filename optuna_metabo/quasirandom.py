"""Points that fill the unit cube evenly; ``scipy.stats`` has some, but takes a second to load."""

from __future__ import annotations

import math

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Float


def halton(n: int, d: int, *, generator: np.random.Generator) -> Float[Array, "n d"]:
    """The first points of a randomised Halton sequence, in [0, 1).

    Axis j reads the number of a point in base b, the j-th prime, and mirrors its digits at the
    point, each after a random permutation of its own (Owen 2017, "A randomized Halton algorithm in
    R"). So each point is uniform, and of b^k successive ones each interval of length b^-k holds
    one. Where the base is larger than n, which would leave the points to chance, each interval of
    length 1 / n holds one, in random order (a Latin hypercube).

    Args:
        n: The number of points.
        d: The number of axes.
        generator: Permutes.
    """
    x = np.empty((n, d))
    for j, prime in enumerate(_primes(d)):
        base = min(prime, max(n, 2))
        left, place, found = np.arange(n), 1.0, np.zeros(n)
        for _ in range(math.ceil(math.log(max(n, 2), base))):
            place /= base
            left, digit = np.divmod(left, base)
            found += place * generator.permutation(base)[digit]
        x[:, j] = found + place * generator.random(n)
    return np.minimum(x, np.nextafter(1.0, 0.0))  # to which the sum may round up


def _primes(d: int) -> list[int]:
    """The first ``d``."""
    found: list[int] = []
    candidate = 2
    while len(found) < d:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found
