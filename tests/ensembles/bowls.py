"""Tasks whose functions are bowls: what the tests of surrogates share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles import by_name
from optuna_metabo.surrogate import Model, Task

DOMAIN = Domain((Dimension(), Dimension()))
NONE = np.zeros((0, 2))
EMPTY = Task(NONE, np.zeros(0))


def bowl(at: float) -> Callable[[Array], Array]:
    return lambda X: -((X[:, 0] - at) ** 2) - 0.3 * (X[:, 1] - 0.5) ** 2


def make_task(f: Callable[[Array], Array], n: int, seed: int) -> Task:
    X = np.random.default_rng(seed).random((n, 2))
    return Task(X, f(X))


def alike() -> list[Task]:
    return [make_task(bowl(at), 25, seed) for seed, at in enumerate((0.25, 0.3, 0.35))]


def believe(name: str, sources: list[Task], target: Task, pending: Array = NONE) -> Model:
    prior = by_name(name).learn(sources, DOMAIN, generator=np.random.default_rng(0))
    return prior.condition(target, pending)
