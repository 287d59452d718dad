"""Sums of Matérn functions, against the kernel written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray as Array

from optuna_metabo.gp import expansion, matern52, squared_distance
from optuna_metabo.gp.expansion import Correlations, Expansion, Terms

LENGTHSCALE = np.array([0.3, 0.8, 1.5])
SIZES = np.array([7, 1, 12, 4])


def terms(known: Array) -> Terms:
    generator = np.random.default_rng(0)
    n = int(SIZES.sum())
    return Terms(generator.random((n, 3)), generator.standard_normal(n), SIZES, known)


def sums(given: Terms, Z: Array) -> Array:
    """Function by function, over the columns that it knows."""
    found, ends = [], np.cumsum(given.sizes)
    for end, size, known in zip(ends, given.sizes, given.known, strict=True):
        X, weights = given.X[end - size : end], given.weights[end - size : end]
        found.append(weights @ matern52(squared_distance(X * known, Z * known, LENGTHSCALE)))
    return np.array(found)


EVERYTHING = np.ones((4, 3), dtype=bool)
SOME = np.array([[1, 1, 1], [0, 1, 1], [1, 0, 0], [1, 1, 1]], dtype=bool)
POINTS = np.random.default_rng(1).random((9, 3))


@pytest.mark.parametrize("known", [EVERYTHING, SOME], ids=["everything", "some columns"])
@pytest.mark.parametrize(("numbers", "of_one"), [(2**15, 2**10), (1, 1), (30, 8)])
def test_sums_are_those_of_each_function_whatever_is_taken_at_a_time(
    known: Array, numbers: int, of_one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "_MAX_NUMBERS", numbers)
    monkeypatch.setattr(expansion, "_MAX_OF_ONE", of_one)
    found = Expansion.of(terms(known), 1.0 / LENGTHSCALE)(POINTS)
    np.testing.assert_allclose(found, sums(terms(known), POINTS), atol=1e-12)


def test_some_of_the_functions_are_what_they_were_among_all() -> None:
    everything, which = Expansion.of(terms(SOME), 1.0 / LENGTHSCALE), np.array([0, 1, 0, 1]) == 1
    np.testing.assert_allclose(everything[which](POINTS), everything(POINTS)[which])
    assert everything[~EVERYTHING[:, 0]](POINTS).shape == (0, 9)
    assert everything(POINTS[:0]).shape == (4, 0)


def test_joined_terms_are_the_functions_of_all_parts() -> None:
    both = Expansion.of(Terms.joined([terms(SOME), terms(EVERYTHING)]), 1.0 / LENGTHSCALE)
    expected = np.concatenate([sums(terms(SOME), POINTS), sums(terms(EVERYTHING), POINTS)])
    np.testing.assert_allclose(both(POINTS), expected, atol=1e-12)


def test_correlations_with_given_points_are_those_of_the_kernel() -> None:
    X = terms(EVERYTHING).X
    expected = matern52(squared_distance(POINTS, X, LENGTHSCALE))
    np.testing.assert_allclose(Correlations.of(X, 1.0 / LENGTHSCALE)(POINTS), expected, atol=1e-12)


def test_terms_and_weights_are_as_many_as_the_functions_have() -> None:
    given = terms(EVERYTHING)
    for wrong in ({"X": given.X[1:], "weights": given.weights[1:]}, {"sizes": SIZES + 1}):
        with pytest.raises(ValueError, match="not as many"):
            replace(given, **wrong)
