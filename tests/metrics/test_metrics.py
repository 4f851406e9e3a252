from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from spoton import metrics

ONE = (("x", "y"),)


def score(actual: object, predicted: object, points: object = ONE, **more: object) -> dict[str, float]:
    actual, predicted = np.asarray(actual, float), np.asarray(predicted, float)
    columns = ["x", "y", "u", "v"][: actual.shape[1]]
    return metrics.score(actual, predicted, columns, points=points, whole=True, **more)  # type: ignore[arg-type]


def test_values_worked_out_by_hand() -> None:
    """Two points; errors (3, 4) and (0, 1): distances 5 and 1. The mean point is (2, 2), 2 and 2 away from them."""
    values = score([[0, 2], [4, 2]], [[3, 6], [4, 3]])
    assert values["dist_avg"] == 3
    assert values["sqdist_avg"] == 13
    assert values["mse"] == 6.5
    assert values["mae"] == 2
    assert values["dist_r2"] == 1 - 6 / 4
    assert values["sqdist_r2"] == 1 - 26 / 8
    assert values["r2:x"] == 1 - 9 / 8
    assert values["r2:y"] == 0  # constant actual, so scikit-learn's convention: 0 where it is missed
    assert values["r2"] == (1 - 9 / 8) / 2
    assert values["hit"] == 0
    assert values["hit1"] == 0.5


@pytest.mark.parametrize(("predicted", "hit"), [(2.49, 1), (2.5, 0), (1.5, 1), (1.49, 0), (-0.5, 0), (2.0000001, 1)])
def test_rounding_sends_halves_up(predicted: float, hit: int) -> None:
    assert score([[2, 2]] * 2, [[predicted, 2]] * 2)["hit"] == hit


def test_a_hit_needs_every_coordinate_and_hit1_every_point() -> None:
    box = (("x", "y"), ("u", "v"))
    values = score([[1, 1, 5, 5]] * 4, [[1, 1, 5, 5], [1.4, 1, 5, 5], [1, 1, 5, 6], [1, 1, 9, 9]], box)
    assert values["hit"] == 0.5
    assert values["hit1"] == 0.75


def test_two_points_average_over_points() -> None:
    values = score([[0, 0, 0, 0], [2, 2, 2, 2]], [[3, 4, 0, 0], [2, 2, 2, 2]], (("x", "y"), ("u", "v")))
    assert values["dist_avg"] == 5 / 4
    assert values["sqdist_avg"] == 25 / 4
    assert values["sqdist_avg"] == 2 * values["mse"]


arrays = st.integers(2, 30).flatmap(
    lambda n: st.tuples(*[hnp.arrays(np.float64, (n, 2), elements=st.floats(-50, 50, width=32)) for _ in "ab"])
)


@given(arrays)
def test_identities(pair: tuple[np.ndarray, np.ndarray]) -> None:
    actual, predicted = pair
    values = score(actual, predicted)
    assert values["sqdist_avg"] == pytest.approx(2 * values["mse"], rel=1e-9, abs=1e-12)
    # Jensen: the mean of squares is no less than the square of the mean
    assert values["sqdist_avg"] >= values["dist_avg"] ** 2 * (1 - 1e-9)
    assert values["mae"] <= math.sqrt(values["mse"]) * (1 + 1e-9)
    assert values["hit"] <= 1
    for name in ("mse", "mae", "r2"):
        assert values[name] == pytest.approx((values[f"{name}:x"] + values[f"{name}:y"]) / 2, rel=1e-9, abs=1e-9)


@given(arrays)
def test_agrees_with_scikit_learn(pair: tuple[np.ndarray, np.ndarray]) -> None:
    actual, predicted = pair
    values = score(actual, predicted)
    assert values["mse"] == mean_squared_error(actual, predicted)
    assert values["mae"] == mean_absolute_error(actual, predicted)
    assert values["r2"] == r2_score(actual, predicted)


@settings(max_examples=50)
@given(arrays)
def test_agrees_with_an_independent_calculation(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """Plain Python, one row at a time, as in the notebooks of 2020."""
    actual, predicted = (array.tolist() for array in pair)
    n = len(actual)
    mean = [math.fsum(column) / n for column in zip(*actual, strict=True)]
    dist = [math.dist(a, p) for a, p in zip(actual, predicted, strict=True)]
    base = [math.dist(a, mean) for a in actual]
    values = score(*pair)
    assert values["dist_avg"] == pytest.approx(math.fsum(dist) / n, rel=1e-9, abs=1e-9)
    assert values["sqdist_avg"] == pytest.approx(math.fsum(d * d for d in dist) / n, rel=1e-9, abs=1e-9)
    if math.fsum(base) > 1e-6:
        assert values["dist_r2"] == pytest.approx(1 - math.fsum(dist) / math.fsum(base), rel=1e-6, abs=1e-6)
        expected = 1 - math.fsum(d * d for d in dist) / math.fsum(b * b for b in base)
        assert values["sqdist_r2"] == pytest.approx(expected, rel=1e-5, abs=1e-5)
    for hits, row_a, row_p in [(values["hit"], actual, predicted)]:
        by_hand = sum(all(math.floor(p + 0.5) == math.floor(a + 0.5) for a, p in zip(ra, rp, strict=True))
                      for ra, rp in zip(row_a, row_p, strict=True)) / n  # fmt: skip
        assert hits == pytest.approx(by_hand)


def test_r2_is_not_symmetric_and_we_call_it_right() -> None:
    actual, predicted = np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [5.0]])
    assert r2_score(actual, predicted) != r2_score(predicted, actual)
    values = metrics.score(actual, predicted, ["a"])
    assert values["r2"] == 1 - 9 / 2


def test_pooled_and_averaged_r2_differ() -> None:
    """sqdist_r2 pools both coordinates, r2 averages them: with unequal spreads they are two numbers."""
    rng = np.random.RandomState(0)
    actual = rng.normal(size=(200, 2)) * [10, 1]
    values = score(actual, actual + rng.normal(size=(200, 2)))
    assert values["sqdist_r2"] > 0.95
    assert values["r2"] < 0.6


def test_only_what_applies_is_scored() -> None:
    actual = np.array([[1.0], [2.0]])
    assert set(metrics.score(actual, actual, ["a"])) == {"mse", "mae", "r2"}
    assert set(metrics.score(actual, actual, ["a"], whole=True)) == {"mse", "mae", "r2", "hit"}
    assert metrics.score(actual, actual[::-1], ["a"], kind="class") == {"accuracy": 0.0}


def test_degenerate_answers_stay_finite_where_they_can() -> None:
    constant = score([[1, 1], [1, 1]], [[1, 1], [1, 1]])
    assert constant["dist_r2"] == constant["r2"] == 1
    missed = score([[1, 1], [1, 1]], [[2, 1], [1, 1]])
    assert missed["dist_r2"] == 0
    assert math.isnan(score([[1, 1]], [[2, 2]])["r2"])  # one row has no variance
