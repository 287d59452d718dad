"""What the page of questions quotes is what the package says."""

from __future__ import annotations

import re
import sqlite3
import warnings
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from optuna_metabo import MetaGPSampler

PAGE = (Path(__file__).parent.parent / "docs" / "faq.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
STORAGE = "sqlite:///studies.db"


def x(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0, 1)


def flat(trial: optuna.Trial) -> float:
    return 0.0 * x(trial)


def run(sampler: MetaGPSampler, n_objectives: int = 1, name: str = "x") -> optuna.Study:
    study = optuna.create_study(directions=["minimize"] * n_objectives, sampler=sampler)
    study.optimize(lambda t: [t.suggest_float(name, 0, 1)] * n_objectives, n_trials=4)
    return study


def run_of(name: str, distribution: BaseDistribution) -> None:
    """A study whose past has a parameter of the same name."""
    study = optuna.create_study(sampler=MetaGPSampler("options", storage=STORAGE))
    for value in range(4):
        study.tell(study.ask({name: distribution}), value)


def options(trial: optuna.Trial) -> float:
    opt = trial.suggest_categorical("opt", ["sgd", "adam"])
    return trial.suggest_float("zero", -1, 0) + (opt == "adam")


def two_objectives() -> None:
    sampler = MetaGPSampler("net", storage=STORAGE)
    sampler.best_guess(run(sampler, 2))


def nothing_feasible() -> None:
    sampler = MetaGPSampler(constraints_func=lambda trial: [1.0])
    sampler.best_guess(run(sampler))


SAYS: dict[str, Callable[[], object]] = {
    "no completed trials": lambda: run(MetaGPSampler(["aborted"], storage=STORAGE)),
    "one trial": lambda: run(MetaGPSampler(["single"], storage=STORAGE)),
    "flat": lambda: run(MetaGPSampler(["flat"], storage=STORAGE)),
    "no shared parameter": lambda: run(MetaGPSampler("net", storage=STORAGE), name="y"),
    "other choices": lambda: run_of("opt", CategoricalDistribution(("SGD", "Adam"))),
    "another kind": lambda: run_of("opt", FloatDistribution(0, 1)),
    "no logarithm": lambda: run_of("zero", FloatDistribution(1e-3, 1, log=True)),
    "other objectives": two_objectives,
    "wrong glob": lambda: MetaGPSampler("net-*", storage=STORAGE),
    "no file yet": lambda: MetaGPSampler(storage="sqlite:///none.db"),
    "wrong name": lambda: MetaGPSampler(["nett"], storage=STORAGE),
    "no storage": lambda: MetaGPSampler("net-*"),
    "no file": lambda: MetaGPSampler("net", storage="sqlite:///none.db"),
    "another file": lambda: MetaGPSampler("net", storage="sqlite:///other.db"),
    "wrong surrogate": lambda: MetaGPSampler(surrogate="auot"),
    "no prior": lambda: MetaGPSampler(prior="studies.db"),
    "nothing feasible": nothing_feasible,
}


def said(call: Callable[[], object]) -> list[str]:
    """What a call warns of, and the error that it ends with."""
    lines = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            call()
        except (TypeError, ValueError) as error:
            lines.append(f"{type(error).__name__}: {error}")
    return [*lines, *(str(one.message) for one in caught if one.category is UserWarning)]


def pattern(quoted: str) -> str:
    """A quotation as a regular expression, in which ``...`` and ``'x'`` stand for anything."""
    return re.escape(quoted).replace(r"\.\.\.", ".*").replace("'x'", "'.*'")


@pytest.mark.parametrize("case", SAYS)
def test_what_it_says_stands_on_the_page(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    optuna.create_study(study_name="net", storage=STORAGE).optimize(x, n_trials=3)
    optuna.create_study(study_name="options", storage=STORAGE).optimize(options, n_trials=3)
    optuna.create_study(study_name="single", storage=STORAGE).optimize(x, n_trials=1)
    optuna.create_study(study_name="flat", storage=STORAGE).optimize(flat, n_trials=3)
    optuna.create_study(study_name="aborted", storage=STORAGE)
    with sqlite3.connect("other.db") as other:
        other.execute("create table a (b)")
    other.close()
    lines = said(SAYS[case])
    assert lines
    for line in lines:
        assert any(re.match(pattern(one), line) for one in QUOTED), line
