"""``repr`` of a sampler is the call that makes it; what is no argument is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from optuna_metabo import MetaGPSampler, TransferPrior


def test_what_was_given_is_shown_and_evaluates_to_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    optuna.create_study(study_name="past", storage=url)
    for sampler in (
        MetaGPSampler(),
        MetaGPSampler(seed=3, surrogate="rgpe"),
        MetaGPSampler("pa*", storage=url, n_startup_trials=2),
        MetaGPSampler(["past"], storage=url),
        MetaGPSampler(storage=url),
    ):
        assert repr(eval(repr(sampler))) == repr(sampler)
    assert repr(MetaGPSampler()) == "MetaGPSampler()"
    assert repr(MetaGPSampler(seed=3, surrogate="rgpe")) == (
        "MetaGPSampler(surrogate='rgpe', seed=3)"
    )


def test_a_study_is_told_by_its_name() -> None:
    study = optuna.create_study(study_name="past")
    assert repr(MetaGPSampler([study], seed=0)) == "MetaGPSampler([<study 'past'>], seed=0)"


def test_a_prior_is_shown_by_its_file_or_its_size(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="past", sampler=optuna.samplers.RandomSampler(0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    prior, path = TransferPrior.fit([study]), tmp_path / "team.prior"
    prior.save(path)
    for given in (path, str(path)):
        assert repr(MetaGPSampler(prior=given)) == f"MetaGPSampler(prior={str(path)!r})"
    assert repr(MetaGPSampler(prior=prior)) == "MetaGPSampler(prior=<prior of 1 past study>)"


def test_the_password_of_a_url_is_not_shown() -> None:
    from optuna_metabo.arguments import as_text

    assert as_text("postgresql://me:secret@host/db") == "'postgresql://me:***@host/db'"
    assert as_text("not://a url: at all") == "'not://a url: at all'"


@pytest.mark.parametrize("name", ["MetaGPSampler", "MetaGPCallback", "Explanation", "__version__"])
def test_public_names_are_listed_before_they_are_loaded(name: str) -> None:
    import optuna_metabo

    assert name in dir(optuna_metabo)
    assert getattr(optuna_metabo, name)


def _tuned(sampler: MetaGPSampler) -> optuna.Study:
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=6)
    return study


def _frame() -> Any:
    return pytest.importorskip("pandas").DataFrame({"x": [0.1, 0.2]})


@pytest.mark.parametrize(("method", "name"), [("score", "candidates"), ("predict", "points")])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"x": 0.1}, r"got one mapping: pass it as \[\{...\}\]"),
        (_frame, r"got a DataFrame: pass its to_dict\('records'\)"),
        (np.array([[0.1, 0.2]]), r"and number 0 is array\(\[0.1, 0.2\]\)"),
        ([{"x": 0.1}, 0.2], "and number 1 is 0.2"),
        ("x", "and number 0 is 'x'"),
        (0.1, "got 0.1"),
    ],
)
def test_what_are_no_configurations_is_named(
    method: str, name: str, given: Any, said: str
) -> None:
    sampler = MetaGPSampler(seed=0)
    for study in (_tuned(sampler), optuna.create_study()):
        with pytest.raises(TypeError, match=f"{name} expects mappings from .* {said}"):
            getattr(sampler, method)(study, given() if given is _frame else given)


def test_configurations_may_come_one_by_one() -> None:
    sampler = MetaGPSampler(seed=0)
    study, points = _tuned(sampler), [{"x": 0.1}, {"x": 0.2}]
    np.testing.assert_array_equal(
        sampler.score(study, (one for one in points)), sampler.score(study, points)
    )
    (one,), (other,) = (sampler.predict(study, given) for given in (iter(points), points))
    np.testing.assert_array_equal(one.mean, other.mean)


@pytest.mark.parametrize("name", ["seed", "n_startup_trials"])
@pytest.mark.parametrize("value", [True, np.True_, -1, 1.0, "1"])
def test_what_is_no_count_is_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a .* int.*, got "):
        MetaGPSampler(**{name: value})
