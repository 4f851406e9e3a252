"""Points of hard masks by bits: 64 pixels a word, so that finding the first ink is finding the lowest bit.

Each image is packed in one pass over its memory, which compilers turn into a few vector instructions a word. What
follows works on 1/32 of the data. Import this only where it is used: it brings numba along.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import uint64
from numpy.typing import NDArray

from spoton.layers._jit import jit

Words = NDArray[np.uint64]
ONE, ALL = uint64(1), uint64(2**64 - 1)
# (bits of a half, its mask): halving finds a bit in six steps
HALVES = tuple((uint64(n), uint64(2**n - 1)) for n in (32, 16, 8, 4, 2, 1))


@jit
def _lowest(word: Any) -> Any:
    at = 0
    for half, mask in HALVES:
        if word & mask == 0:
            at += int(half)
            word >>= half
    return at


@jit
def _highest(word: Any) -> Any:
    at = 0
    for half, _ in HALVES:
        if word >> half:
            at += int(half)
            word >>= half
    return at


@jit
def _at_or_after(bits: Words, at: int) -> Any:
    """Position of the first bit that is set, from `at` on; there has to be one."""
    k = at >> 6
    word = bits[k] & (ALL << uint64(at & 63))
    while word == 0:
        k += 1
        word = bits[k]
    return 64 * k + _lowest(word)


@jit
def _at_or_before(bits: Words, at: int) -> Any:
    """Position of the last bit that is set, up to `at`; there has to be one."""
    k = at >> 6
    word = bits[k] & (ALL >> uint64(63 - (at & 63)))
    while word == 0:
        k -= 1
        word = bits[k]
    return 64 * k + _highest(word)


@jit
def _pack(flat: NDArray[Any], begin: int, size: int, bits: Words) -> None:
    """Bits of the pixels from `begin` on: set where a pixel is positive."""
    words = (size + 63) // 64
    whole = min(words, (len(flat) - begin) // 64)  # the last word of an image may reach into the next one
    for k in range(whole):
        block = flat[begin + 64 * k : begin + 64 * k + 64]
        word = uint64(0)
        for j in range(64):  # a constant range: this loop becomes vector instructions
            word |= uint64(block[j] > 0) << uint64(j)
        bits[k] = word
    if whole < words:
        block = flat[begin + 64 * whole :]
        word = uint64(0)
        for j in range(len(block)):
            word |= uint64(block[j] > 0) << uint64(j)
        bits[whole] = word
    bits[words - 1] &= ALL >> uint64(64 * words - size)


@jit
def _columns(bits: Words, width: int, top: int, bottom: int, columns: Words) -> None:
    """All rows laid over each other."""
    columns[:] = 0
    for y in range(top, bottom + 1):
        for j in range(len(columns)):
            at = y * width + 64 * j
            k, shift = at >> 6, uint64(at & 63)
            # two shifts, as a shift by 64 is undefined
            columns[j] |= (bits[k] >> shift) | (bits[k + 1] << ONE << (uint64(63) - shift))
    columns[-1] &= ALL >> uint64(64 * len(columns) - width)


@jit
def _next_in_column(bits: Words, width: int, x: int, y: int, step: int) -> Any:
    """The first row from y on, down or up, with ink in column x; there has to be one."""
    at = y * width + x
    while (bits[at >> 6] >> uint64(at & 63)) & ONE == 0:
        at += step * width
    return at // width


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
    size = height * width
    flat = images.reshape(-1)
    bits = np.zeros((size + 63) // 64 + 1, np.uint64)
    columns = np.zeros((width + 63) // 64, np.uint64)
    found = np.zeros(12, np.int64)
    for i in range(n):
        _pack(flat, i * size, size, bits)
        bits[-1] = ONE  # so that an empty image ends the search
        first = _at_or_after(bits, 0)
        bits[-1] = 0
        if first >= size:
            out[i] = none
            continue
        last = _at_or_before(bits, size - 1)
        top, bottom = first // width, last // width
        _columns(bits, width, top, bottom, columns)
        left, right = _at_or_after(columns, 0), _at_or_before(columns, width - 1)
        found[0] = top
        found[1] = first - top * width
        found[2] = _at_or_before(bits, top * width + right) - top * width
        found[3] = bottom
        found[4] = _at_or_after(bits, bottom * width + left) - bottom * width
        found[5] = last - bottom * width
        found[6] = left
        found[7] = _next_in_column(bits, width, left, top, 1)
        found[8] = _next_in_column(bits, width, left, bottom, -1)
        found[9] = right
        found[10] = _next_in_column(bits, width, right, top, 1)
        found[11] = _next_in_column(bits, width, right, bottom, -1)
        for j in range(len(order)):
            out[i, j] = found[order[j]]
