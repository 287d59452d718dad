"""Past studies as one object and one file."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from optuna_metabo import Averaging, MetaGPSampler, TransferPrior
from optuna_metabo.ensembles import by_name
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.transfer_prior import held

Objective = Callable[[optuna.Trial], Any]
N_PAST, N_NEW = 12, 4


def plain(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    return (np.log10(lr) + 2) ** 2 + abs(trial.suggest_int("n", 1, 9) - 4)


def conditional(trial: optuna.Trial) -> float:
    kernel = trial.suggest_categorical("kernel", ["rbf", "linear", None])
    gamma = trial.suggest_float("gamma", 0, 1) if kernel == "rbf" else 0.5
    return (gamma - 0.2) ** 2 + 0.1 * (kernel is None) + trial.suggest_float("x", -1, 1) ** 2


def moving(trial: optuna.Trial) -> float:
    low = trial.suggest_float("low", 0, 1)
    return low + trial.suggest_float("high", low, 2)


def failing(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    if x > 0.7:
        raise RuntimeError
    y = trial.suggest_float("y", 0, 1)
    if y > 0.8:
        raise RuntimeError
    return x + y


def pruned(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    trial.report(x, 1)
    if trial.number % 3 == 2:
        raise optuna.TrialPruned
    return (x - 0.4) ** 2


def constrained(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    trial.set_user_attr("constraint", 0.3 - x)
    return x + trial.suggest_float("y", 0, 1)


def several(trial: optuna.Trial) -> tuple[float, float]:
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    return x**2 + y, (x - 1) ** 2 - y


def tuples(trial: optuna.Trial) -> float:
    return sum(
        trial.suggest_categorical("layers", [(64, 32), (32,), "none", True, 1.5]) == (32,)
        for _ in range(2)
    ) + trial.suggest_float("x", 0, 1)


KINDS = [plain, conditional, moving, failing, pruned, constrained, several, tuples]
pytestmark = [
    pytest.mark.filterwarnings("ignore:Choices for a categorical distribution should be"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:.*constraints_func:FutureWarning"),
]


def limits(trial: optuna.trial.FrozenTrial) -> list[float]:
    return [trial.user_attrs["constraint"]]


def made(
    objective: Objective, sampler: optuna.samplers.BaseSampler, n_trials: int, **study: Any
) -> optuna.Study:
    directions = ["minimize"] * (2 if objective is several else 1)
    made = optuna.create_study(sampler=sampler, directions=directions, **study)
    made.optimize(objective, n_trials=n_trials, catch=RuntimeError)
    return made


def past(objective: Objective, storage: Any = None, n_trials: int = N_PAST) -> list[optuna.Study]:
    func = limits if objective is constrained else None
    return [
        made(
            objective,
            optuna.samplers.NSGAIISampler(seed=seed, constraints_func=func),
            n_trials,
            storage=storage,
            study_name=f"past-{seed}",
        )
        for seed in range(2)
    ]


def proposals(objective: Objective, *sources: Any, **arguments: Any) -> list[dict[str, Any]]:
    if objective is constrained:
        arguments["constraints_func"] = limits
    sampler = MetaGPSampler(*sources, seed=3, **arguments)
    return [trial.params for trial in made(objective, sampler, N_NEW).trials]


@pytest.mark.parametrize("objective", KINDS)
def test_a_prior_proposes_what_the_studies_do(objective: Objective, tmp_path: Path) -> None:
    studies = past(objective)
    expected = proposals(objective, studies)
    prior = TransferPrior.fit(studies)
    prior.save(tmp_path / "team.prior")
    assert proposals(objective, prior=prior) == expected
    assert proposals(objective, prior=tmp_path / "team.prior") == expected


def test_a_prior_and_its_file_predict_what_the_studies_do(tmp_path: Path) -> None:
    """Also how wrong that may be, which hangs on the values of the past studies."""
    studies = past(plain)
    prior = TransferPrior.fit(studies)
    prior.save(tmp_path / "team.prior")
    found = []
    for sampler in (
        MetaGPSampler(studies, seed=3),
        MetaGPSampler(prior=prior, seed=3),
        MetaGPSampler(prior=tmp_path / "team.prior", seed=3),
    ):
        study = made(plain, sampler, N_NEW)
        [one] = sampler.predict(study, [{"lr": 1e-3, "n": 2}, {"lr": 1e-1, "n": 9}])
        found.append([one.low, one.mean, one.high])
    np.testing.assert_allclose(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[1])


@pytest.mark.parametrize("surrogate", ["auto", "rgpe"])
def test_a_prior_serves_another_space_and_other_surrogates(surrogate: str, tmp_path: Path) -> None:
    def wider(trial: optuna.Trial) -> float:
        return trial.suggest_float("lr", 1e-5, 1.0, log=True) + trial.suggest_float("z", 0, 1)

    studies = past(plain)
    TransferPrior.fit(studies).save(tmp_path / "team.prior")
    assert proposals(wider, prior=tmp_path / "team.prior", surrogate=surrogate) == proposals(
        wider, studies, surrogate=surrogate
    )


@pytest.mark.parametrize("seed", range(4))
def test_what_was_learned_of_studies_that_tell_clearly_is_read_again(
    seed: int, tmp_path: Path
) -> None:
    """That they are more than noise is then certain to the last digit of a float."""
    studies = []
    for i in range(3):
        study = optuna.create_study(
            study_name=f"clear-{i}", sampler=optuna.samplers.RandomSampler(seed=3 * seed + i)
        )
        study.optimize(plain, n_trials=40)
        studies.append(study)
    path = tmp_path / "team.prior"
    TransferPrior.fit(studies).save(path)
    assert len(TransferPrior.load(path).studies) == 3


def test_a_long_study_is_kept_in_part_and_proposes_the_same(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="long")
    generator = np.random.default_rng(0)
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    study.add_trials(
        optuna.create_trial(params={"x": x}, distributions=space, value=(x - 0.3) ** 2)
        for x in generator.random(1500)
    )
    TransferPrior.fit([study]).save(tmp_path / "team.prior")
    assert len(TransferPrior.load(tmp_path / "team.prior").studies[0].telling) == 1024

    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0, 1)

    assert proposals(objective, prior=tmp_path / "team.prior") == proposals(objective, [study])


@pytest.mark.parametrize("objective", [plain, constrained, failing, several])
def test_nothing_is_learned_anew_over_the_space_of_the_sources(
    objective: Objective, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    TransferPrior.fit(past(objective)).save(tmp_path / "team.prior")
    monkeypatch.setattr(SourceModels, "learn", None)
    assert proposals(objective, prior=tmp_path / "team.prior")


@pytest.mark.parametrize("objective", KINDS)
def test_equal_priors_are_equal_bytes_also_after_loading(
    objective: Objective, tmp_path: Path
) -> None:
    one, two, three = (tmp_path / f"{i}.prior" for i in range(3))
    studies = past(objective)
    TransferPrior.fit(studies).save(one)
    TransferPrior.fit(studies).save(two)
    TransferPrior.load(two).save(three)
    assert one.read_bytes() == two.read_bytes() == three.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.prior", "1.prior", "2.prior"]


class Counting(InMemoryStorage):
    """Knows whose trials were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def get_all_trials(self, study_id: int, *args: Any, **kwargs: Any) -> Any:
        self.read.append(self.get_study_name_from_id(study_id))
        return super().get_all_trials(study_id, *args, **kwargs)


def test_an_update_reads_what_is_new_or_has_grown() -> None:
    storage = Counting()
    past(plain, storage)
    prior = TransferPrior.fit("past-*", storage=storage)
    storage.read.clear()
    assert prior.update("past-*", storage=storage) is prior
    assert storage.read == []
    optuna.load_study(study_name="past-1", storage=storage).optimize(plain, n_trials=2)
    made(plain, optuna.samplers.RandomSampler(0), 5, storage=storage, study_name="past-2")
    storage.read.clear()
    updated = prior.update("past-*", storage=storage)
    assert set(storage.read) == {"past-1", "past-2"}
    assert [(one.name, one.n_finished) for one in updated.studies] == [
        ("past-0", N_PAST),
        ("past-1", N_PAST + 2),
        ("past-2", 5),
    ]
    assert [one.n_finished for one in prior.studies] == [N_PAST] * 2
    whole = TransferPrior.fit("past-*", storage=storage)
    assert proposals(plain, prior=updated) == proposals(plain, prior=whole)


def test_an_update_reads_studies_with_other_attributes(tmp_path: Path) -> None:
    storage = Counting()
    studies = past(plain, storage)
    studies[0].set_user_attr("n_rows", 100)
    prior = TransferPrior.fit("past-*", storage=storage)
    prior.save(tmp_path / "team.prior")
    assert prior.update(storage=storage) is prior
    studies[0].set_user_attr("note", "no number")
    assert prior.update(storage=storage) is prior
    studies[1].set_user_attr("n_rows", 1000)
    storage.read.clear()
    updated = TransferPrior.load(tmp_path / "team.prior").update(storage=storage)
    assert storage.read == ["past-1"]
    assert [one.attributes for one in updated.studies] == [{"n_rows": 100}, {"n_rows": 1000}]


def test_a_study_that_was_made_anew_under_its_name_is_read() -> None:
    storage = InMemoryStorage()
    past(plain, storage)
    prior = TransferPrior.fit(storage=storage)
    optuna.delete_study(study_name="past-1", storage=storage)
    made(plain, optuna.samplers.RandomSampler(9), N_PAST, storage=storage, study_name="past-1")
    names = [one.name for one in prior.update(storage=storage).studies]
    assert names == ["past-0", "past-1", "past-1"]


def test_a_trial_that_was_running_is_looked_at_again() -> None:
    storage = InMemoryStorage()
    study = past(plain, storage)[0]
    trial = study.ask()
    plain(trial)
    prior = TransferPrior.fit("past-0", storage=storage)
    study.tell(trial, 1.0)
    assert prior.update("past-0", storage=storage).studies[0].n_finished == N_PAST + 1


@pytest.mark.parametrize("state", [TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED])
def test_a_study_is_kept_once_however_its_trials_end(state: TrialState) -> None:
    """Whether an earlier trial than the first that had ended ends later, or with more results."""
    storage = InMemoryStorage()
    study = optuna.create_study(study_name="past", storage=storage)
    slow, failed, *others = [study.ask() for _ in range(6)]
    values = [plain(trial) for trial in (slow, failed, *others)]
    study.tell(failed, state=TrialState.FAIL)
    prior = TransferPrior.fit("past", storage=storage)
    for trial in others:
        study.tell(trial, values[trial.number])
        prior = prior.update("past", storage=storage)
    study.tell(slow, values[0] if state == TrialState.COMPLETE else None, state=state)
    prior = prior.update("past", storage=storage)
    assert [one.n_finished for one in prior.studies] == [6]
    assert [one.name for one in prior.past.studies] == ["past"]
    assert not prior.left_out
    assert prior.update("past", storage=storage) is prior


def test_the_study_that_is_tuned_is_never_its_own_source(tmp_path: Path) -> None:
    studies = past(plain)
    TransferPrior.fit(studies).save(tmp_path / "team.prior")
    sampler = MetaGPSampler(prior=tmp_path / "team.prior", seed=0)
    again = made(plain, optuna.samplers.RandomSampler(5), 2, study_name="past-0")
    assert [one.name for one in sampler.explain(studies[0]).sources] == ["past-1"]
    assert {one.name for one in sampler.explain(again).sources} == {"past-0", "past-1"}


def test_studies_join_those_of_a_prior_and_count_once() -> None:
    storage = Counting()
    past(plain, storage)
    prior = TransferPrior.fit(["past-0"], storage=storage)
    storage.read.clear()
    together = MetaGPSampler("past-*", storage=storage, prior=prior, seed=0)
    target = made(plain, together, 2)
    assert set(storage.read) == {"past-1"}
    names = [source.name for source in together.explain(target).sources]
    assert sorted(names) == ["past-0", "past-1"]


def test_a_sampler_with_a_prior_can_be_pickled() -> None:
    sampler = MetaGPSampler(prior=TransferPrior.fit(past(plain)), seed=3)
    copy = pickle.loads(pickle.dumps(sampler))
    runs = [[trial.params for trial in made(plain, one, 3).trials] for one in (sampler, copy)]
    assert runs[0] == runs[1]


def test_what_cannot_help_is_said() -> None:
    with pytest.raises(ValueError, match="expected a study with finished trials: 'empty' has no"):
        TransferPrior.fit([optuna.create_study(study_name="empty")])
    with pytest.raises(ValueError, match="there is none"):
        TransferPrior.fit()
    prior = TransferPrior.fit([*past(plain), optuna.create_study(study_name="empty")])
    assert [one.name for one in prior.left_out] == ["empty"]
    assert "2 past studies" in str(prior)
    assert "left out: empty (has no completed trials)" in str(prior)


def test_of_one_study_and_one_trial_is_spoken_as_of_one() -> None:
    one, two = past(plain, n_trials=1)
    assert repr(TransferPrior.fit([one])) == "<prior of 1 past study>"
    first, second = str(TransferPrior.fit([one])).splitlines()
    assert first == "1 past study, learned by 'auto'"
    assert second == "past-0: 1 trial, 0 failed; minimize; lr, n"
    two.optimize(plain, n_trials=1)
    first, *_, last = str(TransferPrior.fit([one, two])).splitlines()
    assert first == "2 past studies, learned by 'auto'"
    assert last == "past-1: 2 trials, 0 failed; minimize; lr, n"


def test_what_is_no_prior_and_no_path_is_refused() -> None:
    with pytest.raises(TypeError, match="prior must be a TransferPrior or the path of a file"):
        MetaGPSampler(prior=5)  # type: ignore[arg-type]


def test_priors_are_compared_and_hashed_as_objects(tmp_path: Path) -> None:
    prior = TransferPrior.fit(past(plain))
    prior.save(tmp_path / "a.prior")
    same = TransferPrior.load(tmp_path / "a.prior")
    assert prior == prior
    assert prior != same
    assert len({prior, same}) == 2


def test_what_one_surrogate_learned_is_of_no_use_to_one_with_other_settings() -> None:
    prior = TransferPrior.fit(past(plain))
    _, learned = held(prior, by_name("auto"))
    assert learned == prior.learned != {}
    for other in (Averaging(plain=0.5, joint=0.4), by_name("rgpe")):
        assert held(prior, other) == (prior.studies, {})
