"""How alike sources are to a target by numbers that are known of each study before any value.

Whether sources of alike features have alike functions, the sources tell. Each is predicted from
the others,

    phi_j ~ sum over i of w_ji phi_i,    w_ji ∝ exp(-sum over f of rate_f |u_jf - u_if|),

where ``u`` are ranks, so that the units of a feature do not matter: kernel regression with a
learned metric (Weinberger & Tesauro 2007, "Metric learning for kernel regression"). The rates have
the least mean squared error plus a penalty on their sum, which leaves those of most features that
say nothing at 0 (Tibshirani 1996, the lasso). How large the penalty is, is decided by sources that
are left out. If with none of them these are predicted better than by equal weights, and by more
than chance could, all rates are 0 and every source has the same weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
import scipy
from numpy import ndarray as Array

from optuna_metabo.shapes import Float, Int
from optuna_metabo.surrogate import Prior
from optuna_metabo.thinning import evenly

# Fewer sources with any feature say nothing; from more than the latter nothing more is learned.
_FEWEST, _MOST = 5, 64
_N_FOLDS = 5
# Penalties of the sum of the rates, in units of the functions' variance.
_PENALTIES = (0.1, 0.03, 0.01)
# Where the rates begin: at 0 a rate would have to leave its bound first.
_START = 0.02
# By how many standard errors sources left out must be predicted better.
_BEYOND_CHANCE = 2.0
# The part of the weight that is shared out equally whatever the features say.
_EQUAL = 0.05


@runtime_checkable
class Weighable(Protocol):
    """A prior whose sources may be weighed before the first value."""

    def likeness(self, values: Float[Array, "k f"]) -> Likeness:
        """What features of the sources say of their functions."""
        ...

    def believing(self, belief: Float[Array, " k"]) -> Prior:
        """The same, each source with a weight of its own, 1 on average."""
        ...


@dataclass(frozen=True)
class Scales:
    """Features as ranks among those of the sources, with a deviation of 1.

    Args:
        values: Of each feature those that are known, ascending.
        deviation: Of their ranks; infinite where these are all the same.
        typical: The mean distance of two sources, which stands for one that is not known.
    """

    values: tuple[Float[Array, " _"], ...]
    deviation: Float[Array, " f"]
    typical: Float[Array, " f"]

    @classmethod
    def of(cls, values: Float[Array, "k f"]) -> Scales:
        """Of the sources' features; NaN is not known."""
        known = tuple(np.sort(column[~np.isnan(column)]) for column in values.T)
        n_features = len(known)
        plain = cls(known, np.ones(n_features), np.zeros(n_features))
        u = plain.ranks(values[evenly(np.arange(len(values)), _MOST)])
        deviation = np.array([_deviation(column) for column in u.T])
        distances = np.abs(u[:, None] - u[None]) / deviation
        told = ~np.isnan(distances) & ~np.eye(len(u), dtype=bool)[:, :, None]
        typical = np.where(told, distances, 0.0).sum((0, 1)) / np.maximum(told.sum((0, 1)), 1)
        return cls(known, deviation, typical)

    def ranks(self, values: Float[Array, "m f"]) -> Float[Array, "m f"]:
        """From 0 to 1; equal values have one rank."""
        found = [
            np.where(np.isnan(x), np.nan, _mid_rank(known, x) / max(len(known), 1))
            for known, x in zip(self.values, values.T, strict=True)
        ]
        return np.stack(found, axis=1)

    def distances(
        self, values: Float[Array, "m f"], others: Float[Array, "k f"]
    ) -> Float[Array, "m k f"]:
        """|u - u'|."""
        u, v = self.ranks(values), self.ranks(others)
        found = np.abs(u[:, None] - v[None]) / self.deviation
        return np.where(np.isnan(found), self.typical, found)


def _deviation(u: Float[Array, " m"]) -> float:
    told = u[~np.isnan(u)]
    deviation = float(told.std()) if len(told) else 0.0
    return deviation if deviation > 0.0 else np.inf


def _mid_rank(known: Float[Array, " n"], x: Float[Array, " m"]) -> Float[Array, " m"]:
    low, high = (np.searchsorted(known, x, side) for side in ("left", "right"))
    return np.asarray(0.5 * (low + high))


@dataclass(frozen=True)
class Likeness:
    """What the features of sources say of their functions.

    Args:
        values: The features of each source, shape [k f]; NaN is not known.
        rates: How fast likeness falls with the distance in each feature, shape [f].
        gain: The part of the squared error of equal weights that is avoided where sources are
            left out.
        error: The standard error of the gain.
    """

    values: Float[Array, "k f"]
    rates: Float[Array, " f"]
    gain: float = 0.0
    error: float = 0.0

    @property
    def says_nothing(self) -> bool:
        """Whether all weights are equal."""
        return not self.rates.any()

    @classmethod
    def learn(
        cls,
        values: Float[Array, "k f"],
        functions: Callable[[Int[Array, " s"]], Float[Array, "s r"]],
    ) -> Likeness:
        """From the features of sources and their functions at points that fill the domain.

        Args:
            values: The features; NaN is not known.
            functions: Of some sources, standardised over the domain.
        """
        nothing = cls(values, np.zeros(values.shape[1]))
        some = evenly(np.flatnonzero(~np.isnan(values).all(axis=1)), _MOST)
        if len(some) < _FEWEST:
            return nothing
        phi = functions(some)
        pairs = Pairs(
            phi @ phi.T / phi.shape[1], Scales.of(values).distances(values[some], values[some])
        )
        if not pairs.distances.any():
            return nothing
        errors = pairs.left_out(_PENALTIES)
        gains = errors[0] - errors
        best = int(gains.mean(axis=1).argmax())
        gain, error = float(gains[best].mean()), float(gains[best].std(ddof=1))
        unit = max(float(errors[0].mean()), 1e-12)
        error = error / np.sqrt(len(some))
        is_told = best > 0 and gain > _BEYOND_CHANCE * error
        rates = pairs.rates(_PENALTIES[:best])[-1] if is_told else nothing.rates
        return replace(nothing, rates=rates, gain=gain / unit, error=error / unit)

    def weights(self, own: Float[Array, " f"]) -> Float[Array, " k"]:
        """Of each source for a study with features of its own, 1 on average."""
        if self.says_nothing or np.isnan(own).all():
            return np.ones(len(self.values))
        (distances,) = Scales.of(self.values).distances(own[None], self.values)
        return _EQUAL + (1.0 - _EQUAL) * len(self.values) * _softmax(-distances @ self.rates)


def _softmax(logits: Float[Array, "*batch k"]) -> Float[Array, "*batch k"]:
    return np.asarray(scipy.special.softmax(logits, axis=-1))


@dataclass(frozen=True)
class Pairs:
    """Sources as they are predicted from each other.

    Args:
        gram: The mean products of their functions, shape [n n].
        distances: In each feature, shape [n n f].
    """

    gram: Float[Array, "n n"]
    distances: Float[Array, "n n f"]

    def of(self, index: Int[Array, " m"]) -> Pairs:
        """Those of some sources."""
        rows = np.ix_(index, index)
        return Pairs(self.gram[rows], self.distances[rows])

    def left_out(self, penalties: Sequence[float]) -> Float[Array, "candidates n"]:
        """The squared error of each source for each penalty, equal weights first.

        Every source is predicted from those of the other folds, by the rates learned of them.
        """
        n = len(self.gram)
        errors = np.empty((len(penalties) + 1, n))
        fold = np.arange(n) % min(_N_FOLDS, n)
        for i in range(min(_N_FOLDS, n)):
            rest, out = np.flatnonzero(fold != i), np.flatnonzero(fold == i)
            found = [np.zeros(self.distances.shape[2]), *self.of(rest).rates(penalties)]
            for row, rates in zip(errors, found, strict=True):
                row[out] = self._errors(out, rest, rates)
        return errors

    def _errors(
        self, of: Int[Array, " m"], by: Int[Array, " k"], rates: Float[Array, " f"]
    ) -> Float[Array, " m"]:
        cross = self.gram[np.ix_(of, by)]
        weights = _softmax(-self.distances[np.ix_(of, by)] @ rates)
        return _squared_errors(self.gram[of, of], cross, weights, weights @ self.gram[by][:, by])

    def rates(self, penalties: Sequence[float]) -> list[Float[Array, " f"]]:
        """For each of some falling penalties, each from where the one before ended."""
        found, rates = [], np.zeros(self.distances.shape[2])
        for penalty in penalties:
            result = scipy.optimize.minimize(
                lambda x, penalty=penalty: self.loss(x, penalty),
                rates + _START,
                jac=True,
                method="L-BFGS-B",
                bounds=[(0.0, None)] * len(rates),
                options={"maxiter": 50},
            )
            rates = result.x
            found.append(rates)
        return found

    def loss(self, rates: Float[Array, " f"], penalty: float) -> tuple[float, Float[Array, " f"]]:
        """The mean squared error of sources predicted from all others, penalised; its slope."""
        logits = -self.distances @ rates
        np.fill_diagonal(logits, -np.inf)
        weights = _softmax(logits)
        mixed = weights @ self.gram
        errors = _squared_errors(np.diagonal(self.gram), self.gram, weights, mixed)
        slope = 2.0 * (mixed - self.gram)
        slope = weights * (slope - np.sum(weights * slope, axis=1, keepdims=True))
        slope_of_rates = -np.einsum("ji,jif->f", slope, self.distances) / len(errors) + penalty
        return float(errors.mean() + penalty * rates.sum()), slope_of_rates


def _squared_errors(
    own: Float[Array, " m"],
    cross: Float[Array, "m k"],
    weights: Float[Array, "m k"],
    mixed: Float[Array, "m k"],
) -> Float[Array, " m"]:
    """The mean of (phi_j - sum over i of w_ji phi_i)² over the domain."""
    return own - 2.0 * np.sum(weights * cross, axis=1) + np.sum(weights * mixed, axis=1)
