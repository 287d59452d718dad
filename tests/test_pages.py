"""Every snippet and every command of the README and of the guide runs as it stands.

A new page is run without being named here. What does not run is listed with its reason: below, or
in the page by Sybil's ``% skip: next "reason"``, which no reader sees.
"""

from __future__ import annotations

import contextlib
import csv
import importlib
import io
import os
import re
import shlex
import sys
import unittest
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import optuna
import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser, SkipParser

from optuna_metabo.cli import main
from optuna_metabo.demo import run as demo_run
from tests.printed import check_printed

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", *(str(one.relative_to(ROOT)) for one in sorted(ROOT.glob("docs/**/*.md")))]
# Pages about studies that the reader has: the folder holds some.
WITH_STUDIES = {
    "README.md",
    "docs/command-line.md",
    "docs/history.md",
    "docs/prior.md",
    "docs/replay.md",
}
NOT_RUN = {
    "docs/many-workers.md": "programs with arguments: tests/test_recipes.py runs them",
    "docs/optunahub/README.md": "loads from the registry: tests/test_optunahub.py runs example.py",
    "docs/results/people.md": "needs the storages of other people",
    "docs/visualization.md": "tests/studies/test_pictures.py runs it, with its pictures",
}
PROGRAMS_NOT_RUN = {
    ".ci/run": "runs these tests",
    "eval": "completion of a shell: tests/cli/test_commands.py",
    "_OPTUNA_METABO_COMPLETE=fish_source": "completion of a shell: tests/cli/test_commands.py",
    "jq": "another program",
    "lint-imports": "a check of its own",
    "mlflow": "no extra of ours",
    "mypy": "a check of its own",
    "optuna-dashboard": "a server: tests/studies/test_pictures.py opens it",
    "pip": "needs a network",
    "pytest": "runs these tests",
    "ruff": "a check of its own",
    "source": "completion of a shell: tests/cli/test_commands.py",
    "sphinx-build": "a check of its own",
}
# What takes minutes is run with less.
LESS = {
    "demo": ["--seeds", "1", "--trials", "2"],
    "replay": ["--seeds", "1", "--trials", "2", "--jobs", "1"],
}
NEED_TORCH = {"studies.tune", "studies.record", "studies.networks.longer"}


def commands(text: str) -> list[list[str]]:
    """The words of each command of a block, with those behind ``&&`` and pipes as their own."""
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    words = [shlex.split(line, comments=True) for line in lines if not line.startswith("#")]
    found: list[list[str]] = []
    for line in filter(None, words):
        found.append([])
        for word in line:
            if word in ("&&", "|"):
                found.append([])
            elif word != "&":
                found[-1].append(word)
    return found


def run_command(words: list[str]) -> None:
    """Runs a command of ours; of an experiment it is seen that it has the options."""
    words = words[words[0] == "srun" :]
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        os.environ[name] = value
    elif words[0] == "optuna-metabo":
        arguments = [os.path.expandvars(word) for word in words[1:]]
        assert main(arguments + LESS.get(arguments[0] if arguments else "", [])) == 0, words
    elif words[:2] == ["python", "-m"]:
        check_options(words[2], words[3:])
    else:
        assert words[0] in PROGRAMS_NOT_RUN, f"neither run nor listed: {shlex.join(words)}"


def check_options(module: str, arguments: list[str]) -> None:
    """That a command of experiments, which takes minutes to hours, knows what it is given."""
    if module in NEED_TORCH and find_spec("torch") is None:
        return
    subcommand = [word for word in arguments[:1] if word in ("report", "run")]
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(told):
        patch.setattr(sys, "argv", [module, *subcommand, "--help"])
        with pytest.raises(SystemExit):
            importlib.import_module(module).main()
    options = {word for word in arguments if word.startswith("--")}
    assert not {one for one in options if one not in told.getvalue()}, (module, arguments)


def run_python(example: Example) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        PythonEvaluator()(example)
    example.namespace["printed"] = example.end, printed.getvalue()


def check_shown(example: Example) -> None:
    """What stands right below a snippet is what it prints."""
    end, printed = example.namespace.get("printed", (0, ""))
    if not example.document.text[end : example.start].strip():
        check_printed(example.parsed, printed)


def run_block(example: Example) -> None:
    for words in commands(example.parsed):
        run_command(words)


def write_table(example: Example) -> None:
    """A table that a page shows is the file that its commands read."""
    Path("runs.csv").write_text(example.parsed, encoding="utf-8")


def parts(page: str) -> list[Example]:
    """The snippets and commands of a page, in their order."""
    parsers = [
        CodeBlockParser("python", run_python),
        CodeBlockParser("text", check_shown),
        CodeBlockParser("sh", run_block),
        CodeBlockParser("bash", run_block),
        CodeBlockParser("csv", write_table),
        SkipParser(),
    ]
    return [*Sybil(parsers, path=str(ROOT)).parse(ROOT / page).examples()]


def network(best_lr: float) -> Any:
    def objective(trial: optuna.Trial) -> float:
        lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
        return abs(lr - best_lr) + trial.suggest_int("layers", 1, 4) / 100

    return objective


def make_studies() -> None:
    """Past studies, one that has just begun, and tables from elsewhere, as a reader has them."""
    for seed, (name, n_trials) in enumerate({"resnet-a": 12, "resnet-b": 12, "new": 3}.items()):
        sampler = optuna.samplers.RandomSampler(seed)
        study = optuna.create_study(
            study_name=name, storage="sqlite:///studies.db", sampler=sampler
        )
        study.optimize(network(0.01), n_trials=n_trials)
    rows = [
        {"lr": 10.0**-k, "batch_size": 2**k, "optimizer": "adam", "val_acc": k / 9}
        for k in range(1, 6)
    ]
    renamed = [
        {f"params.{name}": row[name] for name in ("lr", "batch_size")}
        | {"metrics.val_loss": row["val_acc"]}
        for row in rows
    ]
    for name, table in {"wandb_export.csv": rows, "mlflow.csv": renamed}.items():
        with Path(name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, table[0])
            writer.writeheader()
            writer.writerows(table)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", [one for one in PAGES if one not in NOT_RUN])
def test_a_page_runs_as_it_stands(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo_run, "Plan", partial(demo_run.Plan, past_trials=6))
    monkeypatch.setenv("OPTUNA_STORAGE", "")  # so that what a page exports is taken back
    verbosity = optuna.logging.get_verbosity()
    if page in WITH_STUDIES:
        make_studies()
    for part in parts(page):
        with contextlib.suppress(unittest.SkipTest):
            part.evaluate()
    optuna.logging.set_verbosity(verbosity)


def test_what_is_not_run_is_there_to_be_run_and_has_a_reason() -> None:
    assert set(NOT_RUN) | WITH_STUDIES <= set(PAGES)
    assert sum(bool(parts(page)) for page in PAGES) > 15
    skips = [re.findall("^% skip:.*", (ROOT / page).read_text("utf-8"), re.M) for page in PAGES]
    assert all(re.fullmatch(r'% skip: next "\w.+"', one) for found in skips for one in found)


def test_a_command_that_nobody_knows_is_told() -> None:
    with pytest.raises(AssertionError, match="neither run nor listed: frobnicate --x"):
        run_command(["frobnicate", "--x"])
    with pytest.raises(AssertionError, match="no-such-option"):
        check_options("studies.compare", ["run", "--no-such-option", "1"])
