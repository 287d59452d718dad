"""One configuration of one task, trained and measured; a function and an Optuna objective."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import optuna
import torch
from torch import nn

from studies.networks.costs import flops_per_example
from studies.networks.data import Prepared
from studies.networks.models import Shape, build
from studies.networks.tasks import NetworkTask, search_space, size_name
from studies.networks.training import Report, Scores, Settings, TrainingRun, evaluate, train

Values = dict[str, float | int | str]


def run_configuration(
    task: NetworkTask,
    data: Prepared,
    params: Mapping[str, Any],
    *,
    seed: int,
    report: Report | None = None,
) -> tuple[nn.Module, TrainingRun]:
    """Train the task's model with hyperparameters `params` on `data`, which fixes the device."""
    torch.manual_seed(seed)
    network = build(shape_of(task, data, params), float(params["dropout"]))
    names = {field.name for field in dataclasses.fields(Settings)} & set(params)
    settings = Settings(**{name: params[name] for name in names}, epochs=task.epochs, seed=seed)
    return network, train(network, data, settings, report)


def shape_of(task: NetworkTask, data: Prepared, params: Mapping[str, Any]) -> Shape:
    """What fixes the network: the model, its size and the sizes of its input and output."""
    size = int(params[size_name(task.model)])
    inputs = data.train.inputs
    return Shape(task.model, size, tuple(inputs.shape[1:]), data.n_classes, data.n_tokens)


@lru_cache(maxsize=64)
def network_costs(shape: Shape) -> tuple[int, int, int]:
    """FLOPs per example of the forward and of the backward pass, and the number of parameters."""
    with torch.device("meta"):
        network = build(shape, dropout=0.0)
    dtype = torch.int64 if shape.n_tokens else torch.float32
    parameters = sum(p.numel() for p in network.parameters())
    return *flops_per_example(network, torch.Size(shape.inputs), dtype), parameters


def measurements(
    task: NetworkTask, data: Prepared, params: Mapping[str, Any], run: TrainingRun
) -> Values:
    """A run as a flat record: validation scores and costs."""
    forward, backward, parameters = network_costs(shape_of(task, data, params))
    n_train, n_valid = len(data.train.labels), len(data.valid.labels)
    record: Values = dict(dataclasses.asdict(run.valid))
    record |= {name: value for name, value in dataclasses.asdict(run).items() if name != "valid"}
    record["flops"] = run.epochs * ((forward + backward) * n_train + forward * n_valid)
    record["parameters"] = parameters
    return record


@dataclass(frozen=True)
class ValidationAccuracy:
    """The objective: accuracy to be maximised; measurements become the trial's user attributes."""

    task: NetworkTask
    data: Prepared
    seed: int = 0

    def __call__(self, trial: optuna.Trial) -> float:
        """Train what the trial suggests. Raises TrialPruned when the study's pruner says so."""
        params = {name: suggest(trial, name, d) for name, d in search_space(self.task).items()}
        pruned = False

        def report(epoch: int, accuracy: float) -> bool:
            """Tells the study, and whether training is to stop."""
            nonlocal pruned
            trial.report(accuracy, epoch)
            pruned = trial.should_prune()
            return pruned

        _, run = run_configuration(self.task, self.data, params, seed=self.seed, report=report)
        for name, value in measurements(self.task, self.data, params, run).items():
            trial.set_user_attr(name, value)
        if pruned:
            raise optuna.TrialPruned
        return run.valid.accuracy


def suggest(
    trial: optuna.Trial, name: str, distribution: optuna.distributions.BaseDistribution
) -> Any:
    """The trial's value for one parameter of a search space."""
    match distribution:
        case optuna.distributions.FloatDistribution(low=low, high=high, log=log, step=step):
            return trial.suggest_float(name, low, high, log=log, step=step)
        case optuna.distributions.IntDistribution(low=low, high=high, log=log, step=step):
            return trial.suggest_int(name, low, high, log=log, step=step)
        case optuna.distributions.CategoricalDistribution(choices=choices):
            return trial.suggest_categorical(name, choices)
    raise ValueError(f"parameter {name!r} has an unknown distribution {distribution!r}")


def final_scores(
    task: NetworkTask, data: Prepared, params: Mapping[str, Any], *, seed: int
) -> Scores:
    """Test scores of the chosen configuration, trained once more: the test split's one use."""
    network, _ = run_configuration(task, data, params, seed=seed)
    return evaluate(network, data.test)
