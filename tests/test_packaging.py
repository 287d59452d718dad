"""What installing and importing the package costs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent


def test_importing_and_asking_load_neither_torch_nor_plotting() -> None:
    script = (
        "import sys, optuna; optuna.logging.disable_default_handler()\n"
        "from optuna_metabo import MetaGPSampler\n"
        "study = optuna.create_study(sampler=MetaGPSampler(seed=0, n_startup_trials=1))\n"
        "study.optimize(lambda t: t.suggest_float('x', 0, 1), n_trials=3)\n"
        "heavy = {'torch', 'plotly', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_asking_with_a_past_does_not_wait_for_the_distributions_of_scipy() -> None:
    """They take a second to load, and no ask needs them where a past study begins."""
    script = (
        "import sys, optuna; optuna.logging.disable_default_handler()\n"
        "from optuna_metabo import MetaGPSampler\n"
        "f = lambda t: t.suggest_float('x', 0, 1) ** 2\n"
        "past = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))\n"
        "past.optimize(f, n_trials=10)\n"
        "study = optuna.create_study(sampler=MetaGPSampler([past], seed=0))\n"
        "study.optimize(f, n_trials=3)\n"
        "sys.exit('scipy.stats' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_no_private_name_of_optuna_is_used() -> None:
    private = re.compile(r"optuna\._|from optuna[\w.]*\._|\bimport _\w+|study\._|trial\._")
    for folder in ("optuna_metabo", "studies"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found = private.search(path.read_text(encoding="utf-8"))
            assert found is None, f"{path}: {found.group()}"


def test_importing_the_package_and_its_sampler_loads_no_scipy_and_unknown_names_raise() -> None:
    script = (
        "import sys, optuna_metabo\n"
        "assert 'scipy' not in sys.modules and 'optuna' not in sys.modules\n"
        "assert optuna_metabo.MetaGPSampler.__name__ == 'MetaGPSampler'\n"
        "assert not {'scipy', 'jaxtyping', 'sqlalchemy'} & set(sys.modules)\n"
        "assert not hasattr(optuna_metabo, 'nonsense')"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def documented() -> set[str]:
    """What the page of the API shows: single objects, and what whole modules define."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    found = re.findall(
        r"^\.\. (?:auto(?:class|function)|py:data):: [\w.]+\.(\w+)", page, re.MULTILINE
    )
    modules = re.findall(r"^\.\. automodule:: ([\w.]+)\n +:members:(.*)", page, re.MULTILINE)
    for name, members in modules:
        found += re.findall(r"\w+", members)
        if not members:
            found += vars(import_module(name))
    return set(found)


@pytest.mark.parametrize("name", ["optuna_metabo", "optuna_metabo.replay"])
def test_every_public_name_has_its_place_in_the_api(name: str) -> None:
    module = import_module(name)
    missing = set(module.__all__) - {"__version__"} - documented()
    assert not missing
    assert all(hasattr(module, one) for one in module.__all__)


def test_errors_that_users_meet_can_be_caught_by_a_public_name() -> None:
    from optuna_metabo import MetaGPSampler, NoSuchStorage

    with pytest.raises(NoSuchStorage, match="there is no file"):
        MetaGPSampler("past", storage="sqlite:///none-of-that-name.db")


def test_every_room_of_the_package_and_of_studies_has_its_place_in_the_guide() -> None:
    guide = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    shortcuts = {"compare", "record", "report", "tasks", "tune"}  # of commands in their rooms
    for folder in ("optuna_metabo", "studies"):
        paths = [path for path in (ROOT / folder).iterdir() if path.suffix in ("", ".py")]
        rooms = {path.stem for path in paths if not path.name.startswith("_")} - shortcuts
        missing = {room for room in rooms if f"`{room}`" not in guide}
        assert not missing, f"{folder}: {missing}"


def test_a_package_index_gets_no_link_to_a_file_of_the_repository() -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no TOML")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "](docs/" in text
    for one in project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(one["pattern"], one["replacement"], text)
    targets = re.findall(r"\]\(([^)]*)\)", text)
    assert targets
    assert all(target.startswith(("https://", "#")) for target in targets)


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert f'version = "{citation["version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()


def test_what_is_checked_before_a_commit_is_checked_in_ci_too() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for hook in config["repos"][0]["hooks"]:
        command = hook["entry"].removesuffix(" --force-exclude")
        assert any(step.startswith(command) for step in steps), command


def test_the_forms_of_the_tracker_are_forms() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= form.keys()
        assert all({"type", "attributes"} <= part.keys() for part in form["body"])
