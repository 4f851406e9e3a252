from __future__ import annotations

import numpy as np
import pytest

from spoton.errors import UsageError
from spoton.scaling import y_range_of

Y = np.array([[0.0, 10.0], [4.0, 20.0], [2.0, 15.0]])


@pytest.mark.parametrize(
    ("how", "size", "lo", "hi"),
    [
        ("samples", None, [0, 10], [4, 20]),
        ("auto", None, [-0.4, 9], [4.4, 21]),
        ("samples:0.1", None, [-0.4, 9], [4.4, 21]),
        ("samples:0.5", (28, 20), [-2, 5], [6, 25]),
        ("samples:0", None, [0, 10], [4, 20]),
        ("extremes", (28, 20), [-0.5, -0.5], [27.5, 27.5]),
        ("extremes", None, [0, 0], [20, 20]),
        ("extremes", (12, 12), [0, 0], [20, 20]),  # answers that are not in the image
        ((-1, 30), None, [-1, -1], [30, 30]),
        (([0, 1], [5, 30]), None, [0, 1], [5, 30]),
    ],
)
def test_limits_worked_out_by_hand(how: object, size: object, lo: list[float], hi: list[float]) -> None:
    found = y_range_of(how, Y, size)  # type: ignore[arg-type]
    assert found is not None
    assert np.allclose(found[0], lo)
    assert np.allclose(found[1], hi)


@pytest.mark.parametrize("how", [None, "none"])
def test_none(how: object) -> None:
    assert y_range_of(how, Y) is None  # type: ignore[arg-type]


def test_a_constant_target_leaves_room() -> None:
    lo, hi = y_range_of("samples", np.array([[3.0], [3.0]])) or (0, 0)
    assert (lo, hi) == (2.5, 3.5)


@pytest.mark.parametrize("y", [np.eye(3), np.linspace(0, 1, 8)[:, None]])
def test_classes_and_shares_are_not_taken_for_pixels(y: np.ndarray) -> None:
    lo, hi = y_range_of("extremes", y, (28, 28)) or (0, 0)
    assert np.allclose([lo[0], hi[0]], [0, 1])  # type: ignore[index]


def test_standardised_targets_are_not_taken_for_pixels() -> None:
    y = np.array([[-0.4, -0.4], [-0.4, -0.4], [0.8, 0.8]])
    lo, hi = y_range_of("extremes", y, (28, 28)) or (0, 0)
    assert np.allclose([lo[0], hi[0]], [-0.4, 0.8])  # type: ignore[index]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("sample", "no y_range is called 'sample'; did you mean samples"),
        ("samples:", "the margin in y_range 'samples:' is a share of the range, 0 or more, as in samples:0.2"),
        ("samples:-0.1", "the margin in"),
        ("samples:inf", "the margin in"),
        ("extremes:0.1", "no y_range is called"),
        ((3, 1), "needs lo < hi"),
        ((1, 2, 3), "has to be"),
        (([1, 2, 3], [4, 5, 6]), "has to be"),
    ],
)
def test_wrong_ranges(how: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        y_range_of(how, Y)  # type: ignore[arg-type]
