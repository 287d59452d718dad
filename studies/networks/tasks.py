"""The tasks of the experiment: similar problems, no two of them the same.

`python -m studies.tasks` lists them. A task names the rows it takes from its data set, how its
inputs are shifted, and the model and search space tuned on it. Sizes are chosen so that one
training run takes about a second on one CPU core; the scores are those of small subsets and
compare with nothing else.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from studies.commands import command

IMAGE_MODELS = {"cnn": "layers", "resnet": "layers", "mlp": "layers"}
TEXT_MODELS = {"lstm": "units", "gru": "units", "bag": "units"}
GRID: dict[str, Sequence[float | int | str]] = {
    "lr": (0.001, 0.01, 0.1),
    "batch_size": (16, 32, 64),
    "layers": (2, 3, 4),
    "units": (50, 100, 150),
    "dropout": (0.2, 0.3, 0.4),
    "optimizer": ("Adam", "SGD"),
}


@dataclass(frozen=True)
class NetworkTask:
    """One problem to tune on.

    `name` is `<data set>/<task>`; `classes` are the labels kept, in order; `shift` names a change
    of the images; `words` keeps the texts with that many words (low, high); `tokens` is the length
    texts are cut to, from the end where `keep_end`; `label_noise` is the share of training labels
    redrawn.
    """

    name: str
    note: str
    classes: tuple[int, ...]
    model: str
    n_train: int
    n_valid: int = 1000
    n_test: int = 1000
    epochs: int = 2
    shift: str = "none"
    words: tuple[int, int] = (1, 100_000)
    tokens: int = 0
    keep_end: bool = False
    label_noise: float = 0.0
    space: str = "grid"

    @property
    def dataset(self) -> str:
        """The data set's name, the part of the task's name before the slash."""
        return self.name.split("/")[0]

    @property
    def table(self) -> str:
        """The name of its recorded grid: with the model, unless that is the data set's own."""
        if self.model in ("cnn", "lstm"):
            return self.name
        return self.name.replace("/", f"-{self.model}/")

    def with_model(self, model: str) -> NetworkTask:
        """The same data with another model of the same kind (image or text)."""
        kin = IMAGE_MODELS if self.model in IMAGE_MODELS else TEXT_MODELS
        if model not in kin:
            raise ValueError(
                f"model {model!r} does not fit task {self.name!r}; expected {list(kin)}"
            )
        return dataclasses.replace(self, model=model)


TEN = tuple(range(10))


def _images(name: str, note: str, classes: tuple[int, ...] = TEN, **changes: Any) -> NetworkTask:
    sizes = {"mnist": (1000, 4), "cifar10": (1600, 4)}
    n_train, epochs = sizes[name.split("/")[0]]
    task = NetworkTask(name, note, classes, "cnn", n_train=n_train, epochs=epochs)
    return dataclasses.replace(task, **changes)


def _texts(name: str, note: str, **changes: Any) -> NetworkTask:
    classes, n_train, tokens, epochs = {
        "imdb": ((0, 1), 2000, 48, 4),
        "ag_news": ((0, 1, 2, 3), 1600, 32, 5),
    }[name.split("/")[0]]
    task = NetworkTask(name, note, classes, "lstm", n_train=n_train, epochs=epochs, tokens=tokens)
    return dataclasses.replace(task, **changes)


TASKS: dict[str, NetworkTask] = {
    task.name: task
    for task in (
        _images("mnist/rotated", "all digits, turned by up to 45 degrees", shift="rotate"),
        _images("mnist/low", "digits 0 to 4", (0, 1, 2, 3, 4)),
        _images("mnist/high", "digits 5 to 9", (5, 6, 7, 8, 9)),
        _images("mnist/noisy", "all digits under Gaussian noise", shift="noise"),
        _images("mnist/mislabelled", "all digits, 20 % of the labels redrawn", label_noise=0.2),
        _images("mnist/few", "all digits, 300 examples", n_train=300, epochs=8),
        _images("cifar10/blurred", "all classes, blurred", shift="blur"),
        _images("cifar10/vehicles", "airplane, automobile, ship, truck", (0, 1, 8, 9)),
        _images("cifar10/animals", "bird, cat, deer, dog, frog, horse", (2, 3, 4, 5, 6, 7)),
        _images("cifar10/grey", "all classes, without colour", shift="grey"),
        _images("cifar10/mislabelled", "all classes, 20 % of the labels redrawn", label_noise=0.2),
        _images("cifar10/few", "all classes, 600 examples", n_train=600, epochs=8),
        _texts("imdb/ending", "the end of each review", keep_end=True),
        _texts("imdb/short", "reviews of at most 150 words", words=(1, 150)),
        _texts("imdb/opening", "the beginning of reviews of over 150 words", words=(151, 100_000)),
        _texts(
            "imdb/mislabelled", "the end of each review, 15 % of the labels redrawn",
            keep_end=True, label_noise=0.15,
        ),
        _texts(
            "imdb/few", "the end of each review, 800 examples",
            keep_end=True, n_train=800, epochs=8,
        ),
        _texts("ag_news/all", "all four subjects"),
        _texts("ag_news/headline", "the first ten words only", tokens=10),
        _texts("ag_news/few", "all four subjects, 400 examples", n_train=400, epochs=12),
        _texts("ag_news/mislabelled", "20 % of the labels redrawn", label_noise=0.2),
        _texts("ag_news/pair", "business against science and technology", classes=(2, 3)),
    )
}  # fmt: skip


def get_task(name: str) -> NetworkTask:
    """The task of that name. Raises ValueError naming the known ones."""
    if name not in TASKS:
        raise ValueError(f"unknown task {name!r}; expected one of {sorted(TASKS)}")
    return TASKS[name]


def size_name(model: str) -> str:
    """What the model's size is called: `layers` for image models, `units` for text models."""
    sizes = IMAGE_MODELS | TEXT_MODELS
    if model not in sizes:
        raise ValueError(f"unknown model {model!r}; expected one of {sorted(sizes)}")
    return sizes[model]


def grid(task: NetworkTask) -> dict[str, Sequence[float | int | str]]:
    """The values of each parameter of the grid of 162 configurations."""
    size = size_name(task.model)
    return {name: GRID[name] for name in ("lr", "batch_size", size, "dropout", "optimizer")}


def grid_points(task: NetworkTask) -> list[dict[str, float | int | str]]:
    """All 162 configurations of the grid, the first parameter varying slowest."""
    values = grid(task)
    return [dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())]


def search_space(task: NetworkTask) -> dict[str, BaseDistribution]:
    """Optuna's distributions for `task.space`: the `grid`, or the continuous `wide` space."""
    if task.space == "grid":
        return {name: CategoricalDistribution(tuple(v)) for name, v in grid(task).items()}
    if task.space != "wide":
        raise ValueError(f"unknown space {task.space!r}; expected 'grid' or 'wide'")
    size = size_name(task.model)
    low, high = (1, 4) if size == "layers" else (16, 256)
    return {
        "lr": FloatDistribution(1e-4, 0.3, log=True),
        "batch_size": IntDistribution(16, 256, log=True),
        size: IntDistribution(low, high, log=size == "units"),
        "dropout": FloatDistribution(0.0, 0.6),
        "weight_decay": FloatDistribution(1e-6, 1e-2, log=True),
        "momentum": FloatDistribution(0.5, 0.99),
        "optimizer": CategoricalDistribution(("Adam", "SGD")),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Print the registry."""
    command("tasks", __doc__).parse_args(argv)
    for task in TASKS.values():
        size = (
            f"{task.n_train} train, {task.n_valid} valid, {task.n_test} test, {task.epochs} epochs"
        )
        print(f"{task.name:20s} {task.model:5s} {task.space:5s} {size}; {task.note}")


if __name__ == "__main__":
    main()
