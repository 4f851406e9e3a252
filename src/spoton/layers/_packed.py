"""Points of hard masks by bits: a row of pixels is a word, so that finding the first ink is finding the lowest bit.

Of images up to 64 x 64 each row becomes one word, without a branch that depends on a pixel. Larger ones are packed, 64
pixels a word, in one pass over their memory, and what follows works on 1/32 of the data. Import this only where it is
used: it brings numba along.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import uint64
from numpy.typing import NDArray

from spoton.layers._jit import jit
from spoton.layers._words import LANES, floats_at, highest, lowest, positive, whole_at

Words = NDArray[np.uint64]
ONE, ALL = uint64(1), uint64(2**64 - 1)


@jit
def _word(flat: NDArray[Any], at: int) -> Any:
    """The bits of `LANES` pixels from `at` on, and zeros beyond the last one."""
    start = min(at, len(flat) - LANES)
    return positive(flat, start) >> uint64(at - start)


@jit
def _two(flat: NDArray[Any], at: int, count: int) -> Any:
    """The bits of `count` pixels from `at` on, 64 at most."""
    word = _word(flat, at)
    if count > LANES:
        word |= _word(flat, at + LANES) << uint64(LANES)
    return word & (ALL >> uint64(64 - count))


@jit
def _first(words: Words, edge: int) -> Any:
    """The first pixel of a row, or of several laid over each other, that is ink; there has to be one."""
    k = 0
    while words[k] == 0:
        k += 1
    return min(64 * k, edge) + lowest(words[k])


@jit
def _last(words: Words, edge: int) -> Any:
    """The last pixel likewise."""
    k = len(words) - 1
    while words[k] == 0:
        k -= 1
    return min(64 * k, edge) + highest(words[k])


@jit
def _in_column(rows: Words, edge: int, x: int, y: int, step: int) -> Any:
    """The first row from y on, down or up, with ink in column x; there has to be one."""
    word = x >> 6
    bit = ONE << uint64(x - min(64 * word, edge))
    while rows[y, word] & bit == 0:
        y += step
    return y


@jit
def _small(flat: NDArray[Any], begin: int, height: int, width: int, rows: Any, found: NDArray[Any]) -> bool:
    """The twelve coordinates of the image at `begin`, of 64 x 64 pixels at most; False where there is no ink."""
    columns, filled = uint64(0), uint64(0)
    for y in range(height):
        word = _two(flat, begin + y * width, width)
        rows[y] = word
        columns |= word
        filled |= uint64(word != 0) << uint64(y)
    if columns == 0:
        return False
    top, bottom, left, right = lowest(filled), highest(filled), lowest(columns), highest(columns)
    in_left, in_right = uint64(0), uint64(0)
    for y in range(height):
        in_left |= ((rows[y] >> uint64(left)) & ONE) << uint64(y)
        in_right |= ((rows[y] >> uint64(right)) & ONE) << uint64(y)
    found[0], found[1], found[2] = top, lowest(rows[top]), highest(rows[top])
    found[3], found[4], found[5] = bottom, lowest(rows[bottom]), highest(rows[bottom])
    found[6], found[7], found[8] = left, lowest(in_left), highest(in_left)
    found[9], found[10], found[11] = right, lowest(in_right), highest(in_right)
    return True


@jit
def _large(flat: NDArray[Any], begin: int, height: int, width: int, rows: Words, columns: Words, found: Any) -> bool:
    """The same for an image of any size."""
    columns[:] = 0
    edge = max(width - 64, 0)  # the last word of a row ends with the row, and may overlap the one before
    top, bottom = -1, -1
    for y in range(height):
        row, any_ink = rows[y], uint64(0)
        for j in range(len(columns)):
            at = begin + y * width + min(64 * j, edge)
            if width < 64:
                word = _two(flat, at, width)
            else:
                word = positive(flat, at) | (positive(flat, at + LANES) << uint64(LANES))
            row[j] = word
            columns[j] |= word
            any_ink |= word
        if any_ink:
            top = y if top < 0 else top
            bottom = y
    if top < 0:
        return False
    left, right = _first(columns, edge), _last(columns, edge)
    found[0], found[1], found[2] = top, _first(rows[top], edge), _last(rows[top], edge)
    found[3], found[4], found[5] = bottom, _first(rows[bottom], edge), _last(rows[bottom], edge)
    found[6], found[7], found[8] = left, _in_column(rows, edge, left, top, 1), _in_column(rows, edge, left, bottom, -1)
    found[9], found[10], found[11] = (
        right,
        _in_column(rows, edge, right, top, 1),
        _in_column(rows, edge, right, bottom, -1),
    )
    return True


@jit
def packed_points(images: NDArray[Any], order: NDArray[np.int64], none: float, out: NDArray[Any]) -> None:
    """Coordinates of the points of hard masks, in pixels.

    Args:
        images: (n, H, W), contiguous, any type of number; positive is ink.
        order: which of the twelve coordinates of `spoton.layers._twelve` each column takes.
        none: what an image without ink gets.
        out: (n, columns), written to.
    """
    n, height, width = images.shape
    flat = images.reshape(-1)
    if len(flat) < LANES:
        few = np.zeros(LANES, images.dtype)
        few[: len(flat)] = flat
        flat = few
    found = np.zeros(12, out.dtype)
    small = width <= 64 and height <= 64
    words = (width + 63) // 64
    rows, columns = np.zeros((height, words), np.uint64), np.zeros(words, np.uint64)
    for i in range(n):
        if small:
            inked = _small(flat, i * height * width, height, width, rows[:, 0], found)
        else:
            inked = _large(flat, i * height * width, height, width, rows, columns, found)
        if inked:
            for j in range(len(order)):
                out[i, j] = found[order[j]]
        else:
            out[i] = none


@jit
def packed_points_at(
    images: int, n: int, height: int, width: int, order: int, columns: int, none: float, out: int
) -> None:
    """`packed_points` of arrays given by their addresses: making arrays of tensors takes as long as a dozen images."""
    packed_points(
        floats_at(images, n * height * width).reshape(n, height, width),
        whole_at(order, columns),
        none,
        floats_at(out, n * columns).reshape(n, columns),
    )
