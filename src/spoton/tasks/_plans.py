"""Floor plans: the corners of a room. `plans/corners?shape=u&ink=dark&plain=1`.

A room has a rectilinear outer wall, turned and mirrored at random. A corner is a pixel of the wall: the outermost one
where the outline turns outwards, and where it turns inwards the one that touches the outside by its corner alone.
Corners come clockwise as the image is seen, from the leftmost corner of the topmost row on.

What makes the answers exact to find: paper is the value of the top left pixel, the wall has the highest contrast to
it, and outside the room nothing else has. Doors and windows are at most `WIDEST` pixels wide and lie in straight walls;
walls that face each other are further apart, inside and outside. So the oracle bridges narrow gaps along rows and
columns, fills what the wall encloses, and goes around it.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any

import numpy as np
from scipy import ndimage

from spoton.data import Array, PointData
from spoton.ink import Ink, Ints
from spoton.tasks import _plan_drawing
from spoton.tasks._family import Option, TaskFamily, choice, whole
from spoton.tasks._oracles import RuleOracle
from spoton.tasks._ordered import ordered
from spoton.tasks._plan_drawing import CORNERS, WIDEST, corner_pixels
from spoton.tasks._task import Loaded, Task

TEST_ROWS = 500

OPTIONS = {
    "shape": Option(choice(*CORNERS), "l", "of the room: rect (4 corners), l (6), t (8) or u (8)", str),
    "size": Option(whole(48, 512), 64, "canvas of that many pixels a side"),
    "rows": Option(whole(2, 1_000_000), 1000, "number of plans to train and validate on"),
    "ink": Option(choice("any", "dark", "light"), "any", "dark walls on light paper, light on dark, or either", str),
    "plain": Option(
        whole(0, 1), 0, "1: walls alone, without doors, windows, furniture and what is written beside them"
    ),
    "train": Option(whole(1, 1_000_000), None, "exactly so many training rows", str),
}


def load(values: dict[str, Any]) -> Loaded:
    """The data of one task."""
    made = []
    for part, rows in (("data", values["rows"]), ("test", TEST_ROWS)):
        shape, size, ink, plain = (values[key] for key in ("shape", "size", "ink", "plain"))
        random = np.random.RandomState(zlib.crc32(f"plans|{part}|{shape}|{size}|{ink}|{plain}".encode()))
        images = np.empty((rows, 1, size, size), dtype=np.uint8)
        corners = np.empty((rows, CORNERS[shape], 2), dtype=np.int64)
        for i in range(rows):
            images[i, 0], corners[i] = _plan_drawing.plan(random, shape, size, ink, bool(plain))
        y, points = ordered(corners, ("x", "y"))
        made.append(PointData(X=images.astype(np.float32) / np.float32(255), y=y, points=points))
    return Loaded(*made)


def room(X: Array) -> Ink:
    """What the wall encloses, itself included: images (n, 1, H, W) -> (n, H, W)."""
    contrast = np.abs(X[:, 0] - X[:, 0, :1, :1])
    wall = (contrast > 0) & (contrast == contrast.max(axis=(1, 2), keepdims=True))
    margin = WIDEST + 1  # closing needs as much room
    wall = np.pad(wall, ((0, 0), (margin, margin), (margin, margin)))
    along = np.ones((1, 1, margin), dtype=bool)
    bridged = ndimage.binary_closing(wall, along) | ndimage.binary_closing(wall, along.transpose(0, 2, 1))
    flat = ndimage.generate_binary_structure(3, 1)
    flat[[0, 2]] = False
    pieces = ndimage.label(~bridged, flat)[0]
    inside: Ink = pieces != pieces[:, :1, :1]
    return inside[:, margin:-margin, margin:-margin]


def corners_of(room: Ink, count: int) -> Ints:
    """The corners of each room (n, H, W), clockwise: (n, count, 2), -1 where a room has another number of them."""
    found = np.full((len(room), count, 2), -1, dtype=np.int64)
    inside = np.pad(room, ((0, 0), (1, 1), (1, 1))).astype(np.int64)
    four = inside[:, :-1, :-1] + inside[:, :-1, 1:] + inside[:, 1:, :-1] + inside[:, 1:, 1:]
    turns = (four == 1) | (four == 3)  # where the outline turns, in whole steps between pixels
    good = np.flatnonzero(turns.sum(axis=(1, 2)) == count)
    if not good.size:
        return found
    _, y, x = (axis.reshape(-1, count) for axis in np.nonzero(turns[good]))
    # sorted by rows, each turn and the next one or the one before are the ends of a horizontal wall; so by columns
    by_column = np.lexsort((y, x), axis=1)
    along_row = np.arange(count) ^ 1
    along_column = np.empty_like(by_column)
    np.put_along_axis(along_column, by_column, by_column[:, along_row], axis=1)
    every = np.arange(len(good))
    way = [np.zeros(len(good), dtype=np.int64)]  # the first turn of all is the leftmost of the topmost row
    for step in range(count - 1):
        way.append(along_row[way[-1]] if step % 2 == 0 else along_column[every, way[-1]])
    order = np.stack(way, axis=1)
    outline = np.stack([np.take_along_axis(x, order, axis=1), np.take_along_axis(y, order, axis=1)], axis=2)
    found[good] = corner_pixels(outline)
    return found


def rule(X: Array, *, count: int) -> Array:
    """The oracle's rule."""
    return corners_of(room(X), count).reshape(len(X), -1)


def make(name: str, member: str, values: dict[str, Any]) -> Task:
    """Build `plans/corners`."""
    return Task(
        name=name,
        about=FAMILY.members[member],
        load=partial(load, values),
        whole=True,
        make_oracle=partial(RuleOracle, partial(rule, count=CORNERS[values["shape"]])),
        train=values["train"],
    )


FAMILY = TaskFamily(
    name="plans",
    about="synthetic floor plans: grey images of one room",
    members={"corners": "the corners of the outer wall, clockwise from the top left one"},
    make=make,
    options=OPTIONS,
)
