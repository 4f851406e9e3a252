"""Expected points of soft masks in one pass over each line, forward and backward, for CPUs and float32.

A line is a row or a column, m its chances of ink and q = 1 - m. Going along it, four numbers are kept: the chance that
all was blank so far, the chance that the first ink was met, the sum of k P(first ink at k), and the sum of
k P(last ink at k), which each pixel renews: last <- last q + k m. Nothing is divided and nothing cancels, so underflow
does no harm. The backward pass goes forth and back along each line, and keeps nothing of the image's size.

`LANES` neighbouring lines go side by side through vector instructions. So a strip of lines is first copied to a tile,
step by step: LANES values of m, of q, and two more planes for the backward pass; rows are turned on the way. All in one
flat array, since compilers trust that its planes do not overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from spoton.layers._jit import jit
from spoton.layers._powers import LOG2_E, power_of_two

Floats = NDArray[np.float32]
LANES = 32
P1, P2, P3, P4 = LANES, 2 * LANES, 3 * LANES, 4 * LANES  # where the planes of a step or of the lanes begin


@jit
def _load(tile: Floats, z: Floats, start: int, turned: bool) -> Any:
    """Chances in the columns, or in the rows where `turned`, from `start` on, to the tile; how many lines there are."""
    height, width = z.shape
    count = min(LANES, (height if turned else width) - start)
    if turned:
        last = height - 1
        for j in range(0, count, 4):  # four rows at a time, for one wide write; a row too many does no harm
            a, b = z[start + j], z[min(start + j + 1, last)]
            c, d = z[min(start + j + 2, last)], z[min(start + j + 3, last)]
            for k in range(width):
                four = tile[k * P4 + j : k * P4 + j + 4]
                four[0], four[1], four[2], four[3] = a[k], b[k], c[k], d[k]
    else:
        for k in range(height):
            line = z[k, start : start + count]
            step = tile[k * P4 : (k + 1) * P4]
            for j in range(count):
                step[j] = line[j]
    for k in range(width if turned else height):
        step = tile[k * P4 : (k + 1) * P4]
        for j in range(LANES):
            ink = step[j] >= 0
            small = power_of_two((-step[j] if ink else step[j]) * LOG2_E)
            large = float32(1) / (float32(1) + small)
            small *= large
            step[j] = large if ink else small
            step[P1 + j] = small if ink else large
    return count


@jit
def _sums(tile: Floats, lanes: Floats, size: int) -> None:
    """Planes of `lanes`: blank, some, first, last."""
    for j in range(LANES):  # loops, as assigning to slices takes as long as dozens of pixels
        lanes[j], lanes[P1 + j], lanes[P2 + j], lanes[P3 + j] = float32(1), float32(0), float32(0), float32(0)
    for k in range(size):
        at = float32(k)
        step = tile[k * P4 : (k + 1) * P4]
        for j in range(LANES):
            here = lanes[j] * step[j]
            lanes[P1 + j] += here
            lanes[P2 + j] += here * at
            lanes[P3 + j] = lanes[P3 + j] * step[P1 + j] + step[j] * at
            lanes[j] *= step[P1 + j]


@jit
def _slopes(tile: Floats, lanes: Floats, size: int) -> None:
    """Gradient by the logits, to plane 2 of the tile, given the slopes by blank, first, last in `lanes` 0, 1, 2.

    A pixel moves the expected first by P(blank before) m q (k - the first after it), the last likewise.
    """
    for j in range(LANES):
        lanes[P3 + j], lanes[P4 + j] = lanes[P1 + j], float32(0)
    for k in range(size):
        at = float32(k)
        step = tile[k * P4 : (k + 1) * P4]
        for j in range(LANES):
            blank, last = lanes[P3 + j], lanes[P4 + j]
            step[P2 + j] = blank
            step[P3 + j] = at - last
            lanes[P3 + j] = blank * step[P1 + j]
            lanes[P4 + j] = last * step[P1 + j] + step[j] * at
    for j in range(LANES):
        lanes[P3 + j], lanes[P4 + j] = lanes[P2 + j], float32(0)
    for i in range(size):
        k = size - 1 - i
        at = float32(k)
        step = tile[k * P4 : (k + 1) * P4]
        for j in range(LANES):
            blank, first = lanes[P3 + j], lanes[P4 + j]
            slope = step[P2 + j] * (at - first) + blank * step[P3 + j]
            step[P2 + j] = step[j] * (step[P1 + j] * slope + lanes[j])
            lanes[P3 + j] = blank * step[P1 + j]
            lanes[P4 + j] = first * step[P1 + j] + step[j] * at


@jit
def _across(sums: Floats, none: Any, out: Floats) -> None:
    """From the lines' sums, seen from either side: the first line with ink, and the ends of the ink in it."""
    blank = float32(1)
    side, first, last = float32(0), float32(0), float32(0)
    far_side, far_first, far_last = none, none, none
    for y in range(sums.shape[1]):
        here = sums[1, y] * float32(y)
        side += blank * here
        first += blank * sums[2, y]
        last += blank * sums[3, y]
        far_side = far_side * sums[0, y] + here
        far_first = far_first * sums[0, y] + sums[2, y]
        far_last = far_last * sums[0, y] + sums[3, y]
        blank *= sums[0, y]
    out[0], out[1], out[2] = side + blank * none, first + blank * none, last + blank * none
    out[3], out[4], out[5] = far_side, far_first, far_last


@jit
def _across_slopes(sums: Floats, none: Any, grad: Floats, slopes: Floats) -> None:
    """Slopes by each line's chance to be blank (times that chance), first and last, written to `slopes`.

    Rows 3 to 6 are for work. Both sides go at once, as their sums do not wait for each other.
    """
    size = sums.shape[1]
    before, far_before = float32(1), float32(1)
    side, first, last = none, none, none  # as seen from the line on
    far_side, far_first, far_last = none, none, none
    for k in range(size):
        back = np.uint64(size - 1 - k)
        slopes[3, k] = before
        slopes[4, back] = far_before
        before *= sums[0, k]
        far_before *= sums[0, back]
    for k in range(size):
        back = np.uint64(size - 1 - k)
        slopes[5, back] = grad[0] * (float32(back) - side) - grad[1] * first - grad[2] * last
        slopes[6, k] = grad[3] * (float32(k) - far_side) - grad[4] * far_first - grad[5] * far_last
        side = side * sums[0, back] + sums[1, back] * float32(back)
        first = first * sums[0, back] + sums[2, back]
        last = last * sums[0, back] + sums[3, back]
        far_side = far_side * sums[0, k] + sums[1, k] * float32(k)
        far_first = far_first * sums[0, k] + sums[2, k]
        far_last = far_last * sums[0, k] + sums[3, k]
    for k in range(size):
        slopes[0, k] = sums[0, k] * (slopes[3, k] * slopes[5, k] + slopes[4, k] * slopes[6, k])
        slopes[1, k] = slopes[3, k] * grad[1] + slopes[4, k] * grad[4]
        slopes[2, k] = slopes[3, k] * grad[2] + slopes[4, k] * grad[5]


@jit
def expected_points(z: Floats, none: Any, sums: Floats, out: Floats) -> None:
    """The twelve expected coordinates of each image.

    Args:
        z: logits of ink (n, H, W), contiguous.
        none: the coordinate where there is no ink, a float32.
        sums: (n, 4, H + W), written to: what the backward pass needs.
        out: (n, 12), written to, in the order of `spoton.layers._twelve`.
    """
    n, height, width = z.shape
    tile = np.zeros(max(height, width) * P4, np.float32)
    lanes = np.zeros(P4, np.float32)
    for i in range(n):
        for turned in (True, False):
            offset = 0 if turned else height
            for start in range(0, height if turned else width, LANES):
                count = _load(tile, z[i], start, turned)
                _sums(tile, lanes, width if turned else height)
                for c in range(4):
                    line = sums[i, c, offset + start :]
                    for j in range(count):
                        line[j] = lanes[c * P1 + j]
        _across(sums[i, :, :height], none, out[i, :6])
        _across(sums[i, :, height:], none, out[i, 6:])


@jit
def expected_points_backward(z: Floats, none: Any, sums: Floats, grad: Floats, out: Floats) -> None:
    """The gradient of `expected_points` by the logits.

    Args:
        z, none, sums: as there.
        grad: (n, 12).
        out: (n, H, W), written to.
    """
    n, height, width = z.shape
    tile = np.zeros(max(height, width) * P4, np.float32)
    lanes = np.zeros(5 * LANES, np.float32)
    slopes = np.zeros((7, height + width), np.float32)
    for i in range(n):
        _across_slopes(sums[i, :, :height], none, grad[i, :6], slopes[:, :height])
        _across_slopes(sums[i, :, height:], none, grad[i, 6:], slopes[:, height:])
        for turned in (False, True):
            offset = 0 if turned else height
            for start in range(0, height if turned else width, LANES):
                count = _load(tile, z[i], start, turned)
                for c in range(3):
                    line = slopes[c, offset + start :]
                    for j in range(count):
                        lanes[c * P1 + j] = line[j]
                _slopes(tile, lanes, width if turned else height)
                _store(tile, out[i], start, count, turned)


@jit
def _store(tile: Floats, out: Floats, start: int, count: int, turned: bool) -> None:
    """Plane 2 of the tile: columns come first and are copied, rows are added."""
    height, width = out.shape
    if turned:
        whole = count - count % 4
        for j in range(0, whole, 4):
            a, b, c, d = out[start + j], out[start + j + 1], out[start + j + 2], out[start + j + 3]
            for k in range(width):
                slope = tile[k * P4 + P2 + j : k * P4 + P2 + j + 4]
                a[k] += slope[0]
                b[k] += slope[1]
                c[k] += slope[2]
                d[k] += slope[3]
        for j in range(whole, count):
            line = out[start + j]
            for k in range(width):
                line[k] += tile[k * P4 + P2 + j]
    else:
        for k in range(height):
            line = out[k, start : start + count]
            step = tile[k * P4 + P2 : k * P4 + P3]
            for j in range(count):
                line[j] = step[j]
