"""Every example in a docstring of the package prints what it says."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import optuna
import pytest

ROOT = Path(__file__).parent.parent
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "optuna_metabo").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name: str) -> None:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = doctest.testmod(import_module(name))
    optuna.logging.set_verbosity(verbosity)
    assert found.attempted
    assert not found.failed


def test_there_are_examples() -> None:
    assert "optuna_metabo.sampler" in MODULES
