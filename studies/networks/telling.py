"""What a tuning run says of itself: what it tunes and from what it learns, and what came out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import optuna

from optuna_metabo import MetaGPSampler
from studies.networks.tasks import NetworkTask

# So many past studies are named.
_MOST = 5


def header(
    task: NetworkTask, study: optuna.Study, sampler: str, sources: str | Sequence[str], url: str
) -> str:
    """The lines before the first trial.

    Args:
        task: What is tuned.
        study: Into which.
        sampler: The name of the sampler.
        sources: The past studies, by name or as a glob.
        url: Of the storage.
    """
    size = f"{task.n_train} training examples, {task.epochs} epochs"
    lines = {
        "task": f"{task.name}, model {task.model}, space {task.space}: {size}",
        "study": f"{study.study_name}, {len(study.get_trials(deepcopy=False))} trials so far",
        "sampler": sampler,
        "sources": _sources(sources) if sampler == "metagp" else "none, the sampler uses none",
        "storage": url,
    }
    return "\n".join(f"{name + ':':9s}{text}" for name, text in lines.items())


def _sources(sources: str | Sequence[str]) -> str:
    if isinstance(sources, str):
        return f"those named {sources!r}"
    if not sources:
        return "none, the storage has no study of another task yet"
    more = f" and {len(sources) - _MOST} more" if len(sources) > _MOST else ""
    return ", ".join(sources[:_MOST]) + more


def best(study: optuna.Study) -> str:
    """The best trial and its parameters, one a line."""
    trial = study.best_trial
    lines = [f"best of {len(study.get_trials(deepcopy=False))} trials: trial {trial.number}"]
    lines[0] += f", validation accuracy {study.best_value:.4f}"
    return "\n".join([*lines, *[f"  {name}: {_short(v)}" for name, v in trial.params.items()]])


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def explanation(study: optuna.Study) -> str:
    """What led to the trials, where the sampler learns from past studies; else nothing."""
    if not isinstance(study.sampler, MetaGPSampler):
        return ""
    return str(study.sampler.explain(study))


def next_commands(study: optuna.Study, options: Mapping[str, Any]) -> str:
    """What a user may do now: go on with more trials, and look at them.

    Args:
        study: The study.
        options: The arguments of this run that differ from their defaults.
    """
    more = {**options, "trials": 2 * int(options["trials"])}
    words = [word for name, value in more.items() for word in (f"--{name}", str(value))]
    url, name = str(options["storage"]), study.study_name
    return "\n".join(
        [
            f"go on:   {shlex.join(['python', '-m', 'studies.tune', *words])}",
            "why:     "
            + shlex.join(["optuna-metabo", "explain", "--storage", url, "--study-name", name]),
            f"see it:  {shlex.join(['optuna-dashboard', url])}",
        ]
    )
