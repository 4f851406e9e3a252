from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spoton import ink
from spoton.ink import Ink

#      0 1 2 3 4 5
ART = [
    "......",
    "..#.#.",  # 1: top row, ink at x = 2 and 4
    ".#....",  # 2
    "....##",  # 3: right column at x = 5
    ".#.#..",  # 4: bottom row, ink at x = 1 and 3; left column x = 1 has rows 2 and 4
]


def drawn(art: list[str]) -> Ink:
    return np.array([[[c == "#" for c in line] for line in art]])


def test_points_worked_out_by_hand() -> None:
    image = drawn(ART)
    assert {k: int(v[0]) for k, v in ink.extents(image).items()} == {
        "left": 1,
        "top": 1,
        "right": 5,
        "bottom": 4,
    }
    expected = {
        "topleft": (2, 1), "topright": (4, 1), "bottomleft": (1, 4), "bottomright": (3, 4),
        "lefttop": (1, 2), "leftbottom": (1, 4), "righttop": (5, 3), "rightbottom": (5, 3),
        "corner": (1, 1), "center": (3, 3),
    }  # fmt: skip
    for kind, xy in expected.items():
        assert tuple(ink.point(image, kind)[0]) == xy, kind


def test_center_floors_like_2020() -> None:
    """(left + right + 1) // 2: the middle of 1..5 is 3, of 1..4 is 3 as well (2020 had right exclusive)."""
    assert ink.middle(np.array([1, 1, 0, -1]), np.array([5, 4, 0, -1])).tolist() == [3, 3, 0, -1]


def test_feature_points_in_the_order_of_2020() -> None:
    points = ink.feature_points(drawn(ART))
    assert points["pts11"][0].tolist() == [[1, 1], [5, 1], [1, 4], [5, 4]]
    # level-2 columns: last of top row 4, last of bottom row 3, first of top row 2, first of bottom row 1
    assert points["pts12"][0, :8].tolist() == [[4, 1], [3, 1], [2, 1], [1, 1], [4, 4], [3, 4], [2, 4], [1, 4]]
    # level-2 rows: last of left column 4, last of right column 3, first of left column 2, first of right column 3
    assert points["pts12"][0, 8:].tolist() == [[1, 4], [5, 4], [1, 3], [5, 3], [1, 2], [5, 2], [1, 3], [5, 3]]
    assert points["pts22"][0, :4].tolist() == [[4, 4], [3, 4], [2, 4], [1, 4]]
    assert {k: v.shape for k, v in points.items()} == {
        "pts11": (1, 4, 2),
        "pts12": (1, 16, 2),
        "pts22": (1, 16, 2),
    }


def test_an_empty_image_answers_minus_one() -> None:
    empty = np.zeros((2, 5, 7), dtype=bool)
    for kind in (*ink.KINDS, "corner", "center"):
        assert (ink.point(empty, kind) == -1).all()


images = hnp.arrays(bool, st.tuples(st.integers(1, 4), st.integers(2, 9), st.integers(2, 11)))


@given(images)
def test_agrees_with_a_loop_over_pixels(image: Ink) -> None:
    for one, found in zip(image, ink.point(image, "topleft"), strict=True):
        rows, columns = np.nonzero(one)
        if not len(rows):
            assert tuple(found) == (-1, -1)
            continue
        top = rows.min()
        assert tuple(found) == (columns[rows == top].min(), top)


@given(images)
def test_the_eight_scans_are_one_scan_of_eight_turned_images(image: Ink) -> None:
    """A dihedral property: each kind is `topleft` of a flipped or transposed image, mapped back."""
    image = image[image.any(axis=(1, 2))]
    height, width = image.shape[1:]

    def topleft(picture: Ink) -> tuple[np.ndarray, np.ndarray]:
        xy = ink.point(picture, "topleft")
        return xy[:, 0], xy[:, 1]

    x, y = topleft(image[:, :, ::-1])
    assert np.array_equal(ink.point(image, "topright"), np.stack([width - 1 - x, y], 1))
    x, y = topleft(image[:, ::-1])
    assert np.array_equal(ink.point(image, "bottomleft"), np.stack([x, height - 1 - y], 1))
    x, y = topleft(image[:, ::-1, ::-1])
    assert np.array_equal(ink.point(image, "bottomright"), np.stack([width - 1 - x, height - 1 - y], 1))
    turned = image.transpose(0, 2, 1)
    for kind, flip_y, flip_x in (
        ("lefttop", 1, 1),
        ("leftbottom", 1, -1),
        ("righttop", -1, 1),
        ("rightbottom", -1, -1),
    ):
        a, b = topleft(turned[:, ::flip_y, ::flip_x])
        xs = b if flip_y == 1 else width - 1 - b
        ys = a if flip_x == 1 else height - 1 - a
        assert np.array_equal(ink.point(image, kind), np.stack([xs, ys], 1)), kind


@given(images, st.integers(0, 3), st.integers(0, 3))
def test_points_move_with_the_image(image: Ink, dx: int, dy: int) -> None:
    image = image[image.any(axis=(1, 2))]
    moved = np.pad(image, ((0, 0), (dy, 3 - dy), (dx, 3 - dx)))
    for kind in (*ink.KINDS, "corner"):
        assert np.array_equal(ink.point(moved, kind), ink.point(image, kind) + np.array([dx, dy]))


@given(images)
def test_isolated_agrees_with_a_loop(image: Ink) -> None:
    found = ink.isolated(image)
    for n, y, x in zip(*np.nonzero(image), strict=True):
        around = image[n, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].sum()
        assert found[n, y, x] == (around == 1)
    assert not (found & ~image).any()


@pytest.mark.parametrize("threshold", [0.0, 0.5])
def test_ink_is_strictly_above_the_threshold_in_any_channel(threshold: float) -> None:
    X = np.zeros((1, 2, 3, 3), dtype=np.float32)
    X[0, 1, 2, 0] = threshold
    assert not ink.ink_of(X, threshold).any()
    X[0, 1, 2, 0] = threshold + 1 / 255
    assert ink.ink_of(X, threshold)[0].nonzero() == (2, 0)
