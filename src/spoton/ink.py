"""Exact geometry of ink in binary images, vectorised NumPy: extents, ends of the extreme rows and columns, points.

Everything here takes `ink`, a boolean array (n, H, W), and answers in whole pixels (frame `px`). An image without
ink answers -1 everywhere. These rules make the tasks' targets, the `pts` features and the oracles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from spoton.data import Array

Ink = NDArray[np.bool_]
Ints = NDArray[np.int64]


def ink_of(images: Array, threshold: float = 0.0) -> Ink:
    """Ink is value > `threshold`, in any channel: (n, C, H, W) -> (n, H, W)."""
    return np.asarray((images > threshold).any(axis=1))


def first(mask: Ink) -> Ints:
    """Index of the first True along the last axis, -1 where there is none."""
    return np.where(mask.any(axis=-1), mask.argmax(axis=-1), -1)


def last(mask: Ink) -> Ints:
    """Index of the last True along the last axis, -1 where there is none."""
    size = mask.shape[-1]
    return np.where(mask.any(axis=-1), size - 1 - mask[..., ::-1].argmax(axis=-1), -1)


def extents(ink: Ink) -> dict[str, Ints]:
    """The ink box, both ends inclusive: left, top, right, bottom, each (n,)."""
    columns, rows = np.asarray(ink.any(axis=1)), np.asarray(ink.any(axis=2))
    return {"left": first(columns), "top": first(rows), "right": last(columns), "bottom": last(rows)}


def ends(ink: Ink) -> dict[str, Ints]:
    """The ends of the ink in the extreme rows (x) and columns (y), each (n,).

    `top_first` is the leftmost ink x in the top row, `top_last` the rightmost; `bottom_first`, `bottom_last`
    likewise. `left_first` is the topmost ink y in the leftmost column, `left_last` the lowest; `right_*` likewise.
    """
    box = extents(ink)
    each = np.arange(len(ink))
    found: dict[str, Ints] = {}
    for side in ("top", "bottom"):
        line = ink[each, box[side]]
        found[f"{side}_first"], found[f"{side}_last"] = first(line), last(line)
    for side in ("left", "right"):
        line = ink[each, :, box[side]]
        found[f"{side}_first"], found[f"{side}_last"] = first(line), last(line)
    return found


def middle(low: Ints, high: Ints) -> Ints:
    """The floored middle of an inclusive range, as in 2020: `(low + high + 1) // 2`; -1 stays -1."""
    return np.where(low < 0, -1, (low + high + 1) // 2)


# The ten kinds of point: name -> (x, y) in terms of extents and ends. Eight are the first ink pixel of the eight
# dihedral scan orders of an image; `corner` and `center` may lie where there is no ink.
def point(ink: Ink, kind: str) -> Ints:
    """The point `kind` of each image, (n, 2) as (x, y).

    Kinds: `topleft` (leftmost ink of the top row), `topright`, `bottomleft`, `bottomright`, `lefttop` (topmost ink
    of the leftmost column), `leftbottom`, `righttop`, `rightbottom`, `corner` (left, top of the ink box) and
    `center` (floored middle of the ink box).
    """
    box = extents(ink)
    if kind == "corner":
        xy = (box["left"], box["top"])
    elif kind == "center":
        xy = (middle(box["left"], box["right"]), middle(box["top"], box["bottom"]))
    else:
        side, end = KINDS[kind]
        along = ends(ink)[f"{side}_{end}"]
        xy = (along, box[side]) if side in ("top", "bottom") else (box[side], along)
    return np.stack(xy, axis=1)


KINDS = {
    "topleft": ("top", "first"),
    "topright": ("top", "last"),
    "bottomleft": ("bottom", "first"),
    "bottomright": ("bottom", "last"),
    "lefttop": ("left", "first"),
    "leftbottom": ("left", "last"),
    "righttop": ("right", "first"),
    "rightbottom": ("right", "last"),
}


def feature_points(ink: Ink) -> dict[str, Ints]:
    """The candidate points of the 2020 FeatsNet: `pts11` (n, 4, 2), `pts12` (n, 16, 2), `pts22` (n, 16, 2) as (x, y).

    Two rows and two columns bound the ink (level 1). In each of these four lines the ink has two ends (level 2).
    `pts11` crosses level-1 rows with level-1 columns, `pts12` level 1 with level 2 both ways, `pts22` level 2 with
    level 2. The order of the points is that of 2020, so that recorded column numbers keep their meaning.
    """
    return crossed(extents(ink), ends(ink))


def crossed(box: dict[str, Ints], end: dict[str, Ints]) -> dict[str, Ints]:
    """The points of `feature_points` from the answers of `extents` and `ends`, whatever these are, each (n,)."""
    x1 = np.stack([box["left"], box["right"]], axis=1)
    y1 = np.stack([box["top"], box["bottom"]], axis=1)
    x2 = np.stack([end["top_last"], end["bottom_last"], end["top_first"], end["bottom_first"]], axis=1)
    y2 = np.stack([end["left_last"], end["right_last"], end["left_first"], end["right_first"]], axis=1)
    return {
        "pts11": _cross(x1, y1),
        "pts12": np.concatenate([_cross(x2, y1), _cross(x1, y2)], axis=1),
        "pts22": _cross(x2, y2),
    }


def _cross(x: Ints, y: Ints) -> Ints:
    """All pairs of x and y, rows (y) outermost: (n, len(y) * len(x), 2)."""
    return np.stack([np.tile(x, (1, y.shape[1])), np.repeat(y, x.shape[1], axis=1)], axis=2)


def isolated(ink: Ink) -> Ink:
    """Ink pixels with no ink among their eight neighbours."""
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    height, width = ink.shape[1:]
    neighbours = np.zeros(ink.shape, dtype=np.int64)
    for dy in (0, 1, 2):
        for dx in (0, 1, 2):
            if (dy, dx) != (1, 1):
                neighbours += padded[:, dy : dy + height, dx : dx + width]
    lone: Ink = ink & (neighbours == 0)
    return lone
