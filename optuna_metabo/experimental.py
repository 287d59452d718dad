"""What Optuna calls experimental, used without the warning that says so."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.study import Study


@contextmanager
def _unwarned() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def name_metrics(study: Study, names: Sequence[str]) -> None:
    """Names the objectives of a study."""
    with _unwarned():
        study.set_metric_names(list(names))


def gp_sampler(seed: int) -> BaseSampler:
    """Optuna's GPSampler, which needs torch once it is asked."""
    with _unwarned():
        return optuna.samplers.GPSampler(seed=seed)
