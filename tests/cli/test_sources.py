"""``optuna-metabo sources`` and ``explain``: what past studies say of one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import optuna
import pytest
import yaml
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial

from optuna_metabo import MetaGPSampler
from optuna_metabo.cli.past import SURROGATES
from optuna_metabo.ensembles import by_name
from tests.cli.conftest import Run, break_studies, make_study

BOTH = pytest.mark.parametrize("command", ["sources", "explain"])


def test_sources_says_who_serves_and_why_not_the_others(url: str, run: Run) -> None:
    optuna.create_study(study_name="empty", storage=url)
    ended = run("sources", "--storage", url, "--study-name", "new", "-f", "json")
    assert (ended.code, ended.err) == (0, "")
    past, empty = json.loads(ended.out)
    assert (past["study"], past["serves"], past["trials"]) == ("past", True, 15)
    assert past["shared"] == ["x"]
    assert 0.0 < past["weight"] <= 1.0
    assert (empty["study"], empty["serves"]) == ("empty", False)
    assert "no completed trials" in empty["why_not"]


def test_sources_are_known_before_the_first_trial(url: str, run: Run) -> None:
    optuna.create_study(study_name="empty", storage=url)
    ended = run("sources", "--storage", url, "--study-name", "empty", "-f", "value")
    names = [line.split("\t")[0] for line in ended.out.splitlines()]
    assert (ended.code, sorted(names)) == (0, ["new", "past"])


def test_the_table_has_a_line_for_each_source(url: str, run: Run) -> None:
    ended = run("--storage", url, "sources", "--study-name", "new")
    head, _, row = ended.out.splitlines()
    assert head.split()[:2] == ["study", "serves"]
    assert row.split()[:2] == ["past", "yes"]


def test_explain_says_what_each_trial_came_from(url: str, run: Run) -> None:
    asked = ("explain", "--storage", url, "--study-name", "new")
    assert "past" in run(*asked).out
    lines = run(*asked, "-f", "value").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["0", "1", "2"]
    found = yaml.safe_load(run(*asked, "-f", "yaml").out)
    assert (found["study"], found["trials_told"]) == ("new", 3)
    assert [one["number"] for one in found["trials"]] == [0, 1, 2]
    assert all(set(one["weights"]) == {"past"} for one in found["trials"])
    assert found == json.loads(run(*asked, "-f", "json").out)


def test_of_trials_that_are_not_all_used_or_told_it_is_said_how_many_there_are(
    url: str, run: Run
) -> None:
    past = optuna.load_study(study_name="past", storage=url)
    past.add_trials(past.trials[:4])
    new = optuna.load_study(study_name="new", storage=url)
    new.add_trials(past.trials * 4)
    asked = ("--storage", url, "--study-name", "new")
    assert "15 of 19" in run("sources", *asked).out
    [source] = json.loads(run("sources", *asked, "-f", "json").out)
    assert (source["trials"], source["finished"]) == (15, 19)
    told = "of 79 trials 64 are told: the first ones and an even spread"
    ended = run("explain", *asked)
    assert told in ended.out
    assert ended.err == ""
    ended = run("explain", *asked, "-f", "value")
    assert (len(ended.out.splitlines()), ended.err) == (64, f"{told}\n")


@BOTH
def test_a_study_that_cannot_be_read_is_named(command: str, url: str, run: Run) -> None:
    break_studies(url, "new")
    ended = run(command, "--storage", url, "--study-name", "new")
    assert (ended.code, ended.out) == (1, "")
    assert "--study-name: 'new' cannot be read: Unknown distribution class" in ended.err


@BOTH
def test_only_the_sources_asked_for_are_read(command: str, url: str, run: Run) -> None:
    make_study(url, "other", n_trials=5)
    for asked in (["other"], ["o*"], ["oth*", "other"]):
        options = [word for one in asked for word in ("--sources", one)]
        ended = run(command, "--storage", url, "--study-name", "new", *options, "-f", "json")
        assert "other" in ended.out
        assert "past" not in ended.out


def test_of_a_prior_the_sampler_that_has_it_is_explained(url: str, prior: Path, run: Run) -> None:
    asked = ("explain", "--storage", url, "--study-name", "new", "--prior", prior)
    ended = run(*asked, "-f", "json")
    assert (ended.code, ended.err) == (0, "")
    study = optuna.load_study(study_name="new", storage=url)
    expected = MetaGPSampler(prior=prior, seed=0).explain(study)
    found = json.loads(ended.out)
    assert [one["study"] for one in found["sources"]] == ["elsewhere"]
    assert found["sources"][0]["weight"] == expected.sources[0].weight > 0.0
    assert found["trials"][0]["origin"] == str(expected.trials[0].origin)


@BOTH
def test_studies_asked_for_count_beside_those_of_a_prior(
    command: str, url: str, prior: Path, run: Run
) -> None:
    make_study(url, "other", n_trials=5)
    asked = (command, "--storage", url, "--study-name", "new", "--prior", prior, "-f", "json")
    for sources, expected in (((), set()), (("--sources", "p*"), {"past"})):
        found = json.loads(run(*asked, *sources).out)
        found = found["sources"] if command == "explain" else found
        assert {one["study"] for one in found} == {"elsewhere", *expected}


@BOTH
def test_a_study_of_the_storage_and_one_of_a_prior_may_have_one_name(
    command: str, url: str, prior: Path, run: Run
) -> None:
    make_study(url, "elsewhere", n_trials=5)
    asked = (command, "--storage", url, "--study-name", "new", "--prior", prior)
    asked = (*asked, "--sources", "elsewhere", "-f", "json")
    found = json.loads(run(*asked).out)
    sources = found["sources"] if command == "explain" else found
    n_trials = {one["study"]: one["trials"] for one in sources}
    assert n_trials == {"elsewhere": 12, "elsewhere (2)": 5}
    if command == "explain":
        assert all(set(one["weights"]) == set(n_trials) for one in found["trials"])


@BOTH
def test_long_names_and_many_are_short_in_a_table_and_whole_in_json(
    command: str, tmp_path: Path, run: Run
) -> None:
    url = f"sqlite:///{tmp_path}/long.db"
    make_study(url, "p" * 300, n_trials=6)
    optuna.create_study(study_name="e" * 300, storage=url)
    study = optuna.create_study(study_name="new", storage=url)
    missing = tuple(f"parameter-{i:02d}" for i in range(30))
    params = {name: 0.5 for name in ("x", *missing)}
    space = dict.fromkeys(params, FloatDistribution(0, 1))
    study.add_trials(
        [create_trial(params=params, distributions=space, value=1.0 * i) for i in (1, 2)]
    )
    asked = (command, "--storage", url, "--study-name", "new", "-f")
    printed = run(*asked, "table").out
    assert max(map(len, printed.splitlines())) < 300
    assert "parameter-04 and 25 more" in printed
    found = json.loads(run(*asked, "json").out)
    found = found["sources"] if command == "explain" else found
    assert {one["study"] for one in found} == {"p" * 300, "e" * 300}
    assert tuple(found[0]["missing"]) == missing


@BOTH
def test_a_prior_alone_is_past_enough(command: str, tmp_path: Path, prior: Path, run: Run) -> None:
    url = f"sqlite:///{tmp_path}/one.db"
    make_study(url, "new", n_trials=2)
    ended = run(command, "--storage", url, "--study-name", "new", "--prior", prior)
    assert (ended.code, ended.err) == (0, "")
    assert "elsewhere" in ended.out


@BOTH
def test_what_is_no_prior_is_one_line(command: str, url: str, tmp_path: Path, run: Run) -> None:
    asked = (command, "--storage", url, "--study-name", "new", "--prior")
    (tmp_path / "none.prior").write_bytes(b"something else")
    for name, code, said in (("none.prior", 1, "cannot be read"), ("no.prior", 2, "--prior")):
        ended = run(*asked, tmp_path / name)
        assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
        assert said in ended.err


def test_studies_are_weighed_by_the_features_asked_for(url: str, run: Run) -> None:
    for i in range(6):
        study = make_study(url, f"rows-{i}", n_trials=6, optimum=i / 6)
        study.set_user_attr("n_rows", 10**i)
    optuna.load_study(study_name="new", storage=url).set_user_attr("n_rows", 100)
    asked = ("--storage", url, "--study-name", "new", "--sources", "rows-*", "-f", "json")
    features = ("--feature", "n_rows", "--feature", "n_rows")  # twice is once
    found = json.loads(run("explain", *asked, *features).out)
    assert [list(one["importance"]) for one in found["features"]] == [["n_rows"]]
    assert all(one["likeness"] is not None for one in found["sources"])
    study = optuna.load_study(study_name="new", storage=url)
    sampler = MetaGPSampler("rows-*", storage=url, features=["n_rows"], seed=0)
    weights = {one.name: one.weight for one in sampler.explain(study).sources}
    assert {one["study"]: one["weight"] for one in found["sources"]} == weights
    (none,) = {one["likeness"] for one in json.loads(run("sources", *asked).out)}
    assert none is None


def test_a_feature_that_no_study_has_is_said_and_no_error(
    url: str, run: Run, log: list[tuple[str, str]]
) -> None:
    asked = ("explain", "--storage", url, "--study-name", "new", "--feature", "n_rowss")
    assert run(*asked, "-f", "json").code == 0
    [(level, said)] = log
    expected = "'n_rowss' is no finite number in any past study, nor in 'new'"
    assert (level, expected in said) == ("WARNING", True)


@pytest.mark.parametrize("n", [None, 1, 3])
def test_trials_before_the_first_proposal_are_those_of_the_sampler_asked_for(
    n: int | None, tmp_path: Path, run: Run
) -> None:
    url = f"sqlite:///{tmp_path}/one.db"
    sampler = MetaGPSampler(seed=0) if n is None else MetaGPSampler(seed=0, n_startup_trials=n)
    study = optuna.create_study(study_name="new", storage=url, sampler=sampler)
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1) - 0.3) ** 2, n_trials=7)
    expected = [str(one.origin) for one in sampler.explain(study).trials]
    assert expected.count("start-up") == (n or 5)
    options = () if n is None else ("--startup-trials", n)
    ended = run("explain", "--storage", url, "--study-name", "new", *options, "-f", "json")
    assert [one["origin"] for one in json.loads(ended.out)["trials"]] == expected


@BOTH
def test_a_study_has_one_trial_before_the_first_proposal_at_least(
    command: str, url: str, run: Run
) -> None:
    ended = run(command, "--storage", url, "--study-name", "new", "--startup-trials", 0)
    assert (ended.code, "--startup-trials" in ended.err) == (2, True)


def test_every_surrogate_of_a_name_can_be_asked_for() -> None:
    with pytest.raises(ValueError, match=re.escape(f"one of {sorted(SURROGATES)},")):
        by_name("nonsense")


@BOTH
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--study-name", "neww"], "no study named 'neww'; did you mean 'new'?"),
        (["--study-name", "new", "--sources", "pasta"], "no study named 'pasta'; did you mean"),
        (["--study-name", "new", "--sources", "q*"], "'q*' matches no study of the storage"),
    ],
)
def test_an_unknown_study_is_one_line_and_1(
    command: str, arguments: list[str], said: str, url: str, run: Run
) -> None:
    ended = run(command, "--storage", url, *arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert said in ended.err


@BOTH
@pytest.mark.parametrize(
    ("storage", "code", "said"),
    [
        ("sqlite:///{}/none.db", 2, "there is no file"),
        ("{}/none.journal", 2, "neither a URL"),
        ("nonsense://", 2, "storage"),
        (None, 2, "pass --storage, or set OPTUNA_STORAGE"),
    ],
)
def test_a_missing_storage_is_one_line(
    command: str, storage: str | None, code: int, said: str, tmp_path: Path, run: Run
) -> None:
    options = [] if storage is None else ["--storage", storage.format(tmp_path)]
    ended = run(command, *options, "--study-name", "new")
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert said in ended.err


@BOTH
def test_a_study_alone_is_said_and_no_error(command: str, tmp_path: Path, run: Run) -> None:
    url = f"sqlite:///{tmp_path}/one.db"
    make_study(url, "new", n_trials=2)
    ended = run(command, "--storage", url, "--study-name", "new", "-f", "json")
    assert (ended.code, ended.err.count("\n")) == (0, 1)
    assert "no study besides 'new'" in ended.err
    json.loads(ended.out)
    asked = run(command, "--storage", url, "--study-name", "new", "--sources", "new")
    assert "--sources asks for nothing but 'new' itself" in asked.err


@BOTH
def test_looking_changes_nothing(command: str, url: str, run: Run) -> None:
    file = Path(url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    run(command, "--storage", url, "--study-name", "new")
    assert file.read_bytes() == before
    assert [one.name for one in file.parent.iterdir()] == [file.name]
