"""Studies that people left in public repositories, as found; see the page of results."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import optuna
import pytest
from optuna.storages import InMemoryStorage

from optuna_metabo.replay import Archive, Plan, Replay, execute

PEOPLE = Path(__file__).parents[3] / "shared" / "people"
pytestmark = pytest.mark.skipif(
    not (PEOPLE / "read.py").exists(), reason="needs the studies in ../shared/people"
)


def _reader() -> ModuleType:
    spec = importlib.util.spec_from_file_location("people", PEOPLE / "read.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _archive(family: str, most: int) -> Archive:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    reader, storage = _reader(), InMemoryStorage()
    for i, study in enumerate(reader.read(family)[:most]):
        reader.to_optuna({**study, "trials": study["trials"][:60]}, storage, f"{family}-{i}")
    return Archive.read(storage)


@pytest.mark.parametrize("family", ["accup-har", "arcanum", "eeg-gat", "mamba-exchange", "sindyc"])
def test_every_family_is_replayed_as_it_was_found(family: str) -> None:
    archive = _archive(family, 4)
    plan = Plan(("metagp", "tpe"), seeds=1, trials=3)
    targets, left_out = archive.targets()
    replay = Replay.of(targets, plan, execute(targets, plan), left_out)
    assert len(replay.targets) + len(left_out) == len(archive.studies)
    assert len(replay.targets) > 1


def test_alike_studies_save_most_of_the_trials() -> None:
    targets, _ = _archive("eeg-gat", 10).targets()
    plan = Plan(("metagp-cold", "metagp"), seeds=1, trials=20)
    replay = Replay.of(targets, plan, execute(targets, plan))
    medians = {name: replay.median_trials(name, "best") for name in replay.samplers}
    assert 2 * medians["metagp"] <= min(medians["owner"], medians["random"])
    assert medians["metagp"] < medians["metagp-cold"]
