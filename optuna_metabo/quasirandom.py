"""Points that fill the unit cube evenly; ``scipy.stats`` has some, but takes a second to load."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.shapes import Float, Int

# Digits that are scrambled; in base 2 the points repeat after 65,536.
_N_DIGITS = 16
# To which digits beyond those of float64 would round up.
_BELOW_1 = np.nextafter(1.0, 0.0)


def halton(
    index: Int[Array, " n"], d: int, *, generator: np.random.Generator
) -> Float[Array, "n d"]:
    """Points of a Halton sequence with randomly and linearly scrambled digits, in [0, 1).

    The digits a_t of the index in base b, the j-th prime for axis j, give

        x_j = sum_t ((f_t a_t + c_t) mod b) / b^t

    with random f_t in 1, ..., b - 1 and c_t in 0, ..., b - 1 (Matoušek 1998, "On the
    L2-discrepancy for anchored boxes"): each point is uniform, and of b^k successive ones each
    b-adic interval of length b^-k holds one.

    Args:
        index: Which points of the sequence.
        d: The number of axes.
        generator: Scrambles; the same one gives the same sequence.
    """
    base = _primes(d)
    factor = generator.integers(1, base, size=(_N_DIGITS, d))
    shift = generator.integers(base, size=(_N_DIGITS, d))
    places = base ** -np.arange(1.0, _N_DIGITS + 1.0)[:, None]
    left = np.repeat(index[:, None].astype(float), d, axis=1)
    x = np.zeros(left.shape) + np.sum(shift * places, axis=0)  # the point of index 0
    for f, c, place in zip(factor, shift, places, strict=True):
        if not left.any():
            break
        rest = np.floor(left / base)  # exact: these are small whole numbers
        digit = f * (left - base * rest) + c
        x += (digit - base * np.floor(digit / base) - c) * place
        left = rest
    return np.clip(x, 0.0, _BELOW_1)


def _primes(d: int) -> Float[Array, " d"]:
    """The first ``d`` primes."""
    found: list[int] = []
    candidate = 2
    while len(found) < d:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return np.array(found, dtype=float)
