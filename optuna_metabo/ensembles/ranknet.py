"""A scorer learned over the sources by pairwise ranking, an ensemble of small networks.

RankNet (Burges et al. 2005): the probability that x is better than x' is the logistic function of
the difference of their scores. After Khazi, Pineda Arango & Grabocka 2023 ("Deep ranking
ensembles for hyperparameter optimization") an ensemble tells the uncertainty, and the networks are
fine-tuned on the target's history. Scores are brought to the target's units by least squares.

The only file that imports torch, and only to train; scoring is NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.domain import Domain
from optuna_metabo.ensembles.target import Scale
from optuna_metabo.gp.exact import Batch
from optuna_metabo.shapes import Float
from optuna_metabo.surrogate import Model, Posterior, Prior, Task

if TYPE_CHECKING:
    import torch

_N_NETWORKS, _WIDTH = 5, 32
_STEPS, _FINE_TUNING_STEPS = 300, 40
_LEARNING_RATE, _FINE_TUNING_RATE, _DECAY = 1e-2, 3e-3, 1e-3
# What one training step looks at: enough pairs for a stable gradient, few enough for seconds.
_MAX_SOURCES, _MAX_TRIALS = 16, 48
# The least variance of a score, relative to the spread of scores: networks agree too readily.
_VARIANCE_FLOOR = 0.01

Parameters = list[Array]


@dataclass(frozen=True)
class RankNet:
    """The learned ranker; see the module. Needs ``optuna-metabo[ranknet]``.

    Args:
        device: Where torch trains, such as ``"cuda"``.

    Raises:
        ModuleNotFoundError: If torch is not installed.
    """

    device: str = "cpu"

    def __post_init__(self) -> None:
        if find_spec("torch") is None:  # said before there is a study, not at its first ask
            raise ModuleNotFoundError(
                "surrogate='ranknet' needs torch: pip install 'optuna-metabo[ranknet]'"
            )

    def learn(
        self, sources: Sequence[Task], domain: Domain, *, generator: np.random.Generator
    ) -> Prior:
        """Trains the ensemble, some seconds on a CPU."""
        p, bias = len(domain.groups), np.zeros((_N_NETWORKS, 1, _WIDTH))

        def weights(n_in: int, n_out: int) -> Array:
            """Of one layer, so that what comes out is of the size of what goes in."""
            scale = np.sqrt(2.0 / max(n_in, 2))
            return generator.standard_normal((_N_NETWORKS, n_in, n_out)) * scale

        first, second, last = weights(p, _WIDTH), weights(_WIDTH, _WIDTH), weights(_WIDTH, 1)
        parameters = [first, bias, second, bias, last]
        batches = [_draw(sources, domain, generator) for _ in range(_STEPS)]
        trained = _train(parameters, batches, _LEARNING_RATE, self.device)
        return RankNetPrior(trained, len(sources), self.device)


def score(parameters: Sequence[Any], X: Any) -> Any:
    """Scores of an ensemble of networks of two hidden layers, arrays or tensors.

    Args:
        parameters: Weights and biases, each with the networks in front.
        X: Points, shape [1 n p] or [networks n p].

    Returns:
        Shape [networks n].
    """
    W1, b1, W2, b2, W3 = parameters
    hidden = X @ W1 + b1
    hidden = hidden * (hidden > 0)
    hidden = hidden @ W2 + b2
    return ((hidden * (hidden > 0)) @ W3)[..., 0]


def _draw(sources: Sequence[Task], domain: Domain, generator: np.random.Generator) -> Batch:
    """Some sources, and some trials of each.

    What a source does not know is anything at all: other values in every step, so that the scores
    do not come to depend on it.
    """

    def drawn(source: Task) -> Task:
        """Some trials of a source, anything in the place of what it does not know."""
        rows = generator.permutation(len(source))[:_MAX_TRIALS]
        X, known = source.X[rows], True if source.known is None else source.known
        U = generator.random((len(rows), len(domain.dimensions)))
        return Task(np.where(known, X, domain.from_unit(U)), source.y[rows])

    chosen = generator.permutation(len(sources))[:_MAX_SOURCES]
    return Batch.of([drawn(sources[i]) for i in chosen])


def _train(
    parameters: Parameters, batches: Sequence[Batch], rate: float, device: str
) -> Parameters:
    """Adam on the RankNet loss; the global state of torch stays as it was."""
    import torch

    with torch.enable_grad():
        tensors = [
            torch.tensor(one, dtype=torch.float32, device=device, requires_grad=True)
            for one in parameters
        ]
        optimiser = torch.optim.Adam(tensors, lr=rate, weight_decay=_DECAY)
        for batch in batches:
            optimiser.zero_grad()
            loss: Any = ranknet_loss(tensors, batch, torch)
            loss.backward()
            optimiser.step()
    return [one.detach().cpu().numpy().astype(float) for one in tensors]


def ranknet_loss(tensors: Sequence[torch.Tensor], batch: Batch, torch: Any) -> torch.Tensor:
    """The mean over pairs y_i > y_j of log(1 + exp(s_j - s_i)) (Burges et al. 2005, eq. 3)."""
    device = tensors[0].device
    k, n, p = batch.X.shape
    X = torch.tensor(batch.X, dtype=torch.float32, device=device)
    scores = score(tensors, X.reshape(1, k * n, p)).reshape(-1, k, n)
    better = (batch.y[:, :, None] > batch.y[:, None, :]) & batch.mask[:, :, None]
    pairs = torch.tensor(better & batch.mask[:, None, :], device=device)
    losses = torch.nn.functional.softplus(scores[..., None, :] - scores[..., :, None])
    loss: torch.Tensor = (losses * pairs).sum() / pairs.sum().clamp(min=1) / len(scores)
    return loss


@dataclass(frozen=True)
class RankNetPrior:
    """The trained ensemble."""

    parameters: Parameters
    n_sources: int
    device: str

    def condition(self, target: Task, pending: Float[Array, "q p"]) -> Model:
        """Fine-tunes on the target's trials; pending points change nothing but are not repeated.

        ``y = a score + b`` with a >= 0 by least squares, the ridge of two more observations at
        the scale of the standardised values.
        """
        parameters = self.parameters
        if len(target) > 1:
            steps = [Batch.of([target])] * _FINE_TUNING_STEPS
            parameters = _train(parameters, steps, _FINE_TUNING_RATE, self.device)
        scale = Scale.of(target.y)
        if not len(target):
            return RankNetModel(parameters, self.n_sources, scale, 1.0, 0.0)
        y = scale.standardise(target).y
        s = score(parameters, target.X[None]).mean(axis=0)
        centred, spread = s - s.mean(), max(float(s.std()), 1e-6)
        square = float(centred @ centred) + 2.0 * spread**2
        a = max(0.0, (float(centred @ y) + 2.0 * spread) / square)
        return RankNetModel(parameters, self.n_sources, scale, a, -a * float(s.mean()))


@dataclass(frozen=True)
class RankNetModel:
    """The ensemble in the target's units."""

    parameters: Parameters
    n_sources: int
    scale: Scale
    a: float
    b: float

    @property
    def weights(self) -> Float[Array, " k"]:
        """The scorer is learned over all sources alike."""
        return np.full(self.n_sources, 1.0 / self.n_sources)

    def posterior(self, X: Float[Array, "m p"]) -> Posterior:
        """One Gaussian component: mean and variance of the ensemble."""
        scores = score(self.parameters, X[None])
        variance = scores.var(axis=0, ddof=1) + _VARIANCE_FLOOR
        a2 = max(self.a, 1e-3) ** 2
        means = self.a * scores.mean(axis=0) + self.b
        return self.scale.restore(np.ones(1), means[None], (a2 * variance)[None])
