"""The default surrogate with one part taken out, to see what the part is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optuna_metabo import Averaging, Domain, Model, Posterior, Prior, Surrogate, Task


@dataclass(frozen=True)
class WithoutPortfolio:
    """The sources are heard only from the second trial on; the first is the first candidate."""

    inner: Surrogate

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Learns as the inner surrogate does."""
        return _Muted(self.inner.learn(sources, domain, generator=generator), len(sources))


@dataclass(frozen=True)
class _Muted:
    inner: Prior
    k: int

    def condition(self, target: Task, pending: np.ndarray) -> Model:
        return self.inner.condition(target, pending) if len(target) else _Nothing(np.zeros(self.k))


@dataclass(frozen=True)
class _Nothing:
    """Believes the same of every point."""

    weights: np.ndarray

    def posterior(self, X: np.ndarray) -> Posterior:
        return Posterior(np.ones(1), np.zeros((1, len(X))), np.ones((1, len(X))))


VARIANTS: dict[str, Surrogate] = {
    "no-portfolio": WithoutPortfolio(Averaging()),
    "no-guard": Averaging(plain=1e-9),
    "no-joint": Averaging(joint=1e-9),
    "no-opposites": Averaging(opposed=0.0),
    "no-probe": Averaging(probe=False),
    "no-kernel": Averaging(share_kernel=False),
}
