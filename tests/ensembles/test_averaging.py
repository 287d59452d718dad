"""The default surrogate: who acts when, and whose weights are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray as Array
from scipy.special import ndtr

from optuna_metabo.domain import Dimension, Domain
from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior, _agreement
from optuna_metabo.ensembles.calibration import believed_spread
from optuna_metabo.ensembles.experts import CLOSE, OPPOSED, RIVAL
from optuna_metabo.ensembles.mixture import AveragingModel
from optuna_metabo.ensembles.turns import FIRST_PROBE, PROBE_EVERY
from optuna_metabo.surrogate import Posterior, Task
from optuna_metabo.tasks import observed_together

DOMAIN = Domain((Dimension(), Dimension()))
NONE = np.zeros((0, 2))
EMPTY = Task(NONE, np.zeros(0))


def bowl(X: Array, at: float) -> Array:
    return -((X[:, 0] - at) ** 2) - 0.3 * (X[:, 1] - 0.5) ** 2


def task(at: float, n: int, seed: int, sign: float = 1.0) -> Task:
    X = np.random.default_rng(seed).random((n, 2))
    return Task(X, sign * bowl(X, at))


def prior_of(*sources: Task, **settings: float) -> AveragingPrior:
    found = Averaging(**settings).learn(sources, DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(found, AveragingPrior)
    return found


def model_of(prior: AveragingPrior, target: Task, pending: Array = NONE) -> AveragingModel:
    found = prior.condition(target, pending)
    assert isinstance(found, AveragingModel)
    return found


ALIKE = [task(at, 25, i) for i, at in enumerate((0.25, 0.3, 0.35))]


def local(n: int) -> Task:
    """Points so near one another that they refute nobody."""
    X = 0.3 + 0.02 * np.random.default_rng(1).random((n, 2))
    return Task(X, np.random.default_rng(2).random(n))


def test_no_value_and_one_value_leave_the_prior_weights() -> None:
    prior = prior_of(*ALIKE)
    before = prior.condition(Task(NONE, np.zeros(0)), NONE).weights
    after = model_of(prior, task(0.3, 1, 9)).weights
    assert before.sum() == pytest.approx(1.0 - Averaging().plain)
    np.testing.assert_allclose(after, before)


@pytest.mark.parametrize("n", range(1, FIRST_PROBE))
def test_the_first_few_asks_are_the_sources(n: int) -> None:
    X = local(n).X
    model = model_of(prior_of(*ALIKE), Task(X, bowl(X, 0.3)))
    relations = [group.relation for group in model.groups for _ in group.experts]
    acting = model.acting.expert_weights.sum(axis=1)
    assert [weight > 0.0 for weight in acting] == [one is CLOSE for one in relations]
    assert (model.expert_weights.sum(axis=1) > 0.0).all()


@pytest.mark.parametrize("n", range(FIRST_PROBE, FIRST_PROBE + 7))
def test_then_the_rival_has_asks_of_its_own_until_it_is_refuted(n: int) -> None:
    prior = prior_of(*ALIKE)
    is_turn = (n - FIRST_PROBE) % PROBE_EVERY == 0
    model = model_of(prior, local(n))
    assert (model.acting.expert_weights[:-1].sum() == 0.0) == is_turn
    weights = model.expert_weights.copy()
    weights[-1] *= 0.005 / weights[-1].sum()
    refuted = replace(model, expert_weights=weights)
    np.testing.assert_array_equal(refuted.acting.expert_weights, weights)


def test_points_under_way_and_those_not_modelled_count_for_whose_turn_it_is() -> None:
    prior, few = prior_of(*ALIKE), local(6)
    assert model_of(prior, few).seen.n_asked == 6
    assert model_of(prior, few, few.X[:2] + 0.01).seen.n_asked == 8
    assert model_of(prior, replace(few, whole=local(9))).seen.n_asked == 9


def test_a_few_values_that_go_against_a_source_do_not_refute_it_yet() -> None:
    y = np.random.default_rng(0).standard_normal(1000)
    phi = np.stack([y, -y])
    agreement = np.stack([_agreement(phi[:, :n], y[:n]) for n in (1, 2, 3, 10, 100, 1000)])
    np.testing.assert_allclose(agreement[:, 0], 1.0)
    assert (np.diff(agreement[1:, 1]) < 0.0).all()
    assert agreement[0, 1] == 1.0
    assert agreement[1, 1] > 0.0
    assert -1.0 < agreement[-1, 1] < -0.99


def test_of_opposed_sources_the_opposite_is_believed() -> None:
    prior, X = prior_of(*ALIKE), np.random.default_rng(1).random((64, 2))
    opposed, agreeing = (model_of(prior, task(0.3, 12, 9, sign)) for sign in (-1.0, 1.0))
    assert opposed.weight(OPPOSED) + opposed.weight(RIVAL) > 0.9
    assert opposed.weight(OPPOSED) > 0.3
    assert agreeing.weight(OPPOSED) < 0.01
    found = opposed.posterior(X).mean
    assert np.corrcoef(found, -bowl(X, 0.3))[0, 1] > 0.98


def test_opposed_sources_lose_their_weight_where_no_opposite_is_believed() -> None:
    prior = prior_of(*ALIKE, opposed=0.0)
    assert model_of(prior, task(0.3, 12, 9, sign=-1.0)).weights.sum() < 0.2
    assert model_of(prior, task(0.3, 12, 9)).weights.sum() > 0.8


def test_of_opposites_those_sources_have_weight_that_go_against_the_values() -> None:
    prior = prior_of(*ALIKE, task(0.3, 25, 7, sign=-1.0))
    model = model_of(prior, task(0.3, 12, 9))
    only = np.where(model._are(OPPOSED)[:, None], model.expert_weights, 0.0)
    weights = replace(model, expert_weights=only / only.sum()).weights
    assert weights.argmax() == 3
    assert weights[3] > 0.5


def test_of_a_belief_in_opposites_sources_have_shares_as_they_go_against_the_values() -> None:
    model = model_of(prior_of(*ALIKE), task(0.3, 6, 9))
    model = replace(model, agreement=np.array([1.0, -1.0, -1.0]))
    np.testing.assert_allclose(model._shares(1.0), [1.0, 0.0, 0.0])
    np.testing.assert_allclose(model._shares(-1.0), [0.0, 0.5, 0.5], rtol=0.2)


def test_an_opposed_source_has_no_share_of_what_speaks_for_all() -> None:
    """The common function knows no single sources: who goes with the values, holds its weight."""
    prior = prior_of(*ALIKE, task(0.3, 25, 7, sign=-1.0), opposed=0.0)
    model = model_of(prior, task(0.3, 12, 9))
    assert model.weights[3] < 0.02
    assert model.weights[:3].min() > 0.1
    np.testing.assert_allclose(model.weights.sum() + model.weight(RIVAL), 1.0)
    before = model_of(prior, task(0.3, 1, 9)).weights
    np.testing.assert_allclose(before, before[0])


def test_the_target_may_be_a_combination_of_sources() -> None:
    """Half of it is one source's function and half another's: their mean serves it best."""
    sources = [task(0.2, 40, 0), task(0.8, 40, 1)]
    X = np.random.default_rng(5).random((8, 2))
    target = Task(X, bowl(X, 0.2) + bowl(X, 0.8))
    model = model_of(prior_of(*sources), target)
    experts = [expert.name for group in model.groups for expert in group.experts]
    weights = dict(zip(experts, model.expert_weights.sum(axis=1), strict=True))
    joint = sum(w for name, w in weights.items() if name.startswith(("common", "combination")))
    single = sum(w for name, w in weights.items() if name.startswith("source"))
    assert joint > 10.0 * single


def test_a_posterior_without_the_negligible_experts_is_that_with_all() -> None:
    model = model_of(prior_of(*ALIKE), task(0.3, 6, 9))
    X = DOMAIN.sample(32, generator=np.random.default_rng(1))
    weights, everyone = model.expert_weights, np.ones(model.expert_weights.shape, dtype=bool)
    means, _ = model._made_ready(weights.reshape(-1), everyone).posterior(X)
    mean = weights.reshape(-1) @ means
    expected = model.scale.centre + model.scale.scale * mean
    span = np.ptp(expected)
    np.testing.assert_allclose(model.posterior(X).mean, expected, atol=0.01 * span)


def inside(posterior: Posterior, y: Array) -> float:
    """The share of values in the central intervals of 95 %."""
    below = posterior.weights @ ndtr((y - posterior.means) / np.sqrt(posterior.variances))
    return float((np.abs(below - 0.5) < 0.475).mean())


def test_nine_in_ten_values_lie_in_intervals_of_95_percent() -> None:
    """Also far from the best, where the sources' scores bend the values."""
    sources = [
        Task(t.X, -np.exp(-5.0 * t.y))
        for t in (task(at, 30, i) for i, at in enumerate((0.25, 0.3, 0.35, 0.4)))
    ]
    prior, calibrated, alone = prior_of(*sources), [], []

    for seed in range(20):  # what four values tell differs much
        X = np.random.default_rng(seed).random((256, 2))
        best, y = X[np.argsort(-bowl(X, 0.33))[:4]], -np.exp(-5.0 * bowl(X, 0.33))
        model = prior.condition(Task(best, -np.exp(-5.0 * bowl(best, 0.33))), NONE)
        calibrated.append(inside(model.reported.posterior(X), y))
        alone.append(inside(model.posterior(X), y))
    assert np.mean(calibrated) >= 0.9
    assert np.mean(alone) < 0.7


@pytest.mark.parametrize(("n", "radius"), [(2, 0.01), (9, 0.03), (12, 0.05)])
def test_told_values_that_hardly_differ_make_nothing_certain_far_away(
    n: int, radius: float
) -> None:
    """Near the best they tell next to nothing of the scale that values have elsewhere."""
    prior = prior_of(*(task(at, 30, i) for i, at in enumerate((0.2, 0.3, 0.35, 0.4))))
    for seed in range(5):
        generator = np.random.default_rng(seed)
        near = np.array([0.33, 0.5]) + radius * generator.uniform(-1.0, 1.0, (n, 2))
        X = generator.random((256, 2))
        model = prior.condition(Task(near, bowl(near, 0.33)), NONE)
        assert inside(model.reported.posterior(X), bowl(X, 0.33)) >= 0.9


def test_predictions_have_the_units_of_sources_and_target() -> None:
    sources, target = [task(at, 20, i) for i, at in enumerate((0.25, 0.3, 0.4))], local(3)
    X = np.random.default_rng(1).random((20, 2))
    one = prior_of(*sources).condition(target, NONE).reported.posterior(X)
    rescaled = [Task(t.X, 64.0 * t.y) for t in (*sources, target)]
    other = prior_of(*rescaled[:-1]).condition(rescaled[-1], NONE).reported.posterior(X)
    np.testing.assert_allclose(other.mean, 64.0 * one.mean)
    np.testing.assert_allclose(other.variance, 64.0**2 * one.variance)


def test_proposals_are_made_by_the_experts_themselves() -> None:
    prior, target = prior_of(*ALIKE), local(7)
    model, X = prior.condition(target, NONE), np.random.default_rng(1).random((5, 2))
    model.acting.posterior(X)
    assert "calibration" not in vars(prior)
    np.testing.assert_array_equal(model.reported.weights, model.weights)
    assert "calibration" in vars(prior)


def test_a_single_source_leaves_nothing_to_calibrate_with_but_intervals_hold() -> None:
    """Which the experts' own do not."""
    prior, X = prior_of(task(0.25, 25, 0)), np.random.default_rng(1).random((256, 2))
    near = np.array([0.33, 0.5]) + 0.01 * np.random.default_rng(2).normal(size=(3, 2))
    model = prior.condition(Task(near, bowl(near, 0.33)), NONE)
    assert inside(model.reported.posterior(X), bowl(X, 0.33)) >= 0.9
    assert inside(model.posterior(X), bowl(X, 0.33)) < 0.9


@pytest.mark.parametrize(("plain", "joint"), [(0.0, 0.5), (0.5, 0.0), (0.5, 0.5)])
def test_weights_that_leave_nothing_are_refused(plain: float, joint: float) -> None:
    with pytest.raises(ValueError, match="a sum < 1"):
        Averaging(plain=plain, joint=joint)


@pytest.mark.parametrize("name", ["plain", "joint", "opposed"])
def test_a_weight_that_is_no_number_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}=nan"):
        Averaging(**{name: float("nan")})


def test_a_negative_weight_of_the_opposites_is_refused() -> None:
    with pytest.raises(ValueError, match=r"opposed=-0\.1"):
        Averaging(opposed=-0.1)


@pytest.mark.parametrize(("sign", "misled"), [(1.0, False), (-1.0, True)])
def test_with_sources_that_mislead_the_sixth_to_ninth_trials_begin_anew(
    sign: float, misled: bool
) -> None:
    prior = prior_of(*ALIKE, opposed=0.0)
    X = DOMAIN.sample(512, generator=np.random.default_rng(3))
    best = X[np.argsort(-bowl(X, 0.3))]
    for n in range(1, 12):
        target = Task(best[: 12 * n : 12], sign * bowl(best[: 12 * n : 12], 0.3))
        assert prior.condition(target, NONE).begins_anew == (misled and 5 <= n <= 8)


@pytest.mark.parametrize(("far", "expected"), [(None, False), (-1.0, True), (0.0, False)])
def test_sources_are_borne_out_by_a_bad_value_where_they_expect_one_not_by_good_ones_alone(
    far: float | None, expected: bool
) -> None:
    X = DOMAIN.sample(512, generator=np.random.default_rng(3))
    order = np.argsort(-bowl(X, 0.3))
    best, worst = X[order[:48:12]], X[order[-1:]]
    target = Task(best, np.array([-0.5, -0.3, -0.4, -0.6]))
    if far is not None:
        target = Task(np.vstack([best, worst]), np.r_[target.y, far])
    assert model_of(prior_of(*ALIKE), target).seen.is_borne_out == expected


def test_a_point_under_way_of_which_less_than_the_average_is_expected_is_a_test() -> None:
    prior, told = prior_of(*ALIKE), local(4)
    good, bad = np.array([[0.3, 0.5]]), np.array([[0.95, 0.9]])
    pending = [(NONE, False), (good, False), (bad, True), (np.concatenate([good, bad]), True)]
    for X, expected in pending:
        assert model_of(prior, told, X).seen.is_testing == expected


def test_points_that_tell_are_those_of_which_little_is_expected_until_one_was_seen() -> None:
    X = DOMAIN.sample(512, generator=np.random.default_rng(3))
    order = np.argsort(-bowl(X, 0.3))
    best, worst = X[order[:48:12]], X[order[-1:]]
    y = np.array([-0.6, -0.4, -0.3, -0.5])
    untested = prior_of(*ALIKE).condition(Task(best, y), NONE)
    tested = prior_of(*ALIKE).condition(Task(np.vstack([best, worst]), np.r_[y, -0.1]), NONE)
    tell = untested.would_tell(X)
    assert 0.02 < tell.mean() < 0.4
    assert bowl(X[tell], 0.3).max() < np.median(bowl(X, 0.3))
    assert tested.would_tell(X).all()


def test_after_the_test_of_sources_that_mislead_their_opposites_are_tried_once() -> None:
    """And then followed if they are believed."""
    X = DOMAIN.sample(512, generator=np.random.default_rng(3))
    order = np.argsort(-bowl(X, 0.3))
    best, worst = X[order[:48:12]], X[order[-1:]]
    y = np.array([-0.6, -0.4, -0.3, -0.5])

    def after(*values: float) -> AveragingModel:
        far = [worst - 0.01 * i for i in range(len(values))]
        return model_of(prior_of(*ALIKE), Task(np.vstack([best, *far]), np.r_[y, values]))

    assert after().begins_anew
    assert not after(-0.35).begins_anew
    assert after(-0.35).acting.weight(OPPOSED) == after(-0.35).weight(OPPOSED)
    assert after(-0.35).acting.weight(RIVAL) == 0.0
    assert after(-0.35, -0.5).begins_anew


def test_opposites_that_are_believed_are_followed_at_once() -> None:
    X = DOMAIN.sample(512, generator=np.random.default_rng(3))
    order = np.argsort(-bowl(X, 0.3))
    best = X[order[:72:12]]
    model = model_of(prior_of(*ALIKE), Task(best, -bowl(best, 0.3)))
    assert model.seen.n < 9
    assert model.weight(OPPOSED) > 0.5
    assert not model.begins_anew
    assert model.acting.weight(OPPOSED) > 0.5


def test_sources_that_are_borne_out_are_followed_though_their_rival_fits_better() -> None:
    X = DOMAIN.sample(512, generator=np.random.default_rng(3))
    best = X[np.argsort(-bowl(X, 0.3))][:60:12]
    prior = prior_of(*ALIKE, opposed=0.0)
    misled = model_of(prior, Task(best, -bowl(best, 0.3)))
    assert misled.begins_anew
    borne_out = replace(misled.seen, is_borne_out=True)
    assert not replace(misled, seen=borne_out).begins_anew


def test_the_sources_that_take_part_are_chosen_anew_with_the_hyperparameters() -> None:
    prior = prior_of(*[task(0.2 + 0.02 * i, 20, i) for i in range(30)])
    X = np.random.default_rng(5).random((40, 2))
    (whole,), _ = observed_together(X, [bowl(X, 0.3)], np.ones(40, dtype=bool))
    assert whole.whole is not None
    told = [whole.whole.only(np.arange(n)) for n in range(27, 40)]
    kept = [model_of(prior, replace(one, whole=one)).kept for one in told]
    assert len({id(one) for one in kept}) == 2  # of the first 27 and 33 trials
    assert kept[0] is kept[5]


def noise(seed: int) -> Task:
    generator = np.random.default_rng(seed)
    return Task(generator.random((30, 2)), generator.standard_normal(30))


def test_very_many_sources_that_are_noise_change_nothing_of_what_the_few_others_say() -> None:
    crowd = prior_of(*(noise(seed) for seed in range(60)), *ALIKE)
    assert sorted(crowd.functions.order) == sorted(crowd.functions.core) == [60, 61, 62]
    assert crowd.functions.mass.sum() == pytest.approx(1.0)
    few, X = prior_of(*ALIKE), np.random.default_rng(9).random((64, 2))
    for told in (EMPTY, task(0.3, 4, 5)):
        models = [prior.condition(told, NONE) for prior in (crowd, few)]
        found, expected = (model.reported.posterior(X).mean for model in models)
        assert np.corrcoef(found, expected)[0, 1] > 0.999
    weights = model_of(crowd, task(0.3, 4, 5)).weights
    assert len(weights) == 63
    assert not weights[:60].any()


def test_of_very_many_sources_a_single_one_that_is_no_noise_is_left_out_of_nothing() -> None:
    prior = prior_of(*(noise(seed) for seed in range(60)), ALIKE[0])
    assert prior.functions.order.tolist() == [60]
    assert prior.trust == 1.0
    X = np.random.default_rng(9).random((8, 2))
    model = prior.condition(task(0.3, 8, 5), NONE)
    assert np.isfinite(model.reported.posterior(X).variances).all()


def test_of_few_sources_one_that_hardly_has_a_signal_is_heard_as_far_as_it_has_one() -> None:
    prior = prior_of(*(noise(seed) for seed in range(3)), *ALIKE)
    signal = prior.functions.models.signal
    np.testing.assert_allclose(prior.functions.belief, signal / signal.mean())


def test_where_no_source_has_a_signal_the_rival_begins_with_most_of_the_weight() -> None:
    prior = prior_of(*(noise(seed) for seed in range(60)))
    assert prior.plain > 0.7
    assert prior_of(*ALIKE).plain == pytest.approx(0.3, abs=1e-3)
    weights = model_of(prior, task(0.3, 3, 5)).expert_weights.sum(axis=1)
    assert weights[-1] > 0.7


def test_without_anything_in_common_the_mean_of_the_sources_is_put_to_the_test() -> None:
    """Sources that share no parameter with one another, as those of a whole storage may not."""
    known = [np.array([True, False]), np.array([False, True])]
    X = np.random.default_rng(0).random((25, 2))
    sources = [Task(X, -((X @ one - 0.3) ** 2), one) for one in known]
    prior = prior_of(*sources)
    assert prior.functions.share == 0.0
    X = DOMAIN.sample(512, generator=np.random.default_rng(3))
    order = np.argsort(-bowl(X, 0.3))
    model = model_of(prior, Task(X[order[:48:12]], np.array([-0.6, -0.4, -0.3, -0.5])))
    assert 0.02 < model.would_tell(X).mean() < 0.4
    worst = Task(X[order[[0, 50, -1]]], np.array([-0.1, -0.2, -1.0]))
    assert model_of(prior, worst).seen.is_borne_out
    weights = {e.name: e.prior_weight for group in model.groups for e in group.experts}
    assert weights["common, opposed"] == 0.0
    assert sum(weights.values()) == pytest.approx(1.0)


def test_only_sources_that_gave_errors_count_as_left_out() -> None:
    """Of three points there is none that could be told beside others."""
    prior = prior_of(task(0.3, 25, 0), *(task(0.3, 3, i) for i in range(1, 5)))
    assert prior.calibration.weights[-1] == pytest.approx(1.0 / (1 + 1))
    assert prior_of(*ALIKE).calibration.weights[-1] == pytest.approx(1.0 / (3 + 1))


def test_a_few_values_that_hardly_differ_are_no_noise_unless_repeats_say_so() -> None:
    prior, X = prior_of(*ALIKE), 0.3 + 0.01 * np.random.default_rng(1).random((12, 2))
    y = np.random.default_rng(2).random(12)

    def noise(target: Task) -> float:
        (found,) = {kernel.noise for kernel in model_of(prior, target).kernels.values()}
        return found

    assert noise(Task(X[:4], y[:4])) == pytest.approx(1e-6)
    assert noise(Task(X[:9], y[:9])) == pytest.approx(1e-6)
    assert noise(Task(X[:10], y[:10])) > 0.01
    assert noise(Task(X, y)) > 0.01
    assert noise(Task.observed(X[[0, 1, 2, 2]], y[:4])) > 0.01


def test_how_soon_values_change_where_no_source_has_looked_is_the_targets_own_business() -> None:
    """A choice that none had, and a number of which all have tried a half."""
    domain = Domain((Dimension(n_choices=3), Dimension(), Dimension()))
    generator = np.random.default_rng(0)
    X = domain.from_unit(generator.random((40, 3)))
    X = X[X[:, 2] == 0.0]
    X[:, 3] /= 2.0
    sources = [Task(X, X[:, 0] - (X[:, 3] - at) ** 2 - X[:, 4]) for at in (0.1, 0.2)]
    prior = Averaging().learn(sources, domain, generator=generator)
    assert isinstance(prior, AveragingPrior)
    target = Task(X[:8], -((X[:8, 3] - 0.3) ** 2))
    kernels = prior._kernels(prior._own(target), prior.functions)
    own, shared = kernels["own"].lengthscale, kernels["shared"].lengthscale
    theirs = prior.functions.models.lengthscale
    np.testing.assert_array_equal(shared, np.where([1, 1, 0, 0, 1], theirs, own))
    assert (own != theirs).all()


def test_without_a_shared_kernel_the_residuals_lengthscales_are_the_targets_own() -> None:
    prior, target = prior_of(*ALIKE), task(0.3, 12, 9)
    assert prior.functions.models.covered.all()
    for share_kernel in (True, False):
        settings = Averaging(share_kernel=share_kernel)
        found = replace(prior, settings=settings)._kernels(prior._own(target), prior.functions)
        theirs = prior.functions.models.lengthscale
        expected = theirs if share_kernel else found["own"].lengthscale
        np.testing.assert_array_equal(found["shared"].lengthscale, expected)


def test_a_single_source_is_not_left_out() -> None:
    """Nothing would be left that could predict it."""
    prior = prior_of(ALIKE[0])
    assert len(prior.some) == 1
    found = prior.calibration
    np.testing.assert_array_equal([found.centres, found.widths], [[0.0], [3.0]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AveragingPrior, "without", lambda *_: pytest.fail("it was left out"))
        assert prior_of(ALIKE[0]).calibration.weights.tolist() == [1.0]


@pytest.mark.parametrize("trust", [1.0, 0.4])
def test_before_the_first_value_sources_have_what_their_rival_leaves(trust: float) -> None:
    """Which has more where they are doubted, or are likely noise."""
    prior = replace(prior_of(*(noise(seed) for seed in range(3))), trust=trust)
    assert prior.plain > prior.settings.plain
    assert prior.condition(EMPTY, NONE).weights.sum() == pytest.approx(1.0 - prior.plain)


def test_how_far_values_lie_apart_is_told_by_all_of_them_not_by_those_that_are_modelled() -> None:
    prior, X = prior_of(*ALIKE), np.random.default_rng(5).random((40, 2))
    whole = Task(X, 1e-3 * bowl(X, 0.3))
    few = whole.only(np.argsort(-whole.y)[:12])
    model = model_of(prior, replace(few, whole=whole))
    found, usual = model.calibration().spread, prior.calibration.spread
    assert found == believed_spread(usual, whole.y) != believed_spread(usual, few.y)


def test_of_a_crowd_it_is_not_known_who_knows() -> None:
    model = model_of(prior_of(task(0.3, 20, 0), task(0.4, 20, 1)), task(0.3, 3, 2))
    assert model.knows_all
    assert not replace(model, kept=replace(model.kept, of_crowd=True)).knows_all
