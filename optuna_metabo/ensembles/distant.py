"""What distant experts say of functions: which take part, and how much is beyond them.

A distant relation is the one by which functions are told apart before all experts are asked: a
close one would make too much of small differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.ensembles.beyond import NOTHING, Beyond, Lacking
from optuna_metabo.ensembles.experts import DISTANT, Group
from optuna_metabo.ensembles.kriging import Kernel, Kriging, Residual
from optuna_metabo.shapes import Float
from optuna_metabo.tasks import Task


def likeliest(
    kernels: Mapping[str, Kernel], lacking: Lacking, target: Task, phi: Float[Array, "f n"]
) -> list[Beyond]:
    """What is beyond each function, of the size by which the distant experts of all that lack the
    same columns explain the values best; arguments as of :func:`distant_evidence`.
    """
    of_each = [NOTHING] * len(phi)
    if not lacking.sets.any():
        return of_each
    distant = _Distant.of(kernels, target)
    for usual, some in lacking.parts():
        if not usual.is_nothing:
            beyond = usual.likeliest(partial(distant.evidence_of_any, phi[some]))
            for i in some:
                of_each[i] = beyond
    return of_each


def distant_evidence(
    kernels: Mapping[str, Kernel], lacking: Lacking, target: Task, phi: Float[Array, "f n"]
) -> Float[Array, " f"]:
    """That of the distant experts of some functions.

    Args:
        kernels: By name.
        lacking: The columns that each function lacks; what is beyond is of the usual size.
        target: The values.
        phi: The functions at its points.
    """
    distant, evidence = _Distant.of(kernels, target), np.empty(len(phi))
    for beyond, some in lacking.parts():
        evidence[some] = distant.evidence(phi[some], beyond)
    return evidence


@dataclass(frozen=True)
class _Distant:
    """Distant experts of a target: the kernels' correlations at its points, and its noise."""

    by_kernel: Mapping[str, Float[Array, "n n"]]
    noise: Float[Array, " n"]
    target: Task

    @classmethod
    def of(cls, kernels: Mapping[str, Kernel], target: Task) -> _Distant:
        """With these kernels, of which the shared one tells the noise."""
        X, noise = target.X, kernels["shared"].noise
        correlations = {name: kernel.correlation(X, X) for name, kernel in kernels.items()}
        return cls(correlations, noise / target.counts, target)

    def evidence(self, phi: Float[Array, "s n"], beyond: Beyond) -> Float[Array, " s"]:
        """Of each function."""
        group, none = Group(DISTANT, (), beyond=beyond), np.zeros((0, len(self.target)))
        correlation = group.correlation(self.by_kernel)
        residual = Residual.factorise(correlation, none, rho=group.rho, noise=self.noise)
        kriging = Kriging.condition(residual, DISTANT.coefficients, self.target.y, phi)
        return np.asarray(np.logaddexp.reduce(kriging.log_evidence, axis=1))

    def evidence_of_any(self, phi: Float[Array, "s n"], beyond: Beyond) -> float:
        """Of all together."""
        return float(np.logaddexp.reduce(self.evidence(phi, beyond)))
