"""The axes of one trial, and those of the study."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from optuna_metabo.domain import ABSENT, Condition
from optuna_metabo.encoding import Encoding
from optuna_metabo.frame import Embedding, Frame

OUTER: dict[str, BaseDistribution] = {
    "k": CategoricalDistribution(("a", "b")),
    "lr": FloatDistribution(1e-4, 1.0, log=True),
    "n": IntDistribution(0, 10),
    "x": FloatDistribution(0, 1),
}
INNER = OUTER | {
    "lr": FloatDistribution(1e-3, 0.1, log=True),
    "n": IntDistribution(4, 4),
    "x": FloatDistribution(0.5, 1),
}
POINT = {"k": "b", "lr": 0.02, "n": 4, "x": 0.7}


def test_a_point_has_one_place_on_the_axes_of_the_study() -> None:
    inner, outer = Encoding.of(INNER), Encoding.of(OUTER)
    embedding = Embedding.of(inner, outer)
    x, z = inner.encode(POINT)[None], outer.encode(POINT)[None]
    np.testing.assert_allclose(embedding(x), z, atol=1e-12)
    np.testing.assert_allclose(embedding.back(z), x, atol=1e-12)
    assert not embedding.is_identity
    assert Embedding.of(outer, outer).is_identity


def test_what_is_absent_is_absent_on_both() -> None:
    names = list(INNER)
    condition = Condition(names.index("x"), names.index("k"), (0.0,))
    inner = Encoding(INNER, Encoding.of(INNER).dimensions, (condition,))
    embedding = Embedding.of(inner, Encoding.of(OUTER))
    x = inner.encode({"k": "b", "lr": 0.02, "n": 4})[None]
    assert embedding(x)[0, -1] == ABSENT
    assert embedding.back(embedding(x))[0, -1] == ABSENT


def test_what_stands_for_a_parameter_that_a_point_lacks_is_moved_by_no_range() -> None:
    """Though a value in the middle of the study's range is one of the trial's."""
    inner, outer = Encoding.of(INNER), Encoding.of(OUTER)
    embedding = Embedding.of(inner, outer)
    lacking, whole = outer.encode_many([{"k": "b", "lr": 0.02, "n": 4}, POINT])
    assert lacking[-1] == ABSENT
    assert embedding.back(lacking[None])[0, -1] == 0.0
    found = embedding.places(np.stack([lacking, whole]))
    np.testing.assert_allclose(found[0, :-1], inner.encode(POINT)[:-1], atol=1e-12)
    assert found[0, -1] == ABSENT
    np.testing.assert_allclose(found[1], inner.encode(POINT), atol=1e-12)


def test_only_points_that_a_trial_could_propose_are_taken() -> None:
    inner, outer = Encoding.of(INNER), Encoding.of(OUTER)
    frame = Frame.of(inner, outer, {"k": "b"})
    points = [POINT, POINT | {"x": 0.2}, POINT | {"n": 5}]
    subspace = frame.subspace(outer.encode_many(points))
    np.testing.assert_allclose(subspace.taken, [inner.encode(POINT)], atol=1e-12)
    np.testing.assert_array_equal(subspace.free, [False, True, True, True])


@pytest.mark.parametrize(
    ("held", "is_whole"), [(POINT, True), ({"k": "b"}, False), ({**POINT, "other": 1}, True)]
)
def test_a_trial_is_whole_that_holds_all_that_exists(
    held: dict[str, object], is_whole: bool
) -> None:
    frame = Frame.of(Encoding.of(INNER), Encoding.of(OUTER), held)
    assert frame.is_whole is is_whole
