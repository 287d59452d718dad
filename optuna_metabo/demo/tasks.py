"""Related, not identical, classification tasks on the digits that scikit-learn bundles.

Each trains a support vector machine on a few images and scores it on many others. The best
settings shift with the classes, the number of examples and what was done to the images.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array
from optuna.trial import Trial

from optuna_metabo.shapes import Float

GRID: dict[str, list[str | float]] = {
    "scaling": ["none", "standard", "min-max"],
    "kernel": ["rbf", "poly", "sigmoid"],
    "C": [1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3],
    "gamma": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0],
    "n_components": [4, 8, 16, 32],
}


@dataclass(frozen=True)
class DigitsTask:
    """One data set.

    Args:
        name: Also the name of the study.
        classes: The digits to be told apart.
        n_train: The number of training examples.
        noise: Standard deviation of the noise added to pixels, which range from 0 to 16.
        shift: Pixels by which the images are moved to the right.
        inverted: Whether black and white are exchanged.
        logs_error: Whether the value is the error, as of someone who logged the wrong metric.
    """

    name: str
    classes: tuple[int, ...] = tuple(range(10))
    n_train: int = 200
    noise: float = 0.0
    shift: int = 0
    inverted: bool = False
    logs_error: bool = False

    def objective(self) -> Callable[[Trial], float]:
        """A function of a trial that returns the validation accuracy; the same for every call.

        It is the error, in [0, 1] too, if the task ``logs_error``.
        """
        from sklearn.decomposition import PCA
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import MinMaxScaler, StandardScaler
        from sklearn.svm import SVC

        X, y = self._data()
        train, valid = slice(0, self.n_train), slice(self.n_train, None)
        scalers = {"none": "passthrough", "standard": StandardScaler(), "min-max": MinMaxScaler()}

        def score(trial: Trial) -> float:
            """The accuracy, or error, on the other images."""
            scaling = trial.suggest_categorical("scaling", list(scalers))
            model = make_pipeline(
                scalers[scaling],
                PCA(trial.suggest_int("n_components", 4, 32), random_state=0),
                SVC(
                    kernel=trial.suggest_categorical("kernel", ["rbf", "poly", "sigmoid"]),
                    C=trial.suggest_float("C", 1e-2, 1e3, log=True),
                    gamma=trial.suggest_float("gamma", 1e-5, 1e0, log=True),
                ),
            )
            accuracy = float(model.fit(X[train], y[train]).score(X[valid], y[valid]))
            return 1.0 - accuracy if self.logs_error else accuracy

        return score

    def _data(self) -> tuple[Float[Array, "n 64"], Float[Array, " n"]]:
        from sklearn.datasets import load_digits

        generator = np.random.default_rng(0)
        X, y = load_digits(return_X_y=True)
        chosen = np.flatnonzero(np.isin(y, self.classes))
        chosen = generator.permutation(chosen)[: self.n_train + 400]
        images = np.roll(X[chosen].reshape(-1, 8, 8), self.shift, axis=2)
        images = 16.0 - images if self.inverted else images
        images = images + self.noise * generator.standard_normal(images.shape)
        return images.reshape(-1, 64), y[chosen]


PAST = (
    DigitsTask("digits-noisy", noise=4.0),
    DigitsTask("digits-shifted", shift=2, n_train=120),
    DigitsTask("digits-odd", classes=(1, 3, 5, 7, 9), noise=2.0),
    DigitsTask("digits-inverted", inverted=True, noise=2.0),
    DigitsTask("digits-many", n_train=400, noise=1.0),
)
# All that it says is true of the opposite.
MISLEADING = DigitsTask("digits-error-logged", noise=3.0, logs_error=True)
NEW = DigitsTask("digits-few-noisy-examples", n_train=150, noise=3.0)
