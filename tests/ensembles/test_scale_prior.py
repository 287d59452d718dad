"""How large the differences of values are likely to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t

from optuna_metabo.ensembles.averaging import Averaging, AveragingPrior
from optuna_metabo.ensembles.experts import CLOSE, RIVAL
from optuna_metabo.ensembles.scale_prior import ScalePrior
from optuna_metabo.surrogate import Task
from tests.ensembles.bowls import DOMAIN, NONE, alike

TAU = np.geomspace(1e-4, 1e4, 17)


def normal(scale: float) -> np.ndarray:
    """Values whose 5 % quantile lies four times the scale below the best."""
    y = scale * norm.ppf((np.arange(1000) + 0.5) / 1000)
    return y * 4.0 * scale / (y.max() - np.quantile(y, 0.05))


def test_one_source_is_where_its_values_are_and_a_factor_of_e_apart() -> None:
    """s² = 2 (1 + 1 / 1) / 2."""
    found = ScalePrior.of([normal(3.0)])
    assert (found.centre, found.scale) == pytest.approx((np.log(3.0), np.sqrt(2.0)))


def test_the_scale_is_that_of_the_conjugate_predictive_distribution() -> None:
    logs = np.array([0.0, 1.0, -0.5, 2.0])
    found = ScalePrior.of([normal(np.exp(log)) for log in logs])
    squares = 2.0 + np.sum((logs - logs.mean()) ** 2)
    expected = (logs.mean(), np.sqrt(squares / 5.0 * 1.25))
    assert (found.centre, found.scale) == pytest.approx(expected)


def test_log_tau_has_a_student_distribution_with_four_degrees_of_freedom() -> None:
    prior = ScalePrior(0.3, 0.8)
    expected = t(4, 0.3, 0.8).logpdf(np.log(TAU))
    found = prior.log_density(TAU)
    np.testing.assert_allclose(found - found[0], expected - expected[0])


@pytest.mark.parametrize("values", [[], [np.ones(5)]], ids=["no source", "a flat one"])
def test_without_a_source_that_tells_any_scale_is_as_likely(values: list[np.ndarray]) -> None:
    assert not np.ptp(ScalePrior.of(values).log_density(TAU))


@pytest.fixture(scope="module")
def prior() -> AveragingPrior:
    found = Averaging().learn(alike(), DOMAIN, generator=np.random.default_rng(0))
    assert isinstance(found, AveragingPrior)
    return found


X = 0.2 + 0.2 * np.random.default_rng(1).random((4, 2))
NOISE = np.random.default_rng(2).random(4)


def odds(prior: AveragingPrior, scale: float) -> float:
    """Of sources that are right against none, by noise of that size around their optimum."""
    model = prior.weighed(Task(X, scale * NOISE), NONE)
    return float(np.log(model.weight(CLOSE) / model.weight(RIVAL)))


def without_scales(prior: AveragingPrior) -> AveragingPrior:
    flat = tuple((i, replace(one, y=np.zeros_like(one.y))) for i, one in prior.some)
    return replace(prior, some=flat)


def test_values_that_hardly_differ_around_the_optimum_speak_for_the_sources(
    prior: AveragingPrior,
) -> None:
    """Those that differ as others do elsewhere speak against them."""
    spread = float(np.ptp(np.concatenate([one.y for one in alike()])))
    none = odds(without_scales(prior), spread)
    assert odds(prior, spread) + 1.0 < none < odds(prior, 0.01 * spread) - 1.0


def test_units_of_which_no_source_tells_say_next_to_nothing(prior: AveragingPrior) -> None:
    some = tuple((i, replace(one, y=1e-200 * one.y)) for i, one in prior.some)
    strange = odds(replace(prior, some=some), 1.0)
    assert strange == pytest.approx(odds(without_scales(prior), 1.0), abs=0.05)


def test_the_unit_of_sources_and_target_together_does_not_matter(prior: AveragingPrior) -> None:
    some = tuple((i, replace(one, y=1e3 * one.y)) for i, one in prior.some)
    assert odds(replace(prior, some=some), 1e3) == pytest.approx(odds(prior, 1.0))


def test_a_source_that_is_left_out_tells_nothing_of_the_scale(prior: AveragingPrior) -> None:
    (first, task), *others = prior.some
    strange = replace(prior, some=((first, replace(task, y=1e6 * task.y)), *others))
    found, expected = (one.without(first)._scale_prior for one in (strange, prior))
    assert found == expected
    assert strange._scale_prior != prior._scale_prior
