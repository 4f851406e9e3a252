"""An image with the points that a model predicts drawn in: small images are enlarged, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spoton.data import Array
from spoton.models._card import Card
from spoton.plots._points import PREDICTED, RIM

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT = 448  # px that the longer side has at least
NAMED = 12  # points that have their names beside them, at most


def overlay(image: Array, answers: Sequence[float] | Array, card: Card) -> Image.Image:
    """Draw the points of one row.

    Args:
        image: (C, H, W) in 0..1; the first three channels are shown, or the first.
        answers: (k,) of that image, points in px.
        card: says which answers are points.

    Returns:
        RGB, enlarged by a whole number; a ring and a cross around each point, a frame for the two corners of a box.
        A point outside of the image is drawn at its edge, in outline alone.
    """
    planes = np.asarray(image, dtype=np.float64)
    planes = np.repeat(planes[:1], 3, axis=0) if len(planes) < 3 else planes[:3]
    low, high = (0.0, 1.0) if planes.min() >= 0 and planes.max() <= 1 else (planes.min(), max(planes.max(), 1e-9))
    pixels = np.rint(255 * (planes - low) / max(high - low, 1e-9)).astype(np.uint8).transpose(1, 2, 0)
    height, width = pixels.shape[:2]
    factor = max(1, -(-SHORT // max(height, width)))
    picture = Image.fromarray(pixels).resize((factor * width, factor * height), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(picture)
    columns = card.answers["columns"]
    places = []
    for x_name, y_name in card.answers["points"]:
        x, y = (float(answers[columns.index(name)]) for name in (x_name, y_name))
        # (0, 0) is the centre of the top-left pixel
        places.append(((x + 0.5) * factor, (y + 0.5) * factor, _stem(x_name)))
    for i in range(0, len(places) - 1, 2):
        (left, top, name), (right, bottom, other) = places[i : i + 2]
        if _is_box(name, other):
            _frame(draw, sorted((left, right)), sorted((top, bottom)))
            places[i : i + 2] = (left, top, name[:-4].rstrip("_")), (right, bottom, "")  # the frame's name, once
    radius = max(7.0, min(picture.size) / 45)
    named = 1 < len(places) <= NAMED
    for x, y, name in places:
        inside = 0 <= x <= picture.width and 0 <= y <= picture.height
        x, y = min(max(x, 0), picture.width - 1), min(max(y, 0), picture.height - 1)
        _mark(draw, x, y, radius, full=inside)
        if named:
            _name(draw, picture.size, x, y, radius, name)
    return picture


def _stem(column: str) -> str:
    """`tip_x` -> `tip`."""
    return column.removesuffix("_x") if column != "x" else ""


def _is_box(name: str, other: str) -> bool:
    return name.endswith("left") and other.endswith("right") and name[:-4] == other[:-5]


def _frame(draw: ImageDraw.ImageDraw, xs: list[float], ys: list[float]) -> None:
    for colour, wide in ((RIM, 4), (PREDICTED, 2)):
        draw.rectangle((xs[0], ys[0], xs[1], ys[1]), outline=colour, width=wide)


def _mark(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, *, full: bool) -> None:
    for colour, wide in ((RIM, 4), (PREDICTED, 2)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=wide)
        if full:
            for dx, dy in ((radius, 0), (0, radius)):
                draw.line((x - dx, y - dy, x + dx, y + dy), fill=colour, width=max(1, wide - 1))


def _name(draw: ImageDraw.ImageDraw, size: tuple[int, int], x: float, y: float, radius: float, name: str) -> None:
    font = ImageFont.load_default(12)
    text = name.encode("latin-1", "replace").decode("latin-1")
    left = x + radius + 3 if x < size[0] * 0.7 else x - radius - 3 - draw.textlength(text, font)
    draw.text((left, y - 7), text, fill=PREDICTED, font=font, stroke_width=2, stroke_fill=RIM)
