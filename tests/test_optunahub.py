"""What stands in docs/optunahub keeps the rules of OptunaHub's registry, and runs."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from optuna_metabo import MetaGPSampler

optunahub = pytest.importorskip("optunahub", reason="it is what loads the package")

PACKAGE = Path(__file__).parent.parent / "docs" / "optunahub"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
MAX_PICTURE_BYTES = 100_000


def _header() -> dict[str, Any]:
    return yaml.safe_load(README.split("---\n")[1])


def _local_module(package: str) -> Any:
    """What the registry would load under that name."""
    assert package == "samplers/metagp"
    return optunahub.load_local_module(PACKAGE.name, registry_root=str(PACKAGE.parent))


@pytest.fixture(autouse=True)
def _from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optunahub, "load_module", _local_module)


def test_the_header_has_what_the_registry_asks_for() -> None:
    header = _header()
    assert README.startswith("---\n")
    for name in ("author", "title", "description", "license"):
        assert isinstance(header[name], str), name
    for name in ("tags", "optuna_versions"):
        assert isinstance(header[name], list), name
        assert all(isinstance(one, str) for one in header[name]), name
    assert header["license"] == "MIT License"
    assert "sampler" in header["tags"]


def test_the_package_has_the_files_of_the_template() -> None:
    names = {path.name for path in PACKAGE.iterdir()}
    assert {"__init__.py", "README.md", "LICENSE", "example.py", "requirements.txt"} <= names
    assert "<COPYRIGHT HOLDER>" not in (PACKAGE / "LICENSE").read_text(encoding="utf-8")
    for code in PACKAGE.glob("*.py"):
        assert "from __future__ import annotations" in code.read_text(encoding="utf-8")


def test_its_sections_are_those_of_the_template_in_their_order() -> None:
    sections = re.findall(r"^## (.*)$", README, re.MULTILINE)
    assert sections == ["Abstract", "APIs", "Installation", "Example", "Others"]


def test_the_picture_is_there_and_small() -> None:
    (name,) = re.findall(r"!\[[^\]]+\]\(([^)]*)\)", README)
    assert 0 < (PACKAGE / name).stat().st_size <= MAX_PICTURE_BYTES


def test_it_returns_the_sampler() -> None:
    assert _local_module("samplers/metagp").MetaGPSampler is MetaGPSampler


def test_the_arguments_that_it_tells_of_are_those_of_the_sampler() -> None:
    told = re.findall(r"^  - `(\w+)`:", README, re.MULTILINE)
    assert told[:2] == ["source_studies", "storage"]
    assert set(told) <= set(inspect.signature(MetaGPSampler).parameters)


def test_its_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    verbosity = optuna.logging.get_verbosity()
    try:
        runpy.run_path(str(PACKAGE / "example.py"))
    finally:
        optuna.logging.set_verbosity(verbosity)
    printed = capsys.readouterr().out
    assert "past-a" in printed
    assert "past-b" in printed


def test_the_snippet_of_its_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(snippet, "README.md", "exec"), {})
    assert "past" in capsys.readouterr().out
