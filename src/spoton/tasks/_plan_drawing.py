"""How one floor plan is drawn: an outline, its wall, doors, windows, furniture, and what is written beside it.

An outline is a closed way around a room, clockwise as the image is seen, with the room on its right; its turns are
whole steps between pixels: (x, y) is the top left corner of pixel (x, y), and not its centre.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from spoton.data import Array
from spoton.ink import Ink, Ints

CORNERS = {"rect": 4, "l": 6, "t": 8, "u": 8}
WIDEST = 7  # of doors and windows
THICKEST = 3  # wall
NOTCH = WIDEST + 1  # what is outside between walls is wider than a door
ARM = WIDEST + 1 + 2 * THICKEST  # and what is inside
SMALLEST = 36  # side of the box around a room
FAINT = (3, 6)  # contrast of what is drawn faintly, in eighths of the wall's

Random = np.random.RandomState


def draw(random: Random, low: int, high: int) -> int:
    """A random whole number from `low` to `high`, both included; on any machine the same."""
    return int(random.randint(low, high + 1, dtype=np.int64))


def faint(random: Random) -> int:
    """A contrast that is not the wall's."""
    return draw(random, *FAINT)


def cut(random: Random, total: int, least: Sequence[int]) -> list[int]:
    """`total` cut at random into parts that are not smaller than `least`."""
    spare = total - sum(least)
    ends = sorted(draw(random, 0, spare) for _ in least[1:])
    return [size + b - a for size, a, b in zip(least, [0, *ends], [*ends, spare], strict=True)]


def outline_of(random: Random, shape: str, size: int) -> Ints:
    """A random outline on a canvas of `size` pixels a side, one pixel or more from its border: (K, 2)."""
    low, high = max(SMALLEST, size * 9 // 16), size * 13 // 16
    w, h = draw(random, low, high), draw(random, low, high)
    x, y = cut(random, w, [ARM, NOTCH]), cut(random, h, [ARM, NOTCH])
    turns = [(0, 0), (w, 0), (w, h), (0, h)]
    if shape == "l":
        turns = [(0, 0), (x[0], 0), (x[0], y[1]), (w, y[1]), (w, h), (0, h)]
    elif shape == "t":
        a, stem, _ = cut(random, w, [NOTCH, ARM, NOTCH])
        turns = [(0, 0), (w, 0), (w, y[0]), (a + stem, y[0]), (a + stem, h), (a, h), (a, y[0]), (0, y[0])]
    elif shape == "u":
        a, gap, _ = cut(random, w, [ARM, NOTCH, ARM])
        turns = [(0, 0), (w, 0), (w, h), (a + gap, h), (a + gap, y[0]), (a, y[0]), (a, h), (0, h)]
    outline = np.array(turns, dtype=np.int64)
    for axis, most in enumerate((w, h)):
        if draw(random, 0, 1):  # a mirror image, gone around the other way
            outline[:, axis] = most - outline[:, axis]
            outline = outline[::-1]
    if draw(random, 0, 1):
        outline = outline[::-1, ::-1]
    box = outline.max(axis=0)
    outline = outline + np.array([draw(random, 1, size - 1 - int(side)) for side in box])
    first = np.lexsort((outline[:, 0], outline[:, 1]))[0]
    return np.roll(outline, -first, axis=0)


def inward(steps: Ints) -> Ints:
    """The direction to the right of each direction (..., 2): where the room is."""
    return np.stack([-steps[..., 1], steps[..., 0]], axis=-1)


def corner_pixels(outline: Ints) -> Ints:
    """The pixels of the wall at the turns of outlines (..., K, 2): at each the one on the right of both its sides."""
    ahead = np.sign(np.roll(outline, -1, axis=-2) - outline)
    side = inward(ahead) + inward(np.roll(ahead, 1, axis=-2))
    return outline - (side < 0)


def filled(outline: Ints, size: int) -> Ink:
    """The room inside an outline, (size, size)."""
    room = np.zeros((size, size), dtype=bool)
    for (x, y), (x2, y2) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if x == x2:  # right of two vertical sides is outside again
            room[min(y, y2) : max(y, y2), x:] ^= True
    return room


def shrunk(room: Ink, by: int) -> Ink:
    """The pixels that are further than `by` pixels from the outside, diagonals included."""
    found: Ink = ndimage.binary_erosion(room, np.ones((3, 3), dtype=bool), iterations=by)
    return found


def plan(random: Random, shape: str, size: int, ink: str, plain: bool) -> tuple[Array, Ints]:
    """One plan, (size, size) uint8, and its corners (K, 2) as (x, y) in frame `px`."""
    outline = outline_of(random, shape, size)
    room = filled(outline, size)
    thick = draw(random, 1, THICKEST)
    inside = shrunk(room, thick)
    shade = np.zeros((size, size), dtype=np.int64)  # in eighths of the wall's contrast
    shade[room & ~inside] = 8
    if not plain:
        openings(random, shade, outline, thick)
        furniture(random, shade, shrunk(inside, 1))
        beside(random, shade, ~ndimage.binary_dilation(room, np.ones((3, 3), dtype=bool), iterations=2), outline)
    paper, wall = draw(random, 0, 55), draw(random, 195, 255)
    if ink == "dark" or (ink == "any" and draw(random, 0, 1)):
        paper, wall = 255 - paper, 255 - wall
    return (paper + (wall - paper) * shade // 8).astype(np.uint8), corner_pixels(outline)


def openings(random: Random, shade: Array, outline: Ints, thick: int) -> None:
    """One or two doors, some with an open leaf, and up to two windows: each in a wall of its own, off its corners."""
    doors = draw(random, 1, 2)
    for i, k in enumerate(random.permutation(len(outline))[: doors + draw(random, 0, 2)]):
        start, step = outline[k], outline[(k + 1) % len(outline)] - outline[k]
        length, ahead = int(np.abs(step).max()), np.sign(step)
        wide, keep = draw(random, 5, WIDEST), thick + 2
        if length < wide + 2 * keep:
            continue
        right = inward(ahead)
        hinge = start + draw(random, keep, length - keep - wide) * ahead
        shade[between(hinge, hinge + wide * ahead + thick * right)] = 0 if i < doors else faint(random)
        if i < doors and draw(random, 0, 1):
            leaf = hinge + thick * right
            shade[between(leaf, leaf + ahead + wide * right)] = faint(random)


def between(one: Ints, other: Ints) -> tuple[slice, slice]:
    """The pixels of the rectangle between two opposite corners, as (rows, columns)."""
    (left, top), (right, bottom) = np.minimum(one, other), np.maximum(one, other)
    return slice(top, bottom), slice(left, right)


def furniture(random: Random, shade: Array, free: Ink) -> None:
    """Up to four tables, round and square, filled or drawn by their edge: off the walls, and off each other."""
    free = free & (shade == 0)
    for _ in range(draw(random, 1, 4)):
        h, w = draw(random, 4, 9), draw(random, 4, 9)
        found = spot(random, free, h, w)
        if found is None:
            continue
        rows, columns = found
        shape = np.ones((h, w), dtype=bool)
        if draw(random, 0, 1):
            y, x = np.ogrid[:h, :w]
            # an ellipse in whole numbers: every machine draws the same
            shape = ((2 * x - w + 1) * h) ** 2 + ((2 * y - h + 1) * w) ** 2 <= (w * h) ** 2
        if draw(random, 0, 1):
            shape &= ~ndimage.binary_erosion(shape)
        shade[rows, columns][shape] = 8 if draw(random, 0, 4) == 0 else faint(random)
        free[max(rows.start - 2, 0) : rows.stop + 2, max(columns.start - 2, 0) : columns.stop + 2] = False


def beside(random: Random, shade: Array, free: Ink, outline: Ints) -> None:
    """Outside: a line with ticks as long as the room, where there is space for it, and up to two words."""
    free[[0, -1]] = free[:, [0, -1]] = False  # the corner of the image stays paper
    if draw(random, 0, 1):
        shade, free, outline = shade.T, free.T, outline[:, ::-1]
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    above = top - 6 if draw(random, 0, 1) else bottom + 3
    line = slice(max(above, 0), above + 3), slice(left, right)
    grey = faint(random)
    if free[line].shape == (3, right - left) and free[line].all():
        shade[line][1] = shade[line][:, [0, -1]] = grey
        free[line] = False
    for _ in range(draw(random, 0, 2)):
        word = spot(random, free, draw(random, 3, 5), draw(random, 6, 14))
        if word:
            letters = random.randint(0, 2, size=free[word].shape, dtype=np.int64)
            letters[:, 3::4] = 0  # blanks between letters
            shade[word] = letters * faint(random)
            free[word] = False


def spot(random: Random, free: Ink, height: int, width: int) -> tuple[slice, slice] | None:
    """A random rectangle of free pixels, as (rows, columns); None where there is none."""
    sums = np.zeros((free.shape[0] + 1, free.shape[1] + 1), dtype=np.int64)
    sums[1:, 1:] = free.cumsum(axis=0).cumsum(axis=1)
    counts = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    places = np.argwhere(counts == height * width)
    if not len(places):
        return None
    top, left = places[draw(random, 0, len(places) - 1)]
    return slice(top, top + height), slice(left, left + width)
