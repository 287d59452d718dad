"""The axes along which one trial still moves, and where they lie in the space that is modelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.acquisition import Subspace
from optuna_metabo.domain import ABSENT
from optuna_metabo.encoding import Encoding, Numeric, to_unit
from optuna_metabo.shapes import Float

# Points farther outside a trial's ranges than by rounding are none that it could propose.
_ROUNDING = 1e-9
# The length of a range that is a single value.
_POINT = 1e-6


@dataclass(frozen=True)
class Embedding:
    """From the axes of one trial to those of the study: ``offset + slope x``, column by column.

    Args:
        inner: Of the trial.
        offset: Where the low ends stand, shape [p].
        slope: How long the ranges are, shape [p].
    """

    inner: Encoding
    offset: Float[Array, " p"]
    slope: Float[Array, " p"]

    @classmethod
    def of(cls, inner: Encoding, outer: Encoding) -> Embedding:
        """From the axes of a trial to those of its study.

        Args:
            inner: Of the trial.
            outer: Of the study, with the same parameters, each of which holds that of the trial.
        """
        p = len(inner.domain.groups)
        offset, slope = np.zeros(p), np.ones(p)
        for name, part in zip(inner.names, inner.domain.slices, strict=True):
            own, whole = inner.search_space[name], outer.search_space[name]
            if isinstance(own, Numeric) and isinstance(whole, Numeric) and own != whole:
                low, high = to_unit(np.array([own.low, own.high], dtype=float), whole)
                offset[part], slope[part] = low, high - low
        return cls(inner, offset, slope)

    @cached_property
    def is_identity(self) -> bool:
        """Whether the axes are the same."""
        return not self.offset.any() and bool((self.slope == 1.0).all())

    def __call__(self, X: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """Points of the trial's axes on those of the study."""
        if self.is_identity:
            return X
        domain = self.inner.domain
        exists = domain.present(X)[:, domain.groups]
        return np.where(exists, self.offset + self.slope * X, domain.absent)

    def back(self, Z: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """The other way round; what lies outside the trial's ranges stays outside."""
        if self.is_identity:
            return Z
        slope = np.maximum(self.slope, _POINT)
        X = (Z - self.offset) / slope + np.where(self.slope > 0.0, 0.0, ABSENT)
        return self.inner.domain.tidy(X)

    def places(self, Z: Float[Array, "n p"]) -> Float[Array, "n p"]:
        """As :meth:`back`, but what stands for a parameter that a point lacks still does."""
        absent = self.inner.domain.absent
        return np.where(absent == Z, absent, self.back(Z))


@dataclass(frozen=True)
class Frame:
    """What one trial may still propose.

    Args:
        embedding: Of its axes in those of the study.
        fixed: What it holds already.
    """

    embedding: Embedding
    fixed: Mapping[str, Any]

    @classmethod
    def of(cls, encoding: Encoding, outer: Encoding, fixed: Mapping[str, Any]) -> Frame:
        """Of a trial's own encoding."""
        return cls(Embedding.of(encoding, outer), dict(fixed))

    @property
    def encoding(self) -> Encoding:
        """The trial's own."""
        return self.embedding.inner

    @property
    def point(self) -> Float[Array, " p"]:
        """Where the trial stands, as far as it is known, on the axes of the study."""
        return self.embedding(self.encoding.encode(self.fixed)[None])[0]

    @property
    def is_whole(self) -> bool:
        """Whether the trial holds every parameter that exists where it stands."""
        encoding = self.encoding
        present = encoding.domain.present(encoding.encode(self.fixed)[None])[0]
        names = zip(encoding.names, present, strict=True)
        return all(name in self.fixed for name, exists in names if exists)

    def subspace(self, taken: Float[Array, "f p"]) -> Subspace:
        """Where the trial may still go, on its own axes.

        Args:
            taken: Points asked so far, on the axes of the study.
        """
        encoding = self.encoding
        fixed = np.zeros(len(encoding.domain.groups), dtype=bool)
        for name, part in zip(encoding.names, encoding.domain.slices, strict=True):
            fixed[part] = name in self.fixed
        values = encoding.encode(self.fixed)
        return Subspace(encoding.domain, fixed, values, self._own(taken))

    def _own(self, taken: Float[Array, "f p"]) -> Float[Array, "f p"]:
        """The points that the trial could propose, on its own axes."""
        X = self.embedding.back(taken)
        if not self.embedding.is_identity:
            X = X[(np.abs(X - np.clip(X, 0.0, 1.0)) <= _ROUNDING).all(axis=1)]
        return self.encoding.domain.snap(X)
