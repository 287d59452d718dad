"""What the sources say, on one scale and in their order."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.functions import Functions, _heard, _mass, _order
from optuna_metabo.ensembles.screening import CROWD
from optuna_metabo.ensembles.source_models import SourceModels
from optuna_metabo.tasks import Task
from tests.ensembles.bowls import DOMAIN, NONE, alike, bowl, make_task

SPREAD = DOMAIN.sample(256, generator=np.random.default_rng(5))


def learned(*sources: Task) -> Functions:
    prior = Averaging().learn(sources, DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(prior, AveragingPrior)
    return prior.functions


def test_every_function_has_mean_zero_and_deviation_one_over_the_domain() -> None:
    values = learned(*alike())(SPREAD)
    assert values.shape == (4, 256)
    np.testing.assert_allclose(values.mean(axis=1), 0.0, atol=0.02)
    np.testing.assert_allclose(values.std(axis=1), 1.0, atol=0.02)


def noise() -> Task:
    generator = np.random.default_rng(0)
    return Task(generator.random((40, 2)), generator.standard_normal(40))


def test_a_source_of_noise_is_not_blown_up() -> None:
    functions = learned(*alike(), noise())
    assert functions(SPREAD)[3].std() < 0.9
    assert functions.scale[3] == pytest.approx(0.3)


def test_some_functions_are_rows_of_all() -> None:
    functions = learned(*alike())
    everything = functions(SPREAD)
    np.testing.assert_allclose(functions.single(SPREAD, np.array([2, 0])), everything[[2, 0]])


def test_what_some_sources_have_in_common_is_theirs_alone() -> None:
    opposed = [make_task(lambda X: -bowl(0.3)(X), 40, seed) for seed in (7, 8)]
    functions = learned(*alike(), *opposed)
    some = functions.among(np.arange(3))
    joint, truth = some(SPREAD)[-1], bowl(0.3)(SPREAD)
    assert np.corrcoef(joint, truth)[0, 1] > 0.95
    np.testing.assert_allclose([joint.mean(), joint.std()], [0.0, 1.0], atol=0.05)


def test_some_sources_are_learned_as_if_they_were_alone() -> None:
    """Here the others vary along the other axis."""
    others = [make_task(lambda X, i=i: np.sin(9.0 * X[:, 1] + i), 40, 20 + i) for i in range(6)]
    functions, places = learned(*others, *alike()), np.array([6, 7, 8])
    some, alone = functions.among(places), learned(*alike())
    np.testing.assert_allclose(some.models.theta[:-2], alone.models.theta[:-2], atol=0.05)
    assert np.abs(functions.models.theta[1] - alone.models.theta[1]) > 0.5
    np.testing.assert_allclose(
        some.single(SPREAD, places), alone.single(SPREAD, np.arange(3)), atol=0.05
    )
    # The same where a source has fewer trials than the longest.
    few = functions.among(np.array([0, 7]))
    np.testing.assert_allclose(few.models.noise[[1, 6]], functions.models.noise[[1, 6]])
    np.testing.assert_allclose(
        few.models.mean(few.models.task(7).X, np.array([7]))[0], few.models.task(7).y, atol=0.2
    )


def test_what_some_sources_say_is_learned_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    functions, made = learned(*alike()), []
    alone = SourceModels.alone
    monkeypatch.setattr(SourceModels, "alone", lambda *a: made.append(1) or alone(*a))
    for index in ([0, 1], [1, 2], [0, 1]):
        functions.among(np.array(index))
    assert len(made) == 2


def test_the_share_is_the_variance_of_one_source_that_another_explains() -> None:
    """Two values of variance 1 whose covariance is that of the common function."""
    functions = learned(*alike())
    shared = functions.common.share
    left = 1.0 / np.linalg.inv([[1.0, shared], [shared, 1.0]])[0, 0]
    assert functions.share == pytest.approx(1.0 - left)


def test_without_one_source_the_others_speak_for_all() -> None:
    functions = learned(*alike())
    for source in range(3):
        others = functions.without(source)
        assert source not in others.core
        assert others.opinions.sum() == pytest.approx(1.0)


def test_without_one_source_what_the_others_share_is_standardised_by_them_alone() -> None:
    functions = learned(*alike(), make_task(bowl(0.9), 25, 9))
    for source in range(4):
        joint = functions.without(source)(functions.anchors.X)[-1]
        np.testing.assert_allclose([joint.mean(), joint.std()], [0.0, 1.0], atol=1e-9)


def test_opinions_before_the_first_value_sum_to_one() -> None:
    functions = learned(*alike())
    assert functions.opinions.sum() == pytest.approx(1.0)
    assert functions.opinions[-1] == functions.share
    np.testing.assert_allclose(functions.opinions[:-1], functions.opinions[0], rtol=1e-6)


def test_of_equal_functions_each_speaks_for_itself() -> None:
    phi = np.array([[1.0, -1.0, 0.5], [1.0, -1.0, 0.5], [-1.0, 0.2, 0.3]])
    np.testing.assert_allclose(_mass(phi, np.arange(3), np.ones(3)), 1.0 / 3.0)


def test_as_many_sources_as_are_no_crowd_are_heard_as_they_are() -> None:
    signal = np.r_[0.01, np.ones(CROWD - 1)]
    np.testing.assert_array_equal(_heard(signal), signal)
    assert _heard(np.r_[signal, 1.0])[0] == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_the_first_sources_are_those_whose_best_points_serve_all_best(seed: int) -> None:
    phi = np.random.default_rng(seed).standard_normal((6, 50))

    def served(chosen: tuple[int, ...]) -> float:
        """What every source has at the best of these sources' best points, on average."""
        places = [int(phi[i].argmax()) for i in chosen]
        return float(phi[:, places].max(axis=1).mean())

    every = np.arange(len(phi))
    order = _order(phi, every, every)
    assert sorted(order) == list(range(6))
    assert served((order[0],)) == max(served((i,)) for i in range(6))
    for n in range(1, 5):  # greedy: the next one serves best beside those before
        rest = set(range(6)) - set(order[:n])
        gains = {i: served((*order[:n], i)) for i in rest}
        assert gains[order[n]] == pytest.approx(max(gains.values()))
    assert served(tuple(order[:2])) >= 0.9 * max(map(served, combinations(range(6), 2)))


def test_of_many_sources_those_that_serve_the_others_have_experts() -> None:
    """Of sixty, twenty-four at most; without values that is all that is known of them."""
    sources = [make_task(bowl(at), 6, i) for i, at in enumerate(np.linspace(0, 1, 60))]
    functions = learned(*sources)
    assert sorted(functions.order) == list(range(60))
    prior = Averaging().learn(sources, DOMAIN, generator=np.random.default_rng(0))
    assert np.count_nonzero(prior.condition(make_task(bowl(0.3), 6, 9), NONE).weights) <= 24


def test_of_many_sources_the_one_that_agrees_with_the_values_is_kept() -> None:
    """Sources that look alike by their best points, and one of another kind in their midst."""
    common = [make_task(bowl(0.8), 12, i) for i in range(40)]
    one = make_task(bowl(0.1), 30, 99)
    target = make_task(bowl(0.1), 12, 7)
    prior = Averaging().learn([*common, one], DOMAIN, generator=np.random.default_rng(0))
    weights = prior.condition(target, NONE).weights
    assert weights.argmax() == 40


def test_those_most_believed_come_first_and_alike_the_order_stays() -> None:
    functions = learned(*(make_task(bowl(0.1 * i), 20, i) for i in range(1, 8)))
    same = functions.believing(np.ones(7))
    np.testing.assert_array_equal(same.order, functions.order)
    last = functions.order[-1]
    belief = np.ones(7)
    belief[last] = 2.0
    found = functions.believing(belief)
    assert found.order[0] == last
    np.testing.assert_array_equal(found.order[1:], functions.order[:-1])


def test_sources_believed_alike_keep_their_shares() -> None:
    functions = learned(*alike(), noise())
    assert functions.models.signal[3] < 0.9
    np.testing.assert_allclose(functions.believing(np.ones(4)).mass, functions.mass)


def test_belief_before_any_value_counts_for_less_once_there_are_some() -> None:
    """Weights that are right of the mean are too sure of single sources."""
    functions, belief = learned(*alike()), np.array([0.2, 1.0, 1.8])
    plain, found = functions.believing(np.ones(3)), functions.believing(belief)
    assert found.belief.mean() == pytest.approx(1.0)
    before, later = found.mass / plain.mass, found.belief / plain.belief
    np.testing.assert_allclose(before / before[1], belief)
    assert before[0] / before[1] < later[0] / later[1] < 1.0 < later[2] / later[1] < 1.8


def test_what_all_share_speaks_for_less_the_fewer_are_believed() -> None:
    """What all have in common is not what those say that are told apart from the others."""
    functions = learned(*alike(), make_task(bowl(0.4), 25, 9))
    assert functions.share > 0.0
    for belief, effective in (
        ([1.0] * 4, 4.0),
        ([0.0, 2.0, 2.0, 0.0], 2.0),
        ([4.0, 0, 0, 0], 1.0),
        ([3.0, 1.0, 0.0, 0.0], 1.6),
    ):
        found = functions.believing(np.array(belief, dtype=float))
        assert found.share == pytest.approx(functions.share * effective / 4.0)
        assert found.opinions.sum() == pytest.approx(1.0)


def test_sources_without_a_part_in_the_common_function_do_not_count_for_what_it_says() -> None:
    """Those of noise, that are believed as little as they have a signal."""
    functions = learned(*alike(), noise())
    assert set(functions.common.owner) == {0, 1, 2}
    for believed in (0.0, 1.0, 9.0):
        found = functions.believing(np.array([1.0, 1.0, 1.0, believed]))
        assert found.share == pytest.approx(functions.share)
    assert functions.believing(np.array([1.0, 0, 0, 9.0])).share == functions.share / 3.0


def test_what_some_have_in_common_speaks_for_them_as_they_are_believed() -> None:
    functions, some = learned(*alike(), make_task(bowl(0.4), 25, 9)), np.array([1, 3])
    found = functions.believing(np.array([0.0, 2.0, 0.0, 2.0])).among(some)
    assert set(found.common.owner) == {1, 3}
    assert found.share == found.common.share**2
    uneven = functions.believing(np.array([0.0, 4.0, 0.0, 0.0])).among(some)
    assert uneven.share == found.share / 2.0


def test_without_one_of_some_sources_what_the_others_have_in_common_stays() -> None:
    functions, some = learned(*alike(), make_task(bowl(0.4), 25, 9)), np.array([1, 2, 3])
    rest = functions.among(some).without(2)
    assert set(rest.common.owner) == {1, 3}
    believed = functions.believing(np.array([1.0, 1.0, 2.0, 1.0])).without(2)
    assert believed.share == functions.share
