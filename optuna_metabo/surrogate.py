"""What the rooms of the mathematics hand to each other, and the protocol of a surrogate.

Everything is maximised, in the units of the target's values with the sign of its direction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.shapes import Bool, Float
from optuna_metabo.tasks import Task

__all__ = [
    "N_LED",
    "TRUSTED",
    "Model",
    "Posterior",
    "Prior",
    "Surrogate",
    "Task",
    "TransferModel",
    "Trusting",
]

# With less trust sources are doubted before any value.
TRUSTED = 0.5
# With fewer values the next point is the sources' to choose: nothing else is known.
N_LED = 5


@dataclass(frozen=True, eq=False)
class Posterior:
    """A mixture of ``s`` normal distributions at each of ``m`` points.

    A mixture of one component is an ordinary Gaussian posterior. Like arrays, posteriors are told
    apart as objects.

    Args:
        weights: Shape [s], on the simplex.
        means: Shape [s m].
        variances: Shape [s m], of the function without observation noise, positive.

    Raises:
        ValueError: If they have other shapes.

    Example:
        >>> import numpy as np
        >>> from optuna_metabo import Posterior
        >>> two = Posterior(np.array([0.5, 0.5]), np.array([[0.0], [2.0]]), np.ones((2, 1)))
        >>> two.mean.item(), two.variance.item()
        (1.0, 2.0)
    """

    weights: Float[Array, " s"]
    means: Float[Array, "s m"]
    variances: Float[Array, "s m"]

    def __post_init__(self) -> None:
        s, shape, other = np.shape(self.weights), np.shape(self.means), np.shape(self.variances)
        if len(shape) != 2 or s != shape[:1] or other != shape:
            raise ValueError(
                "Posterior expects weights of shape [s], and means and variances of shape [s m], "
                f"got {s}, {shape} and {other}"
            )

    @property
    def mean(self) -> Float[Array, " m"]:
        """The mean of the mixture."""
        return self.weights @ self.means

    @property
    def variance(self) -> Float[Array, " m"]:
        """The variance of the mixture: the mean variance and the variance of the means."""
        spread = (self.means - self.mean) ** 2
        return self.weights @ (self.variances + spread)


@runtime_checkable
class Model(Protocol):
    """What is believed of the target's function after its trials so far.

    Asking it changes nothing: a trial asks it for thousands of points, in many calls.

    One that inherits from :class:`TransferModel` may also say who chooses, when a study begins
    anew, and what is reported.
    """

    @property
    def weights(self) -> Float[Array, " k"]:
        """How much each source counts, shape [k], in the order of the sources.

        At least 0, and 1 in all at most: what is missing to 1 is believed from the target's own
        trials alone.
        """
        ...

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """The distribution of the function's value at each point.

        Args:
            X: Points, shape [m p]; ``m`` may be 0.

        Returns:
            Finite means in the units of the target's values, and positive variances without
            observation noise. Where the search meets NaN, the trial that asks fails with a
            ``FloatingPointError``.
        """
        ...


class TransferModel(ABC):
    """A :class:`Model` that says more of its sources than their weights.

    What stands here holds of a model that says no more; one that does has members of its own
    instead.
    """

    @property
    @abstractmethod
    def weights(self) -> Float[Array, " k"]:
        """As of :class:`Model`."""

    @abstractmethod
    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """As of :class:`Model`: what constraints and the best trial are asked of, and where
        nobody else chooses, the next point.
        """

    @property
    def acting(self) -> TransferModel:
        """The model that chooses the next point."""
        return self

    @property
    def beside_others(self) -> TransferModel:
        """The model that chooses where the target has several objectives."""
        return self

    @property
    def reported(self) -> Model:
        """The model whose intervals people are told."""
        return self

    @property
    def begins_anew(self) -> bool:
        """Whether sources have misled so far, or are doubted. Where this holds of every objective,
        the next point is quasi-random.
        """
        return False

    def would_tell(self, X: Float[Array, "m p"]) -> Bool[Array, " m"]:
        """Which points would tell whether sources mislead: where a study begins anew these come
        first.
        """
        return np.ones(len(X), dtype=bool)

    @property
    def knows_all(self) -> bool:
        """Whether sources know every parameter and every choice, and are no crowd of strangers."""
        return True

    @property
    def opposition(self) -> float:
        """The part of what is believed, from 0 to 1, that is the opposite of what sources say."""
        return 0.0


@runtime_checkable
class Prior(Protocol):
    """What the sources say, learned once and conditioned at every ask.

    It never changes: it is remembered, and shared by threads. One that also has the methods
    ``likeness`` and ``believing`` of ``optuna_metabo.ensembles.likeness.Weighable`` is weighed by
    the features of the studies, and of one that is :class:`Trusting` it is told how far its
    sources are believed; those are looked for by name.
    """

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Takes in the target's trials.

        Args:
            target: Its ``n`` points with finite values; ``n`` is 0 before the first value.
            pending: Points asked and not yet told, shape [q p]; ``q`` may be 0.

        Returns:
            A model, ready to be asked. Before the first value, where there are no units, its means
            say what points promise, about 0 for an average one and 1 for the best.

        Raises:
            Exception: Whatever goes wrong; the trial that asks fails with it.
        """
        ...


@runtime_checkable
class Trusting(Protocol):
    """A prior that tells how far it believes its sources."""

    @property
    def trust(self) -> float:
        """How far sources are believed before any value, from 0 to 1; with less than
        :data:`TRUSTED` it is reported that they are doubted.
        """
        ...


@runtime_checkable
class Surrogate(Protocol):
    """A way to learn from sources.

    Example:
        >>> from optuna_metabo import Averaging, MetaGPSampler, Surrogate
        >>> isinstance(Averaging(), Surrogate)
        True
        >>> sampler = MetaGPSampler(surrogate=Averaging(plain=0.5, joint=0.4))
    """

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Learns from the sources, once for each output and search space.

        Where no past study can be used it is not called: a plain Gaussian process learns alone.

        Args:
            sources: One at least, each with points of shape [n p] and values that differ.
            domain: The target's, of ``p`` columns.
            generator: All that is random; it is the same at every call, whatever the seed of the
                sampler, so that what is learned can be kept.

        Returns:
            What they say; its models have one weight for each source.

        Raises:
            Exception: Whatever goes wrong; the trial that asks fails with it, and the next one
                asks to learn again.
        """
        ...
