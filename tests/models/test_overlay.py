"""Points are drawn where they are, in pixels of the image, (0, 0) being the centre of the first one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import small
from PIL import Image

from spoton import fit_model
from spoton.models import Card
from spoton.models._overlay import overlay

BLUE = [76, 201, 240]


@pytest.fixture(scope="module")
def card() -> Card:
    return fit_model(small.images(), "mean").card


def answers(card: Card, *columns: str) -> Card:
    pairs = [list(pair) for pair in zip(columns[::2], columns[1::2], strict=True)]
    return replace(card, answers={"columns": list(columns), "unit": "px", "points": pairs})


def marked(picture: Image.Image) -> np.ndarray:
    """(n, 2) x and y of what is drawn."""
    return np.argwhere((np.asarray(picture) == BLUE).all(axis=2))[:, ::-1]


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_a_point_is_marked_at_its_pixel(card: Card, channels: int) -> None:
    picture = overlay(np.zeros((channels, 20, 30)), [4.0, 15.0], answers(card, "tip_x", "tip_y"))
    assert picture.size == (450, 300)  # fifteen times as large
    np.testing.assert_allclose(marked(picture).mean(axis=0) / 15 - 0.5, [4, 15], atol=0.05)


def test_large_images_keep_their_size_and_values_out_of_range_are_shown(card: Card) -> None:
    image = np.linspace(-3, 9, 600 * 500).reshape(1, 500, 600)
    picture = overlay(image, [300.0, 250.0], answers(card, "x", "y"))
    assert picture.size == (600, 500)
    assert np.asarray(picture)[0, 0].tolist() == [0, 0, 0]
    assert np.asarray(picture)[-1, -1].tolist() == [255, 255, 255]


def test_a_point_outside_is_an_outline_at_the_edge(card: Card) -> None:
    inside, outside = (
        marked(overlay(np.zeros((1, 20, 30)), [x, 10.0], answers(card, "x", "y"))) for x in (14.0, 900.0)
    )
    assert outside[:, 0].max() == 449
    assert 0 < len(outside) < len(inside) / 2


def test_corners_of_a_box_get_a_frame(card: Card) -> None:
    box = ("first_left", "first_top", "first_right", "first_bottom")
    picture = overlay(np.zeros((1, 28, 28)), [5.0, 6.0, 20.0, 25.0], answers(card, *box))
    there = {tuple(place) for place in marked(picture).tolist()}
    y = round((6 + 0.5) * 16)
    assert sum((x, y) in there for x in range(round(5.5 * 16), round(20.5 * 16))) > 150  # the name covers some of it
