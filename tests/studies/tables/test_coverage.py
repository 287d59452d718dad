"""Whether intervals hold what they promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optuna
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from optuna_metabo import Posterior
from studies.families import load
from studies.past import others, past_studies
from studies.tables.coverage import inside, main, predict, probability_below, probes, width


def mixture(m: int) -> Posterior:
    generator = np.random.default_rng(0)
    means, variances = generator.normal(size=(3, m)), generator.uniform(0.1, 2.0, (3, m))
    return Posterior(np.array([0.2, 0.5, 0.3]), means, variances)


def quantile(posterior: Posterior, j: int, p: float) -> float:
    """Of the mixture at the j-th point, by SciPy."""
    deviations = np.sqrt(posterior.variances[:, j])

    def excess(y: float) -> float:
        return float(posterior.weights @ norm.cdf(y, posterior.means[:, j], deviations)) - p

    return float(brentq(excess, -50.0, 50.0, xtol=1e-12))


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_interval_ends_at_the_quantiles_of_the_mixture(level: float) -> None:
    posterior = mixture(4)
    for p, outwards in (((1 - level) / 2, -1.0), ((1 + level) / 2, 1.0)):
        end = np.array([quantile(posterior, j, p) for j in range(4)])
        np.testing.assert_allclose(probability_below(posterior, end), p, atol=1e-9)
        assert inside(posterior, end - 1e-6 * outwards, level).all()
        assert not inside(posterior, end + 1e-6 * outwards, level).any()


def test_draws_of_the_mixture_are_covered_as_promised() -> None:
    posterior = mixture(20_000)
    generator = np.random.default_rng(1)
    chosen = generator.choice(3, 20_000, p=posterior.weights), np.arange(20_000)
    draws = generator.normal(posterior.means[chosen], np.sqrt(posterior.variances[chosen]))
    for level in (0.5, 0.8, 0.95):
        assert inside(posterior, draws, level).mean() == pytest.approx(level, abs=0.01)


def test_a_width_has_no_units() -> None:
    one, y = mixture(5), np.array([0.0, 1.0, 4.0, 2.0, 3.0])
    other = Posterior(one.weights, 100.0 * one.means, 1e4 * one.variances)
    assert width(other, 100.0 * y) == pytest.approx(width(one, y))
    normal = Posterior(np.ones(1), np.zeros((1, 5)), np.ones((1, 5)))
    assert width(normal, y) == pytest.approx(2 * 1.959964 / 4.0)
    assert np.isnan(width(normal, np.ones(5)))


def test_predictions_stand_in_the_order_of_their_points_and_know_nothing_of_values(
    toy: str,
) -> None:
    task, sources = load(toy).task("task-2"), past_studies(toy, others(toy, 1), 0, 8)
    points = probes(task, 0)[:20]
    told = probes(task, 1)[:3]
    forwards = predict(told, points, sources, task, 0)
    backwards = predict(told, points[::-1], sources, task, 0)
    np.testing.assert_allclose(backwards.means[:, ::-1], forwards.means)
    np.testing.assert_allclose(backwards.variances[:, ::-1], forwards.variances)
    assert np.ptp(forwards.mean) > 0.0


def test_what_was_told_is_known(toy: str) -> None:
    task, sources = load(toy).task("task-2"), past_studies(toy, others(toy, 1), 0, 8)
    told = probes(task, 1)[:12]
    values = [trial.values[0] for trial in told]
    mean = predict(told, told, sources, task, 0).mean
    np.testing.assert_allclose(mean, values, atol=0.1 * np.std(values))


def test_the_command_prints_a_row_for_each_number_of_trials(
    toy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verbosity = optuna.logging.get_verbosity()
    page = tmp_path / "coverage.md"
    main(["--families", toy, "--every", "3", "--trials", "2", "4", "--out", str(page)])
    optuna.logging.set_verbosity(verbosity)
    text = page.read_text()
    assert text in capsys.readouterr().out
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| toy")]
    assert [[cell.strip() for cell in row] for row in rows] == [["toy", "2"], ["toy", "4"]]
