"""LCBench by its surrogate: 34 unlike data sets, a continuous space, a network's accuracy.

The folder holds ``model.onnx``, ``config_space.json`` and ``encoding.json`` of the scenario
``lcbench`` of YAHPO Gym (Pfisterer et al. 2022, https://github.com/slds-lmu/yahpo_data, 1.0.2).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from scipy.stats import qmc

from studies.families.tasks import Family, TuningTask

INSTANCE, FIDELITY = "OpenML_task_id", {"epoch": 52}
# The columns of the network's numeric input and of its output, in YAHPO Gym's order.
INPUTS = (
    "epoch", "batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units",
    "max_dropout",
)  # fmt: skip
OUTPUTS = (
    "time", "val_accuracy", "val_cross_entropy", "val_balanced_accuracy", "test_cross_entropy",
    "test_balanced_accuracy",
)  # fmt: skip
TARGET = OUTPUTS.index("val_accuracy")
# Quasi-random points whose median is the task's. That of 8192 is .1 percentage points off on the
# mean over tasks, .7 at most.
MEDIAN_POINTS = 2048

# Configurations to accuracies in percent.
Evaluate = Callable[[Sequence[Mapping[str, Any]]], np.ndarray]


def lcbench(folder: Path) -> Family:
    """One task for each data set: validation accuracy after 52 epochs, in percent.

    The optima are not known.

    Raises:
        ModuleNotFoundError: If onnxruntime is not installed.
        FileNotFoundError: If a file of the folder is missing.
    """
    session = _session(folder / "model.onnx")
    space = json.loads((folder / "config_space.json").read_text(encoding="utf-8"))
    codes = json.loads((folder / "encoding.json").read_text(encoding="utf-8"))[INSTANCE]
    axes = {one["name"]: one for one in space["hyperparameters"]}
    names = axes.pop(INSTANCE)["choices"]
    tuned = [axis for name, axis in axes.items() if name not in FIDELITY]
    tasks = [
        _task(name, functools.partial(_evaluate, session, codes[name]), tuned) for name in names
    ]
    return Family("lcbench", tuple(tasks))


def _session(model: Path) -> Any:
    """The network on one thread: one configuration takes .2 ms, too little to share."""
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("the family lcbench needs `pip install onnxruntime`") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    if not model.is_file():
        raise FileNotFoundError(f"the family lcbench needs {model.name} in {model.parent}")
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(str(model), sess_options=options, providers=providers)


def _evaluate(session: Any, code: int, points: Sequence[Mapping[str, Any]]) -> np.ndarray:
    categories, numbers = (one.name for one in session.get_inputs())
    rows = [[{**FIDELITY, **point}[name] for name in INPUTS] for point in points]
    feed = {
        categories: np.full((len(rows), 1), code, np.int32),
        numbers: np.asarray(rows, np.float32),
    }
    return session.run(None, feed)[0][:, TARGET].astype(float)


def _task(name: str, evaluate: Evaluate, axes: Sequence[Mapping[str, Any]]) -> TuningTask:
    def objective(trial: optuna.Trial) -> float:
        return float(evaluate([{axis["name"]: _suggest(trial, axis) for axis in axes}])[0])

    unit = qmc.Sobol(len(axes), seed=0).random(MEDIAN_POINTS)
    points = [
        {axis["name"]: _at(axis, u) for axis, u in zip(axes, row, strict=True)} for row in unit
    ]
    return TuningTask(name, "maximize", objective, median=float(np.median(evaluate(points))))


def _suggest(trial: optuna.Trial, axis: Mapping[str, Any]) -> float:
    suggest = trial.suggest_int if axis["type"] == "uniform_int" else trial.suggest_float
    return suggest(axis["name"], axis["lower"], axis["upper"], log=axis["log"])


def _at(axis: Mapping[str, Any], u: float) -> float:
    """The point at ``u`` in [0, 1) of an axis; each integer has an interval of width one."""
    half = 0.5 if axis["type"] == "uniform_int" else 0.0
    low, high = axis["lower"] - half, axis["upper"] + half
    value = low * (high / low) ** u if axis["log"] else low + u * (high - low)
    return float(np.rint(value)) if half else float(value)
