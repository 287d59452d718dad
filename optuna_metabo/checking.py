"""Surrogates from elsewhere: what is wrong with one is named before a proposal meets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Model, Posterior, Prior, Surrogate, Task

# Points of which a model from elsewhere is asked before it is believed.
_N_LOOKED_AT = 3


def checked(surrogate: Surrogate) -> Surrogate:
    """A surrogate; one from elsewhere is looked at when it has learned.

    Raises:
        TypeError: If it is none.
    """
    _expect(surrogate, Surrogate, "surrogate must be a name or have a learn method")
    package, where = (name.split(".")[0] for name in (__name__, type(surrogate).__module__))
    return surrogate if where == package else Checked(surrogate)


@dataclass(frozen=True)
class Checked:
    """A surrogate from elsewhere, whose faults are named before a proposal meets them."""

    surrogate: Surrogate

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """As the surrogate does it.

        Raises:
            TypeError: If this is no prior, or what it believes before the first value no model.
            ValueError: If the model has not one weight for each source, or not one mean for each
                point.
        """
        prior = self.surrogate.learn(sources, domain, generator=generator)
        names = [type(self.surrogate).__name__, type(prior).__name__]
        _expect(prior, Prior, f"{names[0]}.learn must return what has a condition method")
        X = sources[0].X[:_N_LOOKED_AT]
        model = prior.condition(Task(X[:0], np.zeros(0)), X[:0])
        expected = "must return what has weights and a posterior method"
        _expect(model, Model, f"{names[1]}.condition {expected}")
        _check_model(model, len(sources), X)
        return prior


def _expect(found: Any, kind: type, expected: str) -> None:
    """Raises a ``TypeError`` unless an object is of a kind; its class has the same methods."""
    if isinstance(found, type):
        name = found.__name__
        raise TypeError(f"{expected}, got the class {name!r}: make an object of it, {name}(...)")
    if not isinstance(found, kind):
        raise TypeError(f"{expected}, got {found!r}")


def _check_model(model: Model, n_sources: int, X: Float[Array, "m p"]) -> None:
    name, weights = type(model).__name__, np.asarray(model.weights)
    if weights.shape != (n_sources,) or not np.issubdtype(weights.dtype, np.number):
        raise ValueError(
            f"{name}.weights must be {n_sources} numbers, one for each past study, got "
            f"{model.weights!r}"
        )
    posterior = model.posterior(X)
    _expect(posterior, Posterior, f"{name}.posterior must return a Posterior")
    n_points = posterior.means.shape[1]
    if n_points != len(X):
        raise ValueError(f"{name}.posterior must have means of {len(X)} points, got {n_points}")
